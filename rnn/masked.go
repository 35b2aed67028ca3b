package rnn

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// masked is a Dropout with the masks of one sequence.
type masked struct {
	drop  Dropout // its cell is drawn too
	batch int
	rows  []int // rows of the batch that it runs; nil for all
	masks *masks
}

// masks come from a seed, so that a segment that is run again on another tape
// meets the same ones.
type masks struct {
	seed uint64
	of   map[int]*tensor.Tensor // [batch, width] by what they are for
}

const (
	inputMask = iota
	outputMask
	stateMask // and one more for each entry
)

// get makes the mask of a kind the first time that it is needed.
func (m *masks) get(kind, batch, width int, p float64) *tensor.Tensor {
	t := m.of[kind]
	if t == nil {
		g := grad.Eval()
		g.Rand = rand.New(rand.NewPCG(m.seed, uint64(kind)))
		t = g.Mask(p, batch, width).Value.Clone()
		m.of[kind] = t
	}
	return t
}

func (c *masked) StateSize() []int { return c.drop.Cell.StateSize() }

func (c *masked) Unwrap() Cell { return c.drop.Cell }

func (c *masked) With(cell Cell) Cell {
	p := *c
	p.drop.Cell = cell
	return &p
}

func (c *masked) SelectRows(g *grad.Tape, rows []int) Cell {
	p := *c
	p.drop.Cell = SelectRows(g, c.drop.Cell, rows)
	p.rows = make([]int, len(rows))
	for i, r := range rows {
		p.rows[i] = c.row(r)
	}
	return &p
}

func (c *masked) row(i int) int {
	if c.rows == nil {
		return i
	}
	return c.rows[i]
}

// apply masks x, the packed rows of the given steps.
func (c *masked) apply(g *grad.Tape, x *grad.Var, active []int, kind int, p float64) *grad.Var {
	if p <= 0 {
		return x
	}
	at := g.Ints(x.Dim(0))[:0]
	for _, n := range active {
		for i := range n {
			at = append(at, c.row(i))
		}
	}
	m := c.masks.get(kind, c.batch, x.Dim(1), p)
	return g.Mul(x, g.GatherRows(g.Const(m), at))
}

func (c *masked) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	active := one(g, x.Dim(0))
	y, next := c.drop.Cell.Step(g, c.apply(g, x, active, inputMask, c.drop.In), s)
	kept := State(g.List(next...))
	for i, v := range next {
		if !IsCellState(c.drop.Cell, i) {
			kept[i] = c.apply(g, v, active, stateMask+i, c.drop.State)
		}
	}
	return c.apply(g, y, active, outputMask, c.drop.Out), kept
}

func (c *masked) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	if c.drop.State > 0 {
		return stepwise(g, c, x, active, s)
	}
	y, last := Unroll(g, c.drop.Cell, c.apply(g, x, active, inputMask, c.drop.In), active, s)
	return c.apply(g, y, active, outputMask, c.drop.Out), last
}
