package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// fused runs the recurrence over x·Wx + B, whose values become the outputs.
func (c *Basic) fused(g *grad.Tape, x *grad.Var, active []int, s State,
	apply func(dst, src []grad.Float), back func(dx, dy, y []grad.Float)) (*grad.Var, State) {
	N, H := x.Dim(0), c.Wh.Dim(0)
	y := result(g, g.Scratch(tensor.ShapeOf(N, H)), x, s[0], c.Wx, c.Wh, c.B)
	keep := g.NeedsGrad(y)
	c.packed.mustNotTrain(keep)
	w := c.packed.weights()
	var plan unitPlan
	if !w.wh.isSmall() {
		plan = cutUnits(active, H, 1)
	}
	cut := plan.cuts != nil
	in := newInput(x, c.Wx, c.B, active, w.wx, cut)
	in.before(y.Value.Data, span{0, N})
	last := carried(g, s[0], y)
	r := basicRun{
		loop:  loop{H: H, active: active, in: in, units: plan, y: y.Value.Data, h: last.Value.Data, first: g.NeedsGrad(s[0])},
		apply: apply, back: back,
	}
	if keep {
		r.before = g.Scratch(y.Shape())
	}
	r.wh = w.wh.stepWeight(H, H, c.Wh.Value.Data, H, active, cut)
	if rows := splitRows(active, H*H); cut || rows != nil {
		r := r // only this escapes, and only here
		r.units.run(active, rows, r.forward, basicForward{&r})
		r.units.end(active, H, r.h, r.y)
	} else {
		r.forward(0, batch(active))
	}
	r.in.free()
	r.wh.free()
	if keep {
		r := r
		g.Record(func() {
			r.dh = g.NewTensor(s[0].Shape()).Data
			var ok bool
			if r.dy, ok = reached(g, y, last, r.dh); !ok {
				return
			}
			r.da = g.Scratch(y.Shape())
			r.wh = newStepWeight(H, H, c.Wh.Value.Data, H, true, active, cut)
			r.units.run(active, splitRows(active, H*H), r.backward, basicBackward{&r})
			if cut && r.first {
				r.wh.mul(batch(active), r.da.Data, H, nil, r.dh, H)
			}
			r.wh.free()
			g.AffineGrad(r.before, r.da, c.Wh, nil)
			projectGrad(g, x, c.Wx, c.B, r.da)
			addGrad(g, s[0], r.dh)
		})
	}
	return y, State(g.List(last))
}

// basicRun is a run of the fused loop, whose y is at first x·Wx + B.
type basicRun struct {
	loop
	apply func(dst, src []grad.Float)
	back  func(dx, dy, y []grad.Float)
	da    *tensor.Tensor // gradient by the argument of φ
}

func (r *basicRun) forward(lo, hi int) {
	H := r.H
	for at, n := range forwards(r.active, lo, hi) {
		h, y := block(r.h, lo, n, H), block(r.y, at, n, H)
		r.keep(h, at, lo, n)
		r.in.step(y, at, n)
		r.wh.mulAdd(n, h, H, y, H)
		r.apply(y, y)
		copy(h, y)
	}
}

func (r *basicRun) backward(lo, hi int) {
	H := r.H
	for at, n := range backwards(r.active, lo, hi) {
		dh, da := block(r.dh, lo, n, H), block(r.da.Data, at, n, H)
		addRows(dh, r.dy, at, n, H)
		clear(da)
		r.back(da, dh, block(r.y, at, n, H))
		if at > lo || r.first {
			r.wh.mul(n, da, H, nil, dh, H)
		}
	}
}

// basicForward is a step of basicRun.forward.
type basicForward struct{ *basicRun }

func (r basicForward) Step(t, piece int) {
	H, n := r.H, r.active[t]
	lo, hi, at := r.units.of(t, piece)
	h, y := r.units.before(t, H, r.h, r.y), block(r.y, at, n, H)
	r.wh.packed.MulAddColumns(lo, hi, n, h, H, y, H)
	for i := range n {
		r.keepUnits(block(h, i, 1, H), at, i, lo, hi)
		part := block(y, i, 1, H)[lo:hi]
		r.apply(part, part)
	}
}

// basicBackward is a step of basicRun.backward that makes dh at its beginning, not its end.
type basicBackward struct{ *basicRun }

func (r basicBackward) Step(s, piece int) {
	H, t := r.H, r.units.last-s
	lo, hi, at := r.units.of(t, piece)
	if s > 0 {
		m := r.active[t+1]
		r.wh.packed.MulColumns(lo, hi, m, block(r.da.Data, r.units.at[t+1], m, H), H, nil, r.dh, H)
	}
	for i := range r.active[t] {
		dh, da := block(r.dh, i, 1, H)[lo:hi], block(r.da.Data, at+i, 1, H)[lo:hi]
		if r.dy != nil {
			kernel.AddTo(dh, block(r.dy, at+i, 1, H)[lo:hi])
		}
		clear(da)
		r.back(da, dh, block(r.y, at+i, 1, H)[lo:hi])
	}
}
