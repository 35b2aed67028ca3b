package onnx_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/tensor"
)

// Whatever the bytes, a model is read or refused with a typed error.
func FuzzRead(f *testing.F) {
	models, err := filepath.Glob("testdata/models/*/model.onnx")
	if err != nil || len(models) == 0 {
		f.Fatalf("no models: %v", err)
	}
	for _, path := range models {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := onnx.Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			mustBeTyped(t, err)
			return
		}
		m.Describe()
	})
}

// Whatever the model, it goes step by step for two rows or is refused.
func FuzzRunner(f *testing.F) {
	f.Add([]byte(convolved().model()))
	f.Add([]byte(mixed(testNode{op: "Softmax", in: []string{"x"}, out: []string{"z"}, attrs: map[string]any{"axis": 0}}).model()))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := onnx.Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, o := range []onnx.RunnerOptions{{}, {Stateless: true, Sizes: map[string]int{"x.1": 3}}} {
			run, err := m.Runner(o)
			if err != nil || run.In() > 1<<16 || run.Out() > 1<<16 {
				continue
			}
			var states [][]tensor.Float
			for _, n := range run.StateSizes() {
				states = append(states, make([]tensor.Float, 2*n))
			}
			if err := run.Step(ctx, 2, make([]tensor.Float, 2*run.In()), make([]tensor.Float, 2*run.Out()), states); err != nil && onnx.Internal(err) {
				t.Fatal(err)
			}
		}
	})
}

// Whatever the bytes, a tensor is read, and then written and read the same, or refused
// with a typed error.
func FuzzReadTensor(f *testing.F) {
	f.Add(onnx.AppendTensor(nil, onnx.NewTensor([]float32{1, 2, 3}, 3), "x"))
	f.Add(onnx.AppendTensor(nil, onnx.NewTensor([]int64{-1, 1 << 40}, 1, 2), ""))
	f.Add(onnx.AppendTensor(nil, onnx.NewTensor([]bool{true}), "b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := onnx.ReadTensor(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			mustBeTyped(t, err)
			return
		}
		written := onnx.AppendTensor(nil, v, "x")
		again, err := onnx.ReadTensor(bytes.NewReader(written), int64(len(written)))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if !bytes.Equal(onnx.AppendTensor(nil, again, "x"), written) {
			t.Fatal("what is read again differs")
		}
	})
}

func mustBeTyped(t *testing.T, err error) {
	var format *onnx.FormatError
	var graph *onnx.GraphError
	var unsupported *onnx.UnsupportedError
	if !errors.As(err, &format) && !errors.As(err, &graph) && !errors.As(err, &unsupported) || onnx.Internal(err) {
		t.Fatalf("%T: %v", err, err)
	}
}
