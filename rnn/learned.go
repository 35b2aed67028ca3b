package rnn

import "github.com/recur-go/recur/grad"

// Learned begins every row with a first state that is trained like any parameter.
type Learned struct {
	Cell
	Initial []*grad.Var `recur:"initial"` // one [1, n] for each entry of StateSize
}

// NewLearned starts from zeros.
func NewLearned(c Cell) *Learned {
	l := &Learned{Cell: c}
	for _, v := range Start(grad.Eval(), c, 1) {
		l.Initial = append(l.Initial, grad.Leaf(v.Value.Clone()))
	}
	return l
}

// Start repeats the first state for each row.
func (c *Learned) Start(g *grad.Tape, batch int) State {
	first := g.Ints(batch)
	clear(first)
	s := State(g.List(c.Initial...))
	for i, v := range c.Initial {
		s[i] = g.GatherRows(v, first)
	}
	return s
}

// Unwrap returns the cell.
func (c *Learned) Unwrap() Cell { return c.Cell }

// With returns the same wrapper around cell.
func (c *Learned) With(cell Cell) Cell { return &Learned{cell, c.Initial} }

// Unroll keeps the cell fused.
func (c *Learned) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	return Unroll(g, c.Cell, x, active, s)
}
