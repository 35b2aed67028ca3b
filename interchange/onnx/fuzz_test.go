package onnx_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/recur-go/recur/interchange/onnx"
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
