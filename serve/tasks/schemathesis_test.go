package tasks_test

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/tasks"
)

// RECUR_SCHEMATHESIS is the program st of schemathesis (pip install schemathesis==4.32.5), which
// makes requests of the document, good and bad, and checks the answers against it.
func TestSchemathesis(t *testing.T) {
	st := os.Getenv("RECUR_SCHEMATHESIS")
	if st == "" {
		t.Skip("RECUR_SCHEMATHESIS names no program")
	}
	var mu sync.Mutex
	failed := map[string]error{}
	s := serve.New(serve.Options{OnCall: func(ctx context.Context, c *serve.Call) (context.Context, func(serve.Result)) {
		return ctx, func(r serve.Result) {
			if r.Status == 500 {
				mu.Lock()
				failed[c.Method+" "+c.Path] = r.Err
				mu.Unlock()
			}
		}
	}})
	for _, p := range all() {
		if err := s.Add(open(t, p, tasks.Options{Window: 24})); err != nil {
			t.Fatal(err)
		}
	}
	tasks.Handle(s)
	web := httptest.NewServer(s)
	defer web.Close()
	cmd := exec.Command(st, "run", web.URL+"/openapi.json", "--seed", "1", "--max-examples", "25", "--phases", "examples,fuzzing",
		"--checks", "response_schema_conformance,content_type_conformance,status_code_conformance",
		"--exclude-path-regex", "(stream|frames)$")
	cmd.Dir = t.TempDir() // it keeps what it has found there
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("schemathesis: %v", err)
	}
	t.Logf("%s", out)
	for call, err := range failed {
		t.Errorf("%s: 500 %v", call, err)
	}
}
