package onnx_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/recur-go/recur/interchange/onnx"
)

// What ONNX Runtime computes from the models of testdata, which make_onnx.py makes.
func TestModels(t *testing.T) {
	cases, err := onnx.Check(context.Background(), "testdata/models", onnx.Tolerance{Rel: 1e-5, Abs: 1e-6}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Logf("%s: %s, largest difference %.2g", c.Name, c.Status, c.MaxDiff)
		if c.Status != onnx.Pass {
			t.Errorf("%s: %s", c.Name, c.Reason)
		}
	}
	if len(cases) < 30 {
		t.Errorf("%d models", len(cases))
	}
}

// A folder may have marks of a pattern in its name.
func TestCheckReadsAnyFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run[1]")
	if err := os.CopyFS(dir, os.DirFS("testdata/models/bitxor")); err != nil {
		t.Fatal(err)
	}
	cases, err := onnx.Check(context.Background(), dir, onnx.DefaultTolerance, nil)
	if err != nil || len(cases) != 1 || cases[0].Status != onnx.Pass {
		t.Errorf("%v, %v", cases, err)
	}
}
