package keras

import (
	"encoding/json"
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A cellAt is a cell and where its weights are.
type cellAt struct {
	object
	path string
}

// cellsOf lists the cells of a recurrent layer.
func cellsOf(o *object, path string) ([]cellAt, error) {
	switch o.Class {
	case "SimpleRNN", "LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D":
		return []cellAt{{object{Class: o.Class + "Cell", Config: o.Config}, path + "cell/"}}, nil
	case "RNN":
	default:
		return nil, fmt.Errorf("it holds a %s, which is not a recurrent layer", o.Class)
	}
	var c struct{ Cell json.RawMessage }
	if err := o.read(&c); err != nil {
		return nil, err
	}
	var cell object
	if err := json.Unmarshal(c.Cell, &cell); err != nil {
		return nil, fmt.Errorf("its cell is invalid: %w", err)
	}
	if cell.Class != "StackedRNNCells" {
		return []cellAt{{cell, path + "cell/"}}, nil
	}
	var stack struct {
		common
		Cells   []object
		Reverse bool `json:"reverse_state_order"`
	}
	if err := cell.read(&stack); err != nil {
		return nil, err
	}
	if stack.Reverse {
		return nil, fmt.Errorf("reverse_state_order")
	}
	if len(stack.Cells) == 0 {
		return nil, fmt.Errorf("a stack of no cells")
	}
	var list []cellAt
	seen := map[string]int{}
	for _, inner := range stack.Cells {
		list = append(list, cellAt{inner, path + "cell/cells/" + unique(seen, snake(inner.Class)) + "/"})
	}
	return list, nil
}

// madeCell is a cell and how to note its weights.
type madeCell struct {
	cell rnn.Config
	bind func(h *holder, param string)
}

// cellOptions are the settings of a cell of Keras.
type cellOptions struct {
	Units      int
	Bias       *bool      `json:"use_bias"`
	ResetAfter *bool      `json:"reset_after"` // default: true in Keras 3, false before
	Activation activation `json:"activation"`
	Recurrent  activation `json:"recurrent_activation"`

	in         int // width of the input
	cand, gate rnn.Activation
}

// cellClasses make what each class of cells becomes.
var cellClasses = map[string]func(o *cellOptions) madeCell{
	"SimpleRNNCell": (*cellOptions).basic, "LSTMCell": (*cellOptions).lstm, "GRUCell": (*cellOptions).gru,
}

// cell reads a cell for inputs in wide.
func (b *builder) cell(o *object, in int) (m madeCell, err error) {
	c := &cellOptions{in: in, Activation: activation{name: "tanh"}, Recurrent: activation{name: "sigmoid"}}
	if _, err := o.trains(); err != nil {
		return m, err
	}
	if err := o.read(c); err != nil {
		return m, err
	}
	class := cellClasses[o.Class]
	switch {
	case o.foreign():
		return m, fmt.Errorf("its cell %s is a class of the program, whose code is not in the file", o.Class)
	case class == nil:
		return m, fmt.Errorf("its cell is a %s, which is not known", o.Class)
	case c.Units < 1 || c.Units > 1<<22:
		return m, fmt.Errorf("%d units", c.Units)
	}
	if c.cand, err = b.gate(c.Activation); err != nil {
		return m, err
	}
	if c.gate, err = b.gate(c.Recurrent); err != nil {
		return m, err
	}
	if after := b.version >= 3; c.ResetAfter == nil {
		c.ResetAfter = &after
	}
	c.cand, c.gate = unlessDefault(c.cand, rnn.Tanh), unlessDefault(c.gate, rnn.Sigmoid)
	return class(c), nil
}

// kernels notes weights in the order of the gates here.
func (c *cellOptions) kernels(h *holder, param string, gates int) {
	h.want("kernel", param+".wx", c.in, gates*c.Units)
	h.want("recurrent_kernel", param+".wh", c.Units, gates*c.Units)
	if yes(c.Bias) {
		h.want("bias", param+".b", gates*c.Units)
	}
}

func (c *cellOptions) basic() madeCell {
	return madeCell{rnn.Config{Hidden: c.Units, Options: rnn.BasicOptions{NoBias: !yes(c.Bias), Activation: c.cand}},
		func(h *holder, param string) { c.kernels(h, param, 1) }}
}

func (c *cellOptions) lstm() madeCell { // gates i, f, c, o, as here
	return madeCell{rnn.Config{Hidden: c.Units, Options: rnn.LSTMOptions{NoBias: !yes(c.Bias), Gate: c.gate, Cand: c.cand, Out: c.cand}},
		func(h *holder, param string) { c.kernels(h, param, 4) }}
}

func (c *cellOptions) gru() madeCell { // gates z, r, h
	H, bias, after := c.Units, yes(c.Bias), *c.ResetAfter
	return madeCell{rnn.Config{Hidden: H, Options: rnn.GRUOptions{ResetBefore: !after, NoBias: !bias, Gate: c.gate, Cand: c.cand}}, func(h *holder, param string) {
		h.want("kernel", param+".wx", c.in, 3*H).then = zrToRZ
		h.want("recurrent_kernel", param+".wh", H, 3*H).then = zrToRZ
		switch {
		case bias && after:
			h.keep("bias", 2, 3*H)
			h.finish = func(v map[string][]tensor.Float, to params) { resetAfter(v["bias"], to[param+".b"], to[param+".bn"]) }
		case bias:
			h.want("bias", param+".b", 3*H).then = zrToRZ
		case after:
			h.set(param+".bn", 0)
		}
	}}
}

// resetAfter makes B and Bn of the biases of the inputs and of the state, each of the
// gates z, r, h. They add up but for that of the candidate's state, which the reset
// gate multiplies.
func resetAfter(bias []tensor.Float, b, bn *grad.Var) {
	H := len(bias) / 6
	in, rec := bias[:3*H], bias[3*H:]
	for i := range H {
		b.Value.Data[i] = in[H+i] + rec[H+i]
		b.Value.Data[H+i] = in[i] + rec[i]
	}
	copy(b.Value.Data[2*H:], in[2*H:])
	copy(bn.Value.Data, rec[2*H:])
}

// unlessDefault is the zero Activation for the default, so that a Config stays short.
func unlessDefault(a, def rnn.Activation) rnn.Activation {
	if a == def {
		return rnn.Activation{}
	}
	return a
}
