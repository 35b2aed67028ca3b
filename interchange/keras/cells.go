package keras

import (
	"encoding/json"
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model/graph"
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
		return nil, fmt.Errorf("it holds a %s, which is no recurrent layer", o.Class)
	}
	var c struct{ Cell json.RawMessage }
	if err := o.read(&c); err != nil {
		return nil, err
	}
	var cell object
	if err := json.Unmarshal(c.Cell, &cell); err != nil {
		return nil, fmt.Errorf("its cell does not make sense: %w", err)
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
	cell graph.Cell
	hold func(h *holder, param string)
}

// cell reads a cell for inputs in wide.
func (b *builder) cell(o *object, in int) (m madeCell, err error) {
	var own common
	c := struct {
		Units      int
		Bias       *bool      `json:"use_bias"`
		ResetAfter *bool      `json:"reset_after"`
		Activation activation `json:"activation"`
		Recurrent  activation `json:"recurrent_activation"`
	}{}
	c.Activation.name, c.Recurrent.name = "tanh", "sigmoid"
	if err := o.read(&own); err != nil {
		return m, err
	}
	if err := own.check(); err != nil {
		return m, err
	}
	if err := o.read(&c); err != nil {
		return m, err
	}
	if o.foreign() {
		return m, fmt.Errorf("its cell %s is a class of the program, whose code is not in the file", o.Class)
	}
	cand, err := b.gate(c.Activation)
	if err != nil {
		return m, err
	}
	H, bias := c.Units, yes(c.Bias)
	if H < 1 || H > 1<<22 {
		return m, fmt.Errorf("%d units", H)
	}
	if o.Class == "SimpleRNNCell" {
		m.cell = &graph.Basic{Hidden: H, NoBias: !bias, Activation: unlessDefault(cand, rnn.Tanh)}
		m.hold = func(h *holder, param string) {
			h.want("kernel", param+".wx", in, H)
			h.want("recurrent_kernel", param+".wh", H, H)
			if bias {
				h.want("bias", param+".b", H)
			}
		}
		return m, nil
	}
	gate, err := b.gate(c.Recurrent)
	if err != nil {
		return m, err
	}
	gate = unlessDefault(gate, rnn.Sigmoid)
	switch o.Class {
	case "LSTMCell": // gates i, f, c, o, as here
		cand = unlessDefault(cand, rnn.Tanh)
		m.cell = &graph.LSTM{Hidden: H, NoBias: !bias, Gate: gate, Cand: cand, Out: cand}
		m.hold = func(h *holder, param string) {
			h.want("kernel", param+".wx", in, 4*H)
			h.want("recurrent_kernel", param+".wh", H, 4*H)
			if bias {
				h.want("bias", param+".b", 4*H)
			}
		}
	case "GRUCell": // gates z, r, h
		after := c.ResetAfter != nil && *c.ResetAfter
		if c.ResetAfter == nil && b.version >= 3 {
			after = true
		}
		m.cell = &graph.GRU{Hidden: H, ResetBefore: !after, NoBias: !bias, Gate: gate, Cand: unlessDefault(cand, rnn.Tanh)}
		m.hold = func(h *holder, param string) {
			h.want("kernel", param+".wx", in, 3*H).then = zrToRZ
			h.want("recurrent_kernel", param+".wh", H, 3*H).then = zrToRZ
			switch {
			case !bias:
			case after:
				h.keep("bias", 2, 3*H)
				h.finish = func(v map[string][]tensor.Float, to params) { resetAfter(v["bias"], to[param+".b"], to[param+".bn"]) }
			default:
				h.want("bias", param+".b", 3*H).then = zrToRZ
			}
			if !bias && after {
				h.set(param+".bn", 0)
			}
		}
	default:
		return m, fmt.Errorf("its cell is a %s, which is not known", o.Class)
	}
	return m, nil
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
