// Package interchange opens models of any format: those of recur, ONNX, PyTorch,
// Keras and TensorFlow. It knows a file by its contents, imports it (Import), runs
// it (Open), describes it (Describe), and hands models on (Export).
package interchange

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/recur-go/recur/interchange/keras"
	"github.com/recur-go/recur/interchange/tensorflow"
	"github.com/recur-go/recur/interchange/torch"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/model/safetensors"
)

// A fileFormat is a format of models that other systems write.
type fileFormat struct {
	Name string // such as PyTorch
	// Match reports whether a file is of the format. head is its first bytes; it is
	// empty where path names no file, as the prefix of a TensorFlow checkpoint does.
	Match func(path string, head []byte) bool
	// Import makes a model of the file. spec is JSON for what the file lacks, nil
	// if there is none.
	Import func(path string, spec []byte) (*model.Model, error)
}

// formats are tried in order.
var formats = []fileFormat{
	{"Keras", isKeras, keras.Import},
	{"TensorFlow", isTensorFlow, tensorflow.Import},
	{"PyTorch", isTorch, torch.Import},
}

func isKeras(path string, head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK")) && strings.EqualFold(filepath.Ext(path), ".keras") || bytes.HasPrefix(head, []byte("\x89HDF"))
}

// isTensorFlow knows a checkpoint by its index, which path or its prefix names, and a
// SavedModel by the checkpoint in its folder.
func isTensorFlow(path string, _ []byte) bool {
	info, err := os.Stat(tensorflow.Index(path))
	return err == nil && info.Mode().IsRegular()
}

func isTorch(path string, head []byte) bool {
	switch {
	case isSafetensors(head): // whose length may begin with any byte
		return true
	case bytes.HasPrefix(head, []byte("PK")):
		return !strings.EqualFold(filepath.Ext(path), ".keras")
	case len(head) > 1 && head[0] == 0x80 && head[1] <= 5:
		return true
	}
	return false
}

// isSafetensors looks for the length of a header, of 8 bytes, and its beginning.
func isSafetensors(head []byte) bool {
	return len(head) > 8 && head[8] == '{' && string(head[4:8]) == "\x00\x00\x00\x00"
}

// An UnknownError is the error for a file that is of no known format.
type UnknownError struct {
	Path   string
	Packed bool // by gzip
}

func (e *UnknownError) Error() string {
	if e.Packed {
		return fmt.Sprintf("%s: it is compressed with gzip; unpack it first: gunzip -k %s", e.Path, e.Path)
	}
	var names []string
	for _, f := range formats {
		names = append(names, f.Name)
	}
	return fmt.Sprintf("%s: this is not a model file; recur reads its own, ONNX, %s", e.Path, strings.Join(names, ", "))
}

// Is reports whether target is fault.Model.
func (e *UnknownError) Is(target error) bool { return target == fault.Model }

// kind is what a file is.
type kind int

const (
	foreign kind = iota
	recurModel
	onnxModel
)

// identify finds out what the file at path is, and its format if it is foreign.
func identify(path string) (kind, *fileFormat, error) {
	head, err := firstBytes(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, nil, err
	}
	if isSafetensors(head) {
		f, err := safetensors.Open(path)
		if err != nil {
			return 0, nil, err
		}
		defer f.Close()
		if f.Metadata["recur"] != "" {
			return recurModel, nil, nil
		}
	}
	if strings.EqualFold(filepath.Ext(path), ".onnx") || isONNX(head) {
		return onnxModel, nil, err
	}
	for i, f := range formats {
		if f.Match(path, head) {
			return foreign, &formats[i], nil
		}
	}
	if err != nil {
		return 0, nil, err
	}
	return 0, nil, &UnknownError{path, bytes.HasPrefix(head, []byte("\x1f\x8b"))}
}

// isONNX looks for the first field of a model, its IR version, and the second.
func isONNX(head []byte) bool {
	return len(head) > 2 && head[0] == 8 && head[1] > 0 && head[1] < 32 && (head[2] == 0x12 || head[2] == 0x3a || head[2] == 0x42)
}

func firstBytes(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return nil, err
	}
	head := make([]byte, 16)
	n, err := io.ReadFull(f, head)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return head[:n], err
}

// Import makes a model of recur of a file of another system. spec is JSON for
// what the file lacks, nil if there is none: see torch.Spec, tensorflow.Spec and
// keras.Import. A model of ONNX runs as it is, and is not imported so: see Open.
func Import(path string, spec []byte) (*model.Model, error) {
	what, f, err := identify(path)
	switch {
	case err != nil:
		return nil, err
	case what == recurModel:
		return model.Load(path)
	case what == onnxModel:
		return nil, fault.Errorf(fault.Model, "%s: an ONNX model runs as it is and is not imported", path)
	}
	return f.Import(path, spec)
}

// Net is the network of a model as a graph of layers, which can be run, exported and
// streamed: its own if it is one, else what its method Graph gives.
func Net(m *model.Model) (*graph.Net, error) {
	switch n := m.Net.(type) {
	case *graph.Net:
		return n, nil
	case interface{ Graph() (*graph.Net, error) }:
		return n.Graph()
	}
	return nil, fault.Errorf(fault.Model, "a model of kind %q is not a plain graph of layers; use it by its task", m.Kind())
}
