package rnn

import (
	"fmt"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// Dilated runs a cell with recurrences over K steps in place of one (Chang et al.
// 2017, "Dilated Recurrent Neural Networks"):
//
//	y(t), s(t) = Cell(x(t), s(t-K))
//
// so that with K the length of a season the state is that of one season before. The
// state holds those of the last K steps, the oldest first. A sequence is K interleaved
// ones that have nothing to do with each other, and Unroll runs them as one batch: K
// times as wide, and K times as short.
type Dilated struct {
	Cell
	K int // steps, at least 1
}

// StateSize is that of the cell, K times over.
func (c *Dilated) StateSize() []int {
	if c.K < 1 {
		panic(&tensor.ShapeError{Op: "rnn.Dilated", Detail: fmt.Sprintf("K is %d, want at least 1", c.K)})
	}
	return slices.Repeat(c.Cell.StateSize(), c.K)
}

// Start starts the cell K times.
func (c *Dilated) Start(g *grad.Tape, batch int) State {
	c.StateSize()
	return slices.Repeat(Start(g, c.Cell, batch), c.K)
}

// IsCellState asks the cell.
func (c *Dilated) IsCellState(i int) bool { return IsCellState(c.Cell, i%len(c.Cell.StateSize())) }

// Unwrap returns the cell.
func (c *Dilated) Unwrap() Cell { return c.Cell }

// With returns the same wrapper around cell.
func (c *Dilated) With(cell Cell) Cell { return &Dilated{cell, c.K} }

// Step computes one step from the oldest state, which the new one replaces.
func (c *Dilated) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	n := len(s) / c.K
	y, now := c.Cell.Step(g, x, s[:n])
	next := State(g.List(s...))
	copy(next, s[n:])
	copy(next[len(s)-n:], now)
	return y, next
}

// Unroll runs the K sequences as one batch.
func (c *Dilated) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	B, n := s[0].Dim(0), len(s)/c.K
	if len(active) == 0 || c.K == 1 {
		y, last := Unroll(g, c.Cell, x, active, s[:n])
		return y, append(State(g.List(last...)), s[n:]...)
	}
	d := c.split(g, active, B)
	wide := make(State, n)
	for i := range wide {
		of := make([]*grad.Var, c.K)
		for j := range of {
			of[j] = s[j*n+i]
		}
		wide[i] = g.GatherRows(g.ConcatRows(of...), d.order)
	}
	y, last := Unroll(g, SelectRows(g, c.Cell, d.row), g.GatherRows(x, d.from), d.active, wide)
	next := State(g.List(s...))
	for j := range c.K {
		for i, v := range last {
			next[j*n+i] = g.GatherRows(v, d.slot[j*B:(j+1)*B])
		}
	}
	return g.GatherRows(y, d.to), next
}

// split plans how packed rows become those of K interleaved sequences. Row b of
// sequence j is number j·B+b.
func (c *Dilated) split(g *grad.Tape, active []int, B int) (d struct {
	packing        // of the numbers
	row      []int // position to row of the batch
	from, to []int // packed rows of the K sequences to those of x, and back
	slot     []int // number, its slots turned so that the oldest is first, to position
}) {
	K, N := c.K, c.K*B
	length, steps := g.Ints(N), g.Ints(B) // of each sequence; of each row
	clear(length)
	clear(steps)
	start, total := g.Ints(len(active)), 0 // of each step in x
	for t, n := range active {
		start[t], total = total, total+n
		for b := range n {
			length[t%K*B+b]++
			steps[b]++
		}
	}
	d.packing = pack(g, length, (len(active)+K-1)/K)
	d.row = g.Ints(N)
	for i, k := range d.order {
		d.row[i] = k % B
	}
	d.from, d.to = g.Ints(total), g.Ints(total)
	for i, at := range d.rows {
		t, k := at/N, at%N
		row := start[t*K+k/B] + k%B
		d.from[i], d.to[row] = row, i
	}
	d.slot = g.Ints(N)
	for j := range K {
		for b := range B {
			d.slot[j*B+b] = d.back[(j+steps[b])%K*B+b]
		}
	}
	return d
}
