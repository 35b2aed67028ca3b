package graph

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
)

// Cell returns the network as a cell, for rnn.Stream and whatever else takes one. Its input
// is one step of each input of the network, side by side in their order, and its output one
// of each output; an input that is no sequence is given with every step. Its state is that
// of all layers in order. A layer that gives its last step gives at each step that one.
//
// It is an error if a layer needs the whole sequence, such as one that reads it from its
// end, or starts from what others give.
func (n *Net) Cell() (rnn.Cell, error) {
	if !slices.ContainsFunc(n.Config.Inputs, func(in Input) bool { return in.Sequence }) {
		return nil, errors.New("graph: no input is a sequence, so there are no steps: run the network by Predict")
	}
	for i, p := range n.plan.layers {
		l := n.Config.Layers[i]
		if p.Whole {
			return nil, fmt.Errorf("graph: layer %q (%s) needs the whole sequence, so the network cannot go step by step: run it by Predict", l.Name, whatIs(l.Op))
		}
		if _, ok := n.Layers[i].Node.(*rnnNode); ok && len(n.plan.from[i]) > 1 {
			return nil, fmt.Errorf("graph: layer %q starts from what other layers give at the end of a sequence, so the network cannot go step by step: run it by Predict", l.Name)
		}
	}
	return newNetCell(n.remembering()), nil
}

// whatIs names an operation, and why it needs the whole sequence if it has options.
func whatIs(o Op) string {
	name, err := opName(o)
	if err != nil {
		name = fmt.Sprintf("%T", o)
	}
	if r, ok := o.(*RNN); ok && r.Backwards {
		name += " that reads from the end"
	}
	return name
}

// netCell runs sequences of one step.
type netCell struct {
	*Net
	spare *sync.Pool // of *stepLists
}

// stepLists are those of a step: they are used again, as a tape's memory is.
type stepLists struct {
	lists
	in []Value
}

func newNetCell(n *Net) *netCell {
	return &netCell{n, &sync.Pool{New: func() any { return &stepLists{in: make([]Value, len(n.Config.Inputs))} }}}
}

// Step computes one step.
func (c *netCell) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	rows, at := x.Dim(0), 0
	w := c.spare.Get().(*stepLists)
	in := w.in
	for i, want := range c.Config.Inputs {
		v := x
		if len(in) > 1 {
			v = g.Columns(x, at, at+want.Width)
		}
		if at += want.Width; want.Sequence {
			v = g.Reshape(v, 1, rows, v.Dim(1))
		}
		in[i] = Value{X: v}
	}
	c.check(in, s)
	out, next := c.run(g, &w.lists, in, s)
	parts := g.NewList(len(out))
	for i, v := range out {
		if parts[i] = v.X; v.X.Shape().Rank() == 3 {
			parts[i] = g.Reshape(v.X, rows, v.X.Dim(2))
		}
	}
	c.spare.Put(w)
	if len(parts) == 1 {
		return parts[0], next
	}
	return g.Concat(parts...), next
}

// Widths implements rnn.Sizer.
func (c *netCell) Widths() (in, out int) {
	for _, v := range c.Config.Inputs {
		in += v.Width
	}
	for _, v := range c.OutputSpecs() {
		out += v.Width
	}
	return in, out
}

// Freeze freezes the cells of the recurrent layers and the dense layers. Other layers
// stay as they are.
func (c *netCell) Freeze(p rnn.Precision) (rnn.Cell, error) {
	net := *c.Net
	net.Layers = slices.Clone(net.Layers)
	var errs []error
	done := false
	for i, l := range net.Layers {
		node, did, err := frozen(l.Node, p)
		if err != nil {
			errs = append(errs, fmt.Errorf("graph: layer %q: %w", l.Name, err))
		}
		net.Layers[i].Node, done = node, done || did
	}
	if !done {
		return c, fmt.Errorf("graph: a network without a recurrent or dense layer %w", rnn.ErrNotFrozen)
	}
	return newNetCell(&net), errors.Join(errs...)
}

// frozen is a node for inference, and whether it has a form for that.
func frozen(node Node, p rnn.Precision) (Node, bool, error) {
	switch n := node.(type) {
	case *rnnNode:
		cell, err := rnn.Freeze(n.Cell, p)
		return &rnnNode{n.op, rnn.BeginSequence(grad.Eval(), cell, 1), true}, true, err
	case *denseNode:
		const worth = 1 << 12 // weights: of fewer, smaller ones take more time than they spare
		if len(n.W.Value.Data) < worth {
			p = rnn.Single
		}
		return &denseNode{n.op, n.Linear, rnn.FreezeLinear(n.Linear, p)}, true, nil
	case *remember:
		inner, did, err := frozen(n.Node, p)
		return &remember{inner, n.width}, did, err
	}
	return node, false, nil
}

// A starter is a layer that may not start from zeros.
type starter interface {
	Start(g *grad.Tape, batch int) rnn.State
}

// Start gives the first state of every layer.
func (c *netCell) Start(g *grad.Tape, batch int) (s rnn.State) {
	for i, l := range c.Layers {
		if st, ok := l.Node.(starter); ok {
			s = append(s, st.Start(g, batch)...)
			continue
		}
		for _, n := range c.plan.layers[i].State {
			s = append(s, g.Zeros(batch, n))
		}
	}
	return s
}
