package docs_test

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/tasks"
)

var (
	requestLine = regexp.MustCompile(`(?m)^    (.*\bcurl .*|\w+=http.*)$`)
	wantsStatus = regexp.MustCompile(`# (4\d\d)\b`)
)

// The requests of the page are answered as it tells, by the model that recur serve has without
// another, and one that writes. The page in Korean makes the same ones.
func TestServingRequests(t *testing.T) {
	for _, name := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("the requests of docs/serving.md are not made: there is no %s", name)
		}
	}
	airline, err := tasks.Open("../cmd/recur/airline.safetensors", tasks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer airline.Sessions.Close(t.Context())
	words := &serve.Model{Name: "words", Generate: func(_ context.Context, _ serve.Generation, emit func(serve.Piece) error) error {
		return emit(serve.Piece{Text: " upon"})
	}}
	s := serve.New(serve.Options{})
	for _, m := range []*serve.Model{airline, words} {
		if err := s.Add(m); err != nil {
			t.Fatal(err)
		}
	}
	tasks.Handle(s)
	web := httptest.NewServer(s)
	defer web.Close()

	dir := t.TempDir()
	var at []string // what the lines before have set
	requests := 0
	lines := requestLines(t, "docs/serving.md")
	if korean := requestLines(t, "docs/serving.ko.md"); !slices.Equal(uncommented(lines), uncommented(korean)) {
		t.Errorf("the requests of docs/serving.ko.md are %q", korean)
	}
	for _, line := range lines {
		line = strings.ReplaceAll(line, "http://127.0.0.1:8000", web.URL)
		if !strings.Contains(line, "curl ") {
			at = append(at, line)
			continue
		}
		requests++
		cmd := exec.Command("sh", "-c", `curl() { command curl -sS -w '\n%{http_code}' "$@"; }`+"\n"+line)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), at...)
		out, err := cmd.CombinedOutput()
		text := strings.TrimSpace(string(out))
		status, want := text[strings.LastIndexByte(text, '\n')+1:], "2"
		if w := wantsStatus.FindStringSubmatch(line); w != nil {
			want = w[1]
		}
		if err != nil || !strings.HasPrefix(status, want) || strings.Contains(text, `{"error"`) != (want != "2") {
			t.Errorf("%s: %v\n%s", line, err, text)
		}
	}
	if requests < 24 {
		t.Errorf("%d requests", requests)
	}
}

func requestLines(t *testing.T, page string) (all []string) {
	for _, m := range requestLine.FindAllStringSubmatch(read(t, page), -1) {
		all = append(all, m[1])
	}
	return all
}

func uncommented(lines []string) (all []string) {
	for _, l := range lines {
		request, _, _ := strings.Cut(l, " # ")
		all = append(all, strings.TrimSpace(request))
	}
	return all
}

// The answers of the page are those of the model.
func TestServingAnswers(t *testing.T) {
	airline, err := tasks.Open("../cmd/recur/airline.safetensors", tasks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer airline.Sessions.Close(t.Context())
	page := read(t, "docs/serving.md")
	if !strings.Contains(page, `{"steps":3,"y":[[112,112,…],[118,115.13,…],[132,126.85,…]]}`) {
		t.Error("the answer of three steps is not on the page")
	}
	for i, want := range [][2]float64{{112, 112}, {118, 115.13}, {132, 126.85}} {
		y, err := airline.Sessions.Step(t.Context(), "a", 0, nil, []serve.Float{serve.Float(want[0])})
		if err != nil || float64(y[0]) != want[0] || float64(y[1])-want[1] < 0 || float64(y[1])-want[1] > 0.01 {
			t.Errorf("step %d: %v, %v, want %v…", i+1, y[:2], err, want)
		}
	}
}
