package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// fused runs the recurrence over x·Wx + B, whose values become r, z, n and, on the
// way back, the gradients before their activations.
func (c *GRU) fused(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	N, H := x.Dim(0), c.Wh.Dim(0)
	y := result(g, g.Scratch(tensor.ShapeOf(N, H)), x, s[0], c.Wx, c.Wh, c.B, c.Bn)
	last := carried(g, s[0], y)
	keep := g.NeedsGrad(y)
	c.packed.mustNotTrain(keep)
	w := c.packed.weights()

	r := gruRun{loop: loop{H: H, active: active, h: last.Value.Data}}
	if c.Bn != nil && !w.wh.isSmall() {
		r.units = cutUnits(active, H, 3)
	}
	cut := r.units.cuts != nil
	r.in = newInput(x, c.Wx, c.B, active, w.wx, cut)
	part, rows, kept := r.in.rows(active, N, 3*H, keep)
	if keep {
		r.before = g.Scratch(y.Shape())
	}
	r.gates = g.Scratch(tensor.ShapeOf(rows, 3*H))
	r.inner = g.Scratch(tensor.ShapeOf(kept, H))
	wh := c.Wh.Value.Data
	if c.Bn != nil {
		r.bias = g.NewTensor(tensor.ShapeOf(3 * H)).Data
		copy(r.bias[2*H:], c.Bn.Value.Data)
		r.hw = g.Scratch(tensor.ShapeOf(batch(active), 3*H)).Data
		r.wh = w.wh.stepWeight(H, 3*H, wh, 3*H, active, cut)
	} else {
		r.wh = w.wh.stepWeight(H, 2*H, wh, 3*H, active, false)
		r.wn = w.wn.stepWeight(H, H, wh[2*H:], 3*H, active, false)
	}
	r.oneStep = rows < part
	for part, active := range chunks(active, part) {
		r.in.before(r.gates.Data, part)
		r.active, r.y = active, y.Value.Data[part.at*H:]
		if rows := splitRows(active, 3*H*H); cut || rows != nil {
			r := r // only this escapes, and only here
			r.units.run(active, rows, r.forward, gruForward{&r})
			r.units.end(active, H, r.h, r.y)
		} else {
			r.forward(0, batch(active))
		}
	}
	r.in.free()
	r.wh.free()
	r.wn.free()
	if keep {
		r := r
		g.Record(func() { c.fusedBack(g, x, s, y, last, &r) })
	}
	return y, State(g.List(last))
}

func (c *GRU) fusedBack(g *grad.Tape, x *grad.Var, s State, y, last *grad.Var, r *gruRun) {
	N, H := x.Dim(0), r.H
	r.dh = g.NewTensor(s[0].Shape()).Data
	dy, ok := reached(g, y, last, r.dh)
	if !ok {
		return
	}
	r.dy, r.first = dy, g.NeedsGrad(s[0])
	wh := c.Wh.Value.Data
	if c.Bn != nil {
		r.dhw = g.Scratch(r.gates.Shape)
		r.wh = newStepWeight(3*H, H, wh, 3*H, true, r.active, r.units.cuts != nil)
	} else {
		r.drh = g.Scratch(tensor.ShapeOf(batch(r.active), H)).Data
		r.wh = newStepWeight(2*H, H, wh, 3*H, true, r.active, false)
		r.wn = newStepWeight(H, H, wh[2*H:], 3*H, true, r.active, false)
	}
	r.units.run(r.active, splitRows(r.active, 3*H*H), r.backward, gruBackward{r})
	if r.units.cuts != nil && r.first {
		r.wh.mulAdd(batch(r.active), r.dhw.Data, 3*H, r.dh, H)
	}
	r.wh.free()
	r.wn.free()
	da := r.gates
	switch {
	case c.Bn != nil:
		g.AffineGrad(r.before, r.dhw, c.Wh, nil)
		if g.NeedsGrad(c.Bn) && N > 0 {
			kernel.ColSums(N, H, r.dhw.Data[2*H:], 3*H, g.Grad(c.Bn).Data)
		}
	case g.NeedsGrad(c.Wh) && N > 0:
		dw := g.Grad(c.Wh).Data
		kernel.GemmTN(H, 2*H, N, r.before.Data, H, da.Data, 3*H, dw, 3*H)
		kernel.GemmTN(H, H, N, r.inner.Data, H, da.Data[2*H:], 3*H, dw[2*H:], 3*H)
	}
	projectGrad(g, x, c.Wx, c.B, da)
	addGrad(g, s[0], r.dh)
}

// gruRun is a run of the fused loop, with Wr and Wz alone in wh if the reset comes before
// the product.
type gruRun struct {
	loop
	wn    stepWeight     // Wn, if it is not in wh
	bias  []grad.Float   // Bn, where hw begins; nil if the reset comes before the product
	hw    []grad.Float   // h·Wh and Bn, of the batch
	inner *tensor.Tensor // h·Wn + Bn, or r∘h; of the batch if there is no way back

	dhw *tensor.Tensor // gradient by h·Wh, which differs from that of the gates in n alone
	drh []grad.Float   // gradient by r∘h, of the batch
}

func (r *gruRun) forward(lo, hi int) {
	H := r.H
	for at, n := range forwards(r.active, lo, hi) {
		h, gates, y := block(r.h, lo, n, H), block(r.gates.Data, rowOf(r.oneStep, at, lo), n, 3*H), block(r.y, at, n, H)
		r.in.step(gates, at, n)
		inner := block(r.inner.Data, r.keep(h, at, lo, n), n, H)
		if r.bias != nil {
			hw := block(r.hw, lo, n, 3*H)
			r.wh.mul(n, h, H, r.bias, hw, 3*H)
			kernel.GRUForwardAfter(n, H, gates, hw, h, inner, y)
		} else {
			r.wh.mulAdd(n, h, H, gates, 3*H)
			kernel.GRUResetBefore(n, H, gates, h, inner)
			r.wn.mulAdd(n, inner, H, gates[2*H:], 3*H)
			kernel.GRUForwardBefore(n, H, gates, h, y)
		}
		copy(h, y)
	}
}

func (r *gruRun) backward(lo, hi int) {
	H := r.H
	for at, n := range backwards(r.active, lo, hi) {
		dh, gates := block(r.dh, lo, n, H), block(r.gates.Data, at, n, 3*H)
		before, inner := block(r.before.Data, at, n, H), block(r.inner.Data, at, n, H)
		addRows(dh, r.dy, at, n, H)
		more := at > lo || r.first // steps, or a first state, before this one
		if r.bias != nil {
			dhw := block(r.dhw.Data, at, n, 3*H)
			kernel.GRUBackwardAfter(n, H, gates, before, inner, dh, gates, dhw)
			if more {
				r.wh.mulAdd(n, dhw, 3*H, dh, H)
			}
			continue
		}
		drh := block(r.drh, lo, n, H)
		kernel.GRUBackwardBefore(n, H, gates, before, dh, gates)
		r.wn.mul(n, gates[2*H:], 3*H, nil, drh, H)
		kernel.GRUResetBackward(n, H, gates, before, drh, dh, gates)
		if more {
			r.wh.mulAdd(n, gates, 3*H, dh, H)
		}
	}
}

// gruForward is a step of gruRun.forward where the reset comes after the product.
type gruForward struct{ *gruRun }

func (r gruForward) Step(t, piece int) {
	H, n := r.H, r.active[t]
	lo, hi, at := r.units.of(t, piece)
	h := r.units.before(t, H, r.h, r.y)
	for k := range 3 {
		r.wh.packed.MulColumns(k*H+lo, k*H+hi, n, h, H, r.bias, r.hw, 3*H)
	}
	for i := range n {
		hb := block(h, i, 1, H)
		kept := r.keepUnits(hb, at, i, lo, hi)
		kernel.GRUUnits(H, lo, hi, block(r.gates.Data, at+i, 1, 3*H), block(r.hw, i, 1, 3*H), hb, block(r.inner.Data, kept, 1, H), block(r.y, at+i, 1, H))
	}
}

// gruBackward is a step of gruRun.backward that makes dh at its beginning, not its end.
type gruBackward struct{ *gruRun }

func (r gruBackward) Step(s, piece int) {
	H, t := r.H, r.units.last-s
	lo, hi, at := r.units.of(t, piece)
	if s > 0 {
		m := r.active[t+1]
		r.wh.packed.MulAddColumns(lo, hi, m, block(r.dhw.Data, r.units.at[t+1], m, 3*H), 3*H, r.dh, H)
	}
	for i := range r.active[t] {
		dh, gates := block(r.dh, i, 1, H), block(r.gates.Data, at+i, 1, 3*H)
		if r.dy != nil {
			kernel.AddTo(dh[lo:hi], block(r.dy, at+i, 1, H)[lo:hi])
		}
		kernel.GRUUnitsGrad(H, lo, hi, gates, block(r.before.Data, at+i, 1, H), block(r.inner.Data, at+i, 1, H), dh, gates, block(r.dhw.Data, at+i, 1, 3*H))
	}
}
