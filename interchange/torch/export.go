package torch

import (
	"fmt"
	"io"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
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

// An ExportError tells which layer PyTorch has no module for, and why.
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
	forward []string // and of forward
	values  map[string]string
	n       int // of modules
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

// cell keeps the weights of one layer of an RNN, LSTM or GRU in one direction.
func (e *exporter) cell(module, suffix, prefix string, bias bool, gru bool) {
	for _, names := range [][2]string{{".wx", "weight_ih"}, {".wh", "weight_hh"}, {".wp", "weight_hr"}} {
		if e.params[prefix+names[0]] != nil {
			data, dims := e.turned(prefix + names[0])
			e.add(module+"."+names[1]+suffix, data, dims...)
		}
	}
	if !bias {
		return
	}
	n := e.params[prefix+".wh"].Dim(1)
	b := make([]float32, n)
	if e.params[prefix+".b"] != nil {
		b = e.straight(prefix + ".b")
	}
	e.add(module+".bias_ih"+suffix, b, n)
	second := make([]float32, n)
	if gru { // the second bias of n lies within the reset, the others add up
		bn := e.straight(prefix + ".bn")
		copy(second[n-len(bn):], bn)
	}
	e.add(module+".bias_hh"+suffix, second, n)
}

// A layerOf is a cell as a layer of nn.RNN, nn.LSTM or nn.GRU.
type layerOf struct {
	class, options string
	hidden, proj   int
	bias, gru      bool
	states         int
}

// layer tells what PyTorch calls a cell.
func (e *exporter) layer(c graph.Cell) (l layerOf, err error) {
	refuse := func(what string) (layerOf, error) { return l, fmt.Errorf("PyTorch has no %s", what) }
	plain := func(a, usual rnn.Activation) bool { return a == rnn.Activation{} || a == usual }
	switch o := c.(type) {
	case *graph.Basic:
		l = layerOf{class: "RNN", hidden: o.Hidden, bias: !o.NoBias, states: 1}
		switch {
		case plain(o.Activation, rnn.Tanh):
		case o.Activation == rnn.ReLU:
			l.options = `, nonlinearity="relu"`
		default:
			return refuse(fmt.Sprintf("RNN with %v", o.Activation))
		}
	case *graph.LSTM:
		l = layerOf{class: "LSTM", hidden: o.Hidden, proj: o.Projection, bias: !o.NoBias, states: 2}
		switch {
		case o.Peepholes:
			return refuse("peepholes")
		case o.Coupled:
			return refuse("coupled gates")
		case o.LayerNorm:
			return refuse("layer normalisation within an LSTM")
		case o.Clip > 0 || o.CellClip > 0 || o.ProjClip > 0:
			return refuse("clips")
		case !plain(o.Gate, rnn.Sigmoid) || !plain(o.Cand, rnn.Tanh) || !plain(o.Out, rnn.Tanh):
			return refuse("LSTM with other activations")
		case o.Projection >= o.Hidden:
			return refuse("projection as wide as the LSTM")
		}
	case *graph.GRU:
		l = layerOf{class: "GRU", hidden: o.Hidden, bias: true, gru: true, states: 1}
		switch {
		case o.ResetBefore:
			return refuse("GRU that resets before the product")
		case o.Clip > 0:
			return refuse("clips")
		case !plain(o.Gate, rnn.Sigmoid) || !plain(o.Cand, rnn.Tanh):
			return refuse("GRU with other activations")
		}
	default:
		return refuse(fmt.Sprintf("cell like %T", c))
	}
	return l, nil
}
