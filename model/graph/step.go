package graph

import (
	"errors"
	"fmt"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
)

// Cell returns the network as a cell, for rnn.Stream and whatever else takes one. Its
// state is that of all layers in order. A layer that gives its last step gives at each
// step that one. It is an error if the network has more than one input or output, or a
// layer that needs the whole sequence, such as one that reads it from its end.
func (n *Net) Cell() (rnn.Cell, error) {
	c := n.Config
	if len(c.Inputs) != 1 || !c.Inputs[0].Sequence || len(n.plan.out) != 1 {
		return nil, fmt.Errorf("graph: %d inputs and %d outputs: only a network of one sequence and one output goes step by step", len(c.Inputs), len(n.plan.out))
	}
	for i, p := range n.plan.layers {
		if p.Whole {
			return nil, fmt.Errorf("graph: layer %q needs the whole sequence, so the network cannot go step by step", c.Layers[i].Name)
		}
	}
	return &netCell{n}, nil
}

// netCell runs a sequence of one step.
type netCell struct{ *Net }

func (c *netCell) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	out, next := c.Run(g, []Value{{X: g.Reshape(x, 1, x.Dim(0), x.Dim(1))}}, s)
	y := out[0].X
	if y.Shape().Rank() == 3 {
		y = g.Reshape(y, y.Dim(1), y.Dim(2))
	}
	return y, next
}

// Widths implements rnn.Sizer.
func (c *netCell) Widths() (in, out int) {
	if at := c.plan.out[0]; at.layer >= 0 {
		return c.Config.Inputs[0].Width, c.plan.layers[at.layer].Out[at.i].Width
	}
	return c.Config.Inputs[0].Width, c.Config.Inputs[0].Width
}

// Freeze freezes the cells of the recurrent layers. Other layers stay as they are.
func (c *netCell) Freeze(p rnn.Precision) (rnn.Cell, error) {
	net := *c.Net
	net.Layers = slices.Clone(net.Layers)
	var errs []error
	recurrent := false
	for i, l := range net.Layers {
		n, ok := l.Node.(*rnnNode)
		if !ok {
			continue
		}
		cell, err := rnn.Freeze(n.Cell, p)
		if err != nil {
			errs = append(errs, fmt.Errorf("graph: layer %q: %w", l.Name, err))
		}
		net.Layers[i].Node, recurrent = &rnnNode{n.op, cell}, true
	}
	if !recurrent {
		return c, fmt.Errorf("graph: a network without a recurrent layer %w", rnn.ErrNotFrozen)
	}
	return &netCell{&net}, errors.Join(errs...)
}

// Start gives the first state of every layer.
func (c *netCell) Start(g *grad.Tape, batch int) (s rnn.State) {
	for i, l := range c.Layers {
		if st, ok := l.Node.(rnn.Starter); ok {
			s = append(s, st.Start(g, batch)...)
			continue
		}
		for _, n := range c.plan.layers[i].State {
			s = append(s, g.Zeros(batch, n))
		}
	}
	return s
}
