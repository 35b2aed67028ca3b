package keras

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// activationName is Keras's name of an activation of a cell.
func activationName(a rnn.Activation) (string, error) {
	for name, b := range map[string]rnn.Activation{
		"tanh": rnn.Tanh, "sigmoid": rnn.Sigmoid, "relu": rnn.ReLU, "linear": rnn.Identity, "softplus": rnn.Softplus, "softsign": rnn.Softsign,
		"hard_sigmoid": hardSigmoid(3), "leaky_relu": rnn.LeakyReLU(0.2), "elu": rnn.ELU(1),
	} {
		if a == b {
			return name, nil
		}
	}
	return "", fmt.Errorf("activation %v is not one of Keras", a)
}

// A cellConfig is a cell of Keras and its weights.
type cellConfig struct {
	class  string // LSTM, to which Cell may be added
	config dict
	width  int
	state  []int
	write  func(at string)
}

// A cellExport is a cell of the graph that is being written. param is the name of its
// parameters, in the width of its input.
type cellExport struct {
	*exporter
	param      string
	in, hidden int
	err        error // the first
}

// exportCells are what cells of the graph become, by the type of their options.
var exportCells = map[reflect.Type]func(x *cellExport, options any) cellConfig{
	reflect.TypeFor[rnn.BasicOptions](): func(x *cellExport, o any) cellConfig { return x.basic(o.(rnn.BasicOptions)) },
	reflect.TypeFor[rnn.LSTMOptions]():  func(x *cellExport, o any) cellConfig { return x.lstm(o.(rnn.LSTMOptions)) },
	reflect.TypeFor[rnn.GRUOptions]():   func(x *cellExport, o any) cellConfig { return x.gru(o.(rnn.GRUOptions)) },
}

// cell is a cell of the graph in Keras.
func (x *exporter) cell(c rnn.Config, param string, in int) (cellConfig, error) {
	write := exportCells[reflect.TypeOf(c.Options)]
	if write == nil {
		return cellConfig{}, fmt.Errorf("a cell %v, which no layer of Keras is made of here", c)
	}
	e := &cellExport{exporter: x, param: param, in: in, hidden: c.Hidden}
	k := write(e, c.Options)
	return k, e.err
}

// named is Keras's name of an activation, whose default is def.
func (x *cellExport) named(a, def rnn.Activation) string {
	name, err := activationName(cmp.Or(a, def))
	x.err = cmp.Or(x.err, err)
	return name
}

// kernels writes the weights of a cell whose kernels are as wide as its gates.
func (x *cellExport) kernels(at string, hidden, gates int, bias bool) {
	x.weight(at, 0, x.values(x.param+".wx"), x.in, gates*hidden)
	x.weight(at, 1, x.values(x.param+".wh"), hidden, gates*hidden)
	if bias {
		x.weight(at, 2, x.values(x.param+".b"), gates*hidden)
	}
}

func (x *cellExport) basic(o rnn.BasicOptions) cellConfig {
	return cellConfig{class: "SimpleRNN", width: x.hidden, state: []int{x.hidden},
		config: dict{"units": x.hidden, "use_bias": !o.NoBias, "activation": x.named(o.Activation, rnn.Tanh)},
		write:  func(at string) { x.kernels(at, x.hidden, 1, !o.NoBias) }}
}

func (x *cellExport) lstm(o rnn.LSTMOptions) cellConfig {
	switch {
	case o.Projection != 0:
		x.err = fmt.Errorf("a projection")
	case o.Peepholes:
		x.err = fmt.Errorf("peepholes")
	case o.Coupled:
		x.err = fmt.Errorf("coupled gates")
	case o.LayerNorm:
		x.err = fmt.Errorf("layer normalisation in a cell")
	case o.Clip != 0 || o.CellClip != 0 || o.ProjClip != 0:
		x.err = fmt.Errorf("a clip")
	case x.named(o.Cand, rnn.Tanh) != x.named(o.Out, rnn.Tanh):
		x.err = cmp.Or(x.err, fmt.Errorf("activations of the candidate and the output that differ"))
	}
	return cellConfig{class: "LSTM", width: x.hidden, state: []int{x.hidden, x.hidden}, config: dict{"units": x.hidden, "use_bias": !o.NoBias,
		"activation": x.named(o.Cand, rnn.Tanh), "recurrent_activation": x.named(o.Gate, rnn.Sigmoid)},
		write: func(at string) { x.kernels(at, x.hidden, 4, !o.NoBias) }}
}

func (x *cellExport) gru(o rnn.GRUOptions) cellConfig {
	H := x.hidden
	if o.Clip != 0 {
		x.err = fmt.Errorf("a clip")
	}
	bias := !o.NoBias || !o.ResetBefore && slices.ContainsFunc(x.params[x.param+".bn"].Value.Data, func(v tensor.Float) bool { return v != 0 })
	k := cellConfig{class: "GRU", width: H, state: []int{H}, config: dict{"units": H, "use_bias": bias, "reset_after": !o.ResetBefore,
		"activation": x.named(o.Cand, rnn.Tanh), "recurrent_activation": x.named(o.Gate, rnn.Sigmoid)}}
	k.write = func(at string) {
		x.weight(at, 0, rzToZR(x.values(x.param+".wx"), H), x.in, 3*H)
		x.weight(at, 1, rzToZR(x.values(x.param+".wh"), H), H, 3*H)
		b := make([]float32, 3*H)
		if !o.NoBias {
			b = rzToZR(x.values(x.param+".b"), H)
		}
		switch {
		case !bias:
		case o.ResetBefore:
			x.weight(at, 2, b, 3*H)
		default: // those of the state are zero but for the candidate's
			b = append(append(b, make([]float32, 2*H)...), x.values(x.param+".bn")...)
			x.weight(at, 2, b, 2, 3*H)
		}
	}
	return k
}

// rzToZR is rows of gates r, z, n as rows of z, r, n.
func rzToZR(v []float32, H int) []float32 {
	out := slices.Clone(v)
	for row := out; len(row) > 0; row = row[3*H:] {
		for i := range H {
			row[i], row[H+i] = row[H+i], row[i]
		}
	}
	return out
}

// stack is a recurrent layer of one cell or several.
type stack struct {
	class  string
	config dict
	width  int
	state  []int
	write  func(at string)
}

func (x *exporter) stack(cells rnn.Configs, param string, in int) (s stack, err error) {
	var list []cellConfig
	for i, c := range cells {
		name := param
		if len(cells) > 1 {
			name = fmt.Sprintf("%s.%d", param, i)
		}
		k, err := x.cell(c, name, in)
		if err != nil {
			return s, err
		}
		list, in = append(list, k), k.width
		s.state = append(s.state, k.state...)
	}
	s.width = in
	if len(list) == 1 {
		s.class, s.config = list[0].class, list[0].config
		s.write = func(at string) { list[0].write(at + "cell/") }
		return s, nil
	}
	var inner []dict
	for i, k := range list {
		k.config["name"] = fmt.Sprintf("cell_%d", i)
		inner = append(inner, object3("keras.layers", k.class+"Cell", k.config, nil))
	}
	s.class = "RNN"
	s.config = dict{"cell": object3("keras.layers", "StackedRNNCells", dict{"cells": inner}, nil)}
	s.write = func(at string) {
		seen := map[string]int{}
		for _, k := range list {
			k.write(at + "cell/cells/" + unique(seen, snake(k.class+"Cell")) + "/")
		}
	}
	return s, nil
}

func (x *exporter) rnn(l graph.Layer, o *graph.RNN, in []*exportedTensor) (*exportedTensor, error) {
	s, err := x.stack(o.Cells, l.Name, in[0].width())
	switch {
	case err != nil:
		return nil, err
	case o.Backwards && !o.Last && !o.AsRead:
		return nil, fmt.Errorf("outputs in the order of time of a layer that reads backwards")
	}
	sequences := !o.Last && !x.last[l.Name]
	s.config["return_sequences"], s.config["return_state"] = sequences, x.states[l.Name]
	s.config["go_backwards"] = o.Backwards
	s.config["zero_output_for_mask"] = sequences && o.Masked == graph.Zero
	y := x.recurrent(l.Name, s.class, s.config, s.width, s.state, sequences, in)
	s.write("")
	return y, nil
}

// recurrent adds a recurrent layer with its mask and first state, and returns its output.
func (x *exporter) recurrent(name, class string, config dict, width int, state []int, sequences bool, in []*exportedTensor) *exportedTensor {
	t, kwargs := in[0], dict{}
	if t.mask != nil {
		kwargs["mask"] = tensorOf(t.mask)
	} else {
		t = x.bare(t)
	}
	if len(in) > 1 {
		list := make([]any, len(in)-1)
		for i, s := range in[1:] {
			list[i] = tensorOf(s)
		}
		kwargs["initial_state"] = list
	}
	shape := []any{nil, width}
	if sequences {
		shape = []any{nil, t.shape[1], width}
	}
	y := x.call(class, name, config, shape, sequences, t, []any{tensorOf(t)}, kwargs)
	if sequences && y.mask != nil {
		y.auto = true
	}
	for i, n := range state {
		x.flows[fmt.Sprintf("%s:%d", name, i+1)] = &exportedTensor{layer: y.layer, at: i + 1, shape: []any{nil, n}, dtype: "float32"}
	}
	return y
}

func (x *exporter) bidirectional(l graph.Layer, o *graph.Bidirectional, in []*exportedTensor) (*exportedTensor, error) {
	fwd, err := x.stack(o.Fwd, l.Name+".fwd", in[0].width())
	if err != nil {
		return nil, err
	}
	bwd, err := x.stack(o.Bwd, l.Name+".bwd", in[0].width())
	if err != nil {
		return nil, err
	}
	if in[0].mask != nil && !o.Last && o.Masked == graph.Repeat {
		return nil, fmt.Errorf("outputs that are repeated at masked steps")
	}
	if len(in) > 1 && len(fwd.state) != len(bwd.state) {
		return nil, fmt.Errorf("a first state of cells of different kinds")
	}
	side := func(s stack, name string, backwards bool) dict {
		s.config["name"] = name
		s.config["return_sequences"], s.config["return_state"], s.config["go_backwards"] = !o.Last, x.states[l.Name], backwards
		return object3("keras.layers", s.class, s.config, nil)
	}
	out := fwd.width
	if o.Merge == rnn.Concat {
		out += bwd.width
	}
	mode := ""
	for name, m := range mergeModes {
		if m == o.Merge {
			mode = name
		}
	}
	config := dict{"layer": side(fwd, "forward", false), "backward_layer": side(bwd, "backward", true), "merge_mode": mode}
	y := x.recurrent(l.Name, "Bidirectional", config, out, append(slices.Clone(fwd.state), bwd.state...), !o.Last, in)
	fwd.write("forward_layer/")
	bwd.write("backward_layer/")
	return y, nil
}
