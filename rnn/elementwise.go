package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
)

// elementCost is about what an element costs, in multiplications of a product.
const elementCost = 16

// elementwise runs over packed rows, from s, a recurrence whose units see only their own
// past, by a vector v [hidden]:
//
//	a = φ(pre + v∘h)
//	h' = a, or a∘h + (1-a)∘u with u, which may be nil
//
// apply, which is called with dst = src, and back are φ and its gradient. It returns every
// h' and the last h.
func elementwise(g *grad.Tape, pre, v, u *grad.Var, active []int, s *grad.Var,
	apply func(dst, src []grad.Float), back func(dx, dy, y []grad.Float)) (*grad.Var, *grad.Var) {
	y := result(g, g.Scratch(pre.Shape()), pre, v, u, s)
	last := carried(g, s, y)
	r := elementRun{H: pre.Dim(1), active: active, v: v.Value.Data, apply: apply, back: back,
		pre: pre.Value.Data, a: y.Value.Data, y: y.Value.Data, h: last.Value.Data}
	if u != nil {
		r.u, r.a = u.Value.Data, g.Scratch(pre.Shape()).Data
	}
	keep := g.NeedsGrad(y)
	if keep {
		r.before = g.Scratch(pre.Shape()).Data
	}
	if cuts := splitRows(active, elementCost*r.H); cuts != nil {
		r := r // only this escapes, and only here
		inRanges(cuts, active, r.forward)
	} else {
		r.forward(0, batch(active))
	}
	if keep {
		r := r
		g.Record(func() {
			r.h = g.NewTensor(s.Shape()).Data
			var ok bool
			if r.dy, ok = reached(g, y, last, r.h); !ok {
				return
			}
			r.da = g.NewTensor(pre.Shape()).Data
			if u != nil {
				r.du = g.Scratch(pre.Shape()).Data
			}
			inRanges(splitRows(active, elementCost*r.H), active, r.backward)
			if u != nil {
				addGrad(g, u, r.du)
			}
			addGrad(g, pre, r.da)
			addGrad(g, s, r.h)
			if g.NeedsGrad(v) {
				kernel.Mul(r.da, r.da, r.before)
				kernel.ColSums(pre.Dim(0), r.H, r.da, r.H, g.Grad(v).Data)
			}
		})
	}
	return y, last
}

// elementRun is a run of elementwise. Row r of its matrices belongs to row r of the
// packed sequence.
type elementRun struct {
	H      int
	active []int
	v      []grad.Float
	apply  func(dst, src []grad.Float)
	back   func(dx, dy, y []grad.Float)

	pre, u []grad.Float
	a, y   []grad.Float // the same without u
	before []grad.Float // h before each step; nil if there is no way back
	h      []grad.Float // state of the batch; on the way back its gradient

	dy, da, du []grad.Float // gradients by y, nil for none; by pre + v∘h, at first 0; by u
}

func (r *elementRun) forward(lo, hi int) {
	H := r.H
	for at, n := range forwards(r.active, lo, hi) {
		h, a := block(r.h, lo, n, H), block(r.a, at, n, H)
		if r.before != nil {
			copy(block(r.before, at, n, H), h)
		}
		for i := range n {
			kernel.Mul(block(a, i, 1, H), block(h, i, 1, H), r.v)
		}
		kernel.AddTo(a, block(r.pre, at, n, H))
		r.apply(a, a)
		if r.u == nil {
			copy(h, a)
			continue
		}
		kernel.Lerp(h, block(r.u, at, n, H), h, a)
		copy(block(r.y, at, n, H), h)
	}
}

func (r *elementRun) backward(lo, hi int) {
	H := r.H
	for at, n := range backwards(r.active, lo, hi) {
		dh, da, a := block(r.h, lo, n, H), block(r.da, at, n, H), block(r.a, at, n, H)
		addRows(dh, r.dy, at, n, H)
		if r.u == nil {
			r.back(da, dh, a)
			for i := range n {
				kernel.Mul(block(dh, i, 1, H), block(da, i, 1, H), r.v)
			}
			continue
		}
		du := block(r.du, at, n, H)
		kernel.Sub(du, block(r.before, at, n, H), block(r.u, at, n, H))
		kernel.Mul(du, du, dh)
		r.back(da, du, a)
		copy(du, dh)
		kernel.Mul(dh, dh, a) // by h, and the rest of it by u
		kernel.Sub(du, du, dh)
		for i := range n {
			kernel.MulAdd(block(dh, i, 1, H), block(da, i, 1, H), r.v)
		}
	}
}
