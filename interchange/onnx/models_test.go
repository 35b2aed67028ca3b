package onnx_test

import (
	"context"
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
