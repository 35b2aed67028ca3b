package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
)

// blend runs the linear recurrence h' = (1-w)∘h + w∘u over packed rows from s. Since
// w and u [n, hidden] do not depend on h, a cell computes them for all steps at once;
// what is left to do in order is elementwise, and shared out over the cores. It returns
// y and the last h.
func blend(g *grad.Tape, w, u *grad.Var, active []int, s *grad.Var) (*grad.Var, *grad.Var) {
	y := g.NewVar(g.Scratch(u.Shape()), w, u, s)
	last := carried(g, s, y)
	scan := kernel.Blend{H: s.Dim(1), Active: active, W: w.Value.Data, U: u.Value.Data}
	scan.Forward(last.Value.Data, y.Value.Data)
	if g.NeedsGrad(y) {
		scan := scan // only this escapes, and only here
		g.Record(func() {
			dh := g.NewTensor(s.Shape()).Data
			dy, ok := reached(g, y, last, dh)
			if !ok {
				return
			}
			dw, du := g.Scratch(w.Shape()).Data, g.Scratch(u.Shape()).Data
			scan.Backward(s.Value.Data, y.Value.Data, dy, dh, dw, du)
			addGrad(g, w, dw)
			addGrad(g, u, du)
			addGrad(g, s, dh)
		})
	}
	return y, last
}

// before gives for every packed row of y, the states after each step, the one that
// the step began with; s is the first.
func before(g *grad.Tape, s, y *grad.Var, active []int) *grad.Var {
	B := s.Dim(0)
	rows := upTo(g, y.Dim(0))
	at := batch(active)
	for t := 1; t < len(active); t++ {
		for i := range active[t] {
			rows[at+i] = B + at - active[t-1] + i
		}
		at += active[t]
	}
	return g.GatherRows(g.ConcatRows(s, y), rows)
}
