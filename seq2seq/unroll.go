package seq2seq

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
)

// Unroll runs a packed sequence. Where a step needs nothing of the one before but the
// cell's state, the cell runs by itself and all steps attend at once.
func (b *Bound) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	u, ok := b.cell.(rnn.Unroller)
	if !ok || b.InputFeeding || b.Cover != nil || len(active) == 0 {
		return rnn.Unroll(g, stepped{b}, x, active, s)
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

// stepped hides Unroll.
type stepped struct{ *Bound }

func (c stepped) Unroll() {}
