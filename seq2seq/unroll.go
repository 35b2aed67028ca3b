package seq2seq

import (
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
)

// Unroll runs a packed sequence. Where a step needs nothing of the one before but the
// cell's state, the cell runs by itself and all steps attend at once.
func (b *Bound) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	u, ok := b.cell.(rnn.Unroller)
	if !ok || b.Feed || b.Cover != nil || len(active) == 0 {
		return b.stepwise(g, x, active, s)
	}
	y, inner := u.Unroll(g, x, active, s[1:])
	// Row i of the batch is row i of each step that it has: its last one gives its weights.
	all, last := b.memory, g.Ints(active[0])
	rows := g.Ints(y.Dim(0))[:0]
	at := 0
	for _, n := range active {
		for i := range n {
			rows, last[i] = append(rows, i), at+i
		}
		at += n
	}
	b = &Bound{b.Attention, b.cell, all.pick(rows)}
	ctx, a := b.look(g, y, nil)
	h := g.Tanh(b.Mix.Forward(g, g.Concat(y, ctx)))
	weights := g.GatherRows(a, last)
	if n, batch := active[0], s[0].Dim(0); n < batch {
		weights = g.ConcatRows(weights, g.Slice(s[0], n, batch))
	}
	return h, append(rnn.State{weights}, inner...)
}

// stepwise is the loop over the steps. Rows leave the batch from its end.
func (b *Bound) stepwise(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	if len(active) == 0 { // a step of no rows tells the width of the output
		y, _ := b.SelectRows(g, nil).Step(g, x, s.SelectRows(g, nil))
		return y, s
	}
	var ys []*grad.Var
	var ended []rnn.State // the rows that left, the last ones first
	leave := func(n int) {
		rest, gone := make(rnn.State, len(s)), make(rnn.State, len(s))
		for i, v := range s {
			rest[i], gone[i] = g.Slice(v, 0, n), g.Slice(v, n, v.Dim(0))
		}
		s, ended = rest, append(ended, gone)
	}
	live, off := rnn.Cell(b), 0
	for _, n := range active {
		if n < s[0].Dim(0) {
			leave(n)
			first := g.Ints(n)
			for i := range first {
				first[i] = i
			}
			live = b.SelectRows(g, first)
		}
		var y *grad.Var
		y, s = live.Step(g, g.Slice(x, off, off+n), s)
		ys = append(ys, y)
		off += n
	}
	if len(ended) > 0 {
		slices.Reverse(ended)
		for i := range s {
			parts := []*grad.Var{s[i]}
			for _, e := range ended {
				parts = append(parts, e[i])
			}
			s[i] = g.ConcatRows(parts...)
		}
	}
	return g.ConcatRows(ys...), s
}
