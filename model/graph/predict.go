package graph

import (
	"fmt"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// Predict runs the network on tensors by the names of its inputs and returns its
// outputs by name, and the final state of all layers. Sequences are
// [batch, time, width], or [time, batch, width] if the network is TimeMajor; a width
// of 1 may be left out. lengths are the steps of each row of every sequence, nil if
// all are full. first is the first state, nil for the layers' own; its entries and
// those of last are [batch, n], one for each of StateSize; a nil entry is the layer's
// own.
func (n *Net) Predict(in map[string]*tensor.Tensor, lengths []int, first []*tensor.Tensor) (out map[string]*tensor.Tensor, last []*tensor.Tensor, err error) {
	defer tensor.Catch(&err)
	g := grad.Eval()
	var values []Value
	for _, want := range n.Config.Inputs {
		t := in[want.Name]
		if t == nil {
			return nil, nil, fmt.Errorf("graph: input %q is missing", want.Name)
		}
		v, err := n.enter(g, want, t, lengths)
		if err != nil {
			return nil, nil, err
		}
		values = append(values, v)
	}
	for name := range in {
		if !slices.ContainsFunc(n.Config.Inputs, func(in Input) bool { return in.Name == name }) {
			return nil, nil, fmt.Errorf("graph: the network takes no input %q", name)
		}
	}
	var s rnn.State
	for _, t := range first {
		if t == nil {
			s = append(s, nil)
			continue
		}
		s = append(s, g.Const(t))
	}
	made, end := n.Run(g, values, s)
	out = map[string]*tensor.Tensor{}
	for i, v := range made {
		x := v.X
		if x.Shape().Rank() == 3 && !n.Config.TimeMajor {
			x = g.TransposeBatch(x)
		}
		out[n.OutputNames()[i]] = x.Value.Clone()
	}
	for _, v := range end {
		last = append(last, v.Value.Clone())
	}
	return out, last, nil
}

// enter puts an input on the tape, time-major.
func (n *Net) enter(g *grad.Tape, want Input, t *tensor.Tensor, lengths []int) (Value, error) {
	rank := 2
	if want.Sequence {
		rank = 3
	}
	dims := t.Shape.Dims()
	if want.Width == 1 && len(dims) == rank-1 {
		dims = append(dims, 1)
	}
	if len(dims) != rank || dims[rank-1] != want.Width {
		layout := "[batch, %d]"
		if want.Sequence {
			layout = "[batch, time, %d]"
			if n.Config.TimeMajor {
				layout = "[time, batch, %d]"
			}
		}
		return Value{}, fmt.Errorf("graph: input %q is %v, want "+layout, want.Name, t.Shape, want.Width)
	}
	v := Value{X: g.Reshape(g.Const(t), dims...)}
	if !want.Sequence {
		return v, nil
	}
	if !n.Config.TimeMajor {
		v.X = g.TransposeBatch(v.X)
	}
	T, B := v.X.Dim(0), v.X.Dim(1)
	if lengths == nil {
		return v, nil
	}
	if len(lengths) != B {
		return v, fmt.Errorf("graph: %d lengths for %d rows", len(lengths), B)
	}
	for i, l := range lengths {
		if l < 0 || l > T {
			return v, fmt.Errorf("graph: length %d of row %d is not in 0..%d", l, i, T)
		}
	}
	v.Mask = maskOf(lengths, T)
	return v, nil
}

// maskOf is the mask of rows of the given lengths within T steps.
func maskOf(lengths []int, T int) []bool {
	mask := make([]bool, T*len(lengths))
	for i, n := range lengths {
		for t := range n {
			mask[t*len(lengths)+i] = true
		}
	}
	return mask
}

// OutputNames are the names of the outputs.
func (n *Net) OutputNames() []string {
	c := n.Config
	if len(c.Outputs) > 0 {
		return c.Outputs
	}
	return []string{c.Layers[len(c.Layers)-1].Name}
}

// OutputSpecs are the specs of the outputs, in the order of OutputNames.
func (n *Net) OutputSpecs() (specs []Spec) {
	for _, p := range n.plan.out {
		if p.layer < 0 {
			in := n.Config.Inputs[-1-p.layer]
			specs = append(specs, Spec{in.Width, in.Sequence})
			continue
		}
		specs = append(specs, n.plan.layers[p.layer].Out[p.i])
	}
	return specs
}
