package torch

import (
	"fmt"
	"io"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/nn"
)

// Export writes the weights of a network to w as safetensors, under the names that
// PyTorch has for them, and returns the Python source of a module that loads them:
//
//	net = Net.load("model.safetensors")
//	outputs, states = net(x, lengths=None, states=None)
//
// with sequences [batch, time, width], or time first if the network is so. What PyTorch
// has no module for gives an *ExportError that names the layer.
func Export(w io.Writer, net *graph.Net) (source string, err error) {
	e := &exporter{net: net, params: map[string]*grad.Var{}}
	for _, p := range nn.Params(net) {
		e.params[p.Name] = p.Var
	}
	if err := e.run(); err != nil {
		return "", err
	}
	if err := safetensors.Write(w, map[string]string{"format": "pt"}, e.tensors); err != nil {
		return "", err
	}
	return e.source(), nil
}

// An ExportError names a layer that PyTorch has no module for, and why.
type ExportError struct{ Layer, Reason string }

func (e *ExportError) Error() string {
	return fmt.Sprintf("torch: layer %q cannot be exported: %s", e.Layer, e.Reason)
}

// Is reports whether target is fault.Model.
func (e *ExportError) Is(target error) bool { return target == fault.Model }

type exporter struct {
	net     *graph.Net
	params  map[string]*grad.Var
	tensors []safetensors.Source
	init    []string // lines of __init__
	forward []string // lines of forward
	values  map[string]string
	n       int // number of modules
	states  int // entries taken so far
}

// add keeps a tensor.
func (e *exporter) add(name string, data []float32, dims ...int) {
	e.tensors = append(e.tensors, safetensors.From(name, data, dims...))
}

// straight is a parameter as it lies.
func (e *exporter) straight(param string) []float32 {
	p := e.params[param].Value
	data := make([]float32, len(p.Data))
	for i, v := range p.Data {
		data[i] = float32(v)
	}
	return data
}

// turned is a parameter [rows, columns] transposed.
func (e *exporter) turned(param string) (data []float32, dims []int) {
	w := e.params[param]
	rows, cols := w.Dim(0), w.Dim(1)
	data = make([]float32, rows*cols)
	for r := range rows {
		for c := range cols {
			data[c*rows+r] = float32(w.Value.Data[r*cols+c])
		}
	}
	return data, []int{cols, rows}
}
