package onnx_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/internal/fixture"
)

// unpack unpacks a .tar.gz into a folder of the test.
func unpack(t *testing.T, path string) string {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil || !filepath.IsLocal(h.Name) {
			t.Fatal(h, err)
		}
		to := filepath.Join(dir, h.Name)
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// ONNX's own tests of its operators: none may fail, and all of recurrence pass.
func TestNodes(t *testing.T) {
	dir := unpack(t, fixture.Path(t, "fixtures/onnx-node-tests.tar.gz"))
	cases, err := onnx.Check(context.Background(), dir, onnx.DefaultTolerance, nil)
	if err != nil {
		t.Fatal(err)
	}
	count := map[onnx.Status]int{}
	worst := 0.0
	for _, c := range cases {
		count[c.Status]++
		name := strings.TrimPrefix(filepath.Base(c.Name), "test_")
		switch c.Status {
		case onnx.Fail:
			t.Errorf("%s: %s", name, c.Reason)
		case onnx.Unsupported:
			t.Logf("%s: %s", name, c.Reason)
			for _, op := range []string{"rnn", "simple_rnn", "lstm", "gru", "scan", "loop", "if"} {
				if name == op || strings.HasPrefix(name, op+"_") {
					t.Errorf("%s has to pass", name)
				}
			}
		case onnx.Pass:
			worst = max(worst, c.MaxDiff)
		}
	}
	t.Logf("%d cases: %v, largest difference %.2g", len(cases), count, worst)
	if len(cases) < 950 || count[onnx.Pass]*100 < 80*len(cases) {
		t.Errorf("%d of %d pass", count[onnx.Pass], len(cases))
	}
}
