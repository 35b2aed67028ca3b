package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// fused runs the recurrence over x·Wx + B, whose values become the gates after
// their activations and, on the way back, the gradients before them.
func (c *LSTM) fused(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	N, H, out := x.Dim(0), c.hidden(), c.Wh.Dim(0)
	y := result(g, g.Scratch(tensor.ShapeOf(N, out)), x, s[0], s[1], c.Wx, c.Wh, c.B, c.P, c.Wp)
	h, cell := carried(g, s[0], y), carried(g, s[1], y)
	keep := g.NeedsGrad(y)
	c.packed.mustNotTrain(keep)
	w := c.packed.weights()

	r := lstmRun{
		loop: loop{H: H, active: active, h: h.Value.Data},
		out:  out, c: cell.Value.Data,
		projected: c.Wp != nil, limit: grad.Float(c.ProjClip),
		kernel: kernel.LSTM{H: H, Clip: grad.Float(c.CellClip)},
	}
	switch {
	case c.P != nil:
		r.kernel.Peep = c.P.Value.Data
	case c.CellClip > 0: // goes with peepholes, if only of 0
		r.kernel.Peep = g.NewTensor(tensor.ShapeOf(3, H)).Data
	}
	if r.kernel.Peep == nil && !r.projected && !w.wh.isSmall() {
		r.units = cutUnits(active, H, 4)
	}
	cut := r.units.cuts != nil
	r.in = newInput(x, c.Wx, c.B, active, w.wx, cut)
	part, rows, kept := r.in.rows(active, N, 4*H, keep)
	if keep {
		r.before, r.cBefore = g.Scratch(y.Shape()), g.Scratch(tensor.ShapeOf(N, H)).Data
	}
	r.gates = g.Scratch(tensor.ShapeOf(rows, 4*H))
	r.tanh = g.Scratch(tensor.ShapeOf(kept, H)).Data
	r.wh = w.wh.stepWeight(out, 4*H, c.Wh.Value.Data, 4*H, active, cut)
	if r.projected {
		r.m = g.Scratch(tensor.ShapeOf(kept, H))
		r.wp = w.wp.stepWeight(H, out, c.Wp.Value.Data, out, active, false)
	}
	r.oneStep = rows < part
	for part, active := range chunks(active, part) {
		r.in.before(r.gates.Data, part)
		r.active, r.y = active, y.Value.Data[part.at*out:]
		if rows := splitRows(active, 4*H*out); cut || rows != nil {
			r := r // only this escapes, and only here
			r.units.run(active, rows, r.forward, lstmForward{&r})
			r.units.end(active, H, r.h, r.y)
		} else {
			r.forward(0, batch(active))
		}
	}
	r.in.free()
	r.wh.free()
	r.wp.free()
	if keep {
		r := r
		g.Record(func() { c.fusedBack(g, x, s, y, h, cell, &r) })
	}
	return y, State(g.List(h, cell))
}

func (c *LSTM) fusedBack(g *grad.Tape, x *grad.Var, s State, y, h, cell *grad.Var, r *lstmRun) {
	H, out := r.H, r.out
	r.dh, r.dc = g.NewTensor(s[0].Shape()).Data, g.NewTensor(s[1].Shape()).Data
	dy, ok := reached(g, y, h, r.dh)
	if !copyGrad(g, cell, r.dc) && !ok {
		return
	}
	r.dy, r.first = dy, g.NeedsGrad(s[0])
	r.wh = newStepWeight(4*H, out, c.Wh.Value.Data, 4*H, true, r.active, r.units.cuts != nil)
	if r.projected {
		r.dm = g.Scratch(tensor.ShapeOf(batch(r.active), H)).Data
		r.dProjected = g.Scratch(y.Shape())
		r.wp = newStepWeight(out, H, c.Wp.Value.Data, out, true, r.active, false)
	}
	rows := splitRows(r.active, 4*H*out)
	if c.P != nil && g.NeedsGrad(c.P) {
		r.kernel.DPeep = g.Grad(c.P).Data
		rows = nil // rows share the gradient of P, whose sum must have one order
	}
	r.units.run(r.active, rows, r.backward, lstmBackward{r})
	if r.units.cuts != nil && r.first {
		r.wh.mul(batch(r.active), r.gates.Data, 4*H, nil, r.dh, H)
	}
	r.wh.free()
	r.wp.free()
	g.AffineGrad(r.before, r.gates, c.Wh, nil)
	if r.projected {
		g.AffineGrad(r.m, r.dProjected, c.Wp, nil)
	}
	projectGrad(g, x, c.Wx, c.B, r.gates)
	addGrad(g, s[0], r.dh)
	addGrad(g, s[1], r.dc)
}

// lstmRun is a run of the fused loop.
type lstmRun struct {
	loop
	out       int
	kernel    kernel.LSTM
	wp        stepWeight
	projected bool
	limit     grad.Float // limit of the projection; 0 for none

	c       []grad.Float   // state of the batch
	tanh    []grad.Float   // tanh of c; of the batch if there is no way back
	m       *tensor.Tensor // o∘tanh(c), which the projection reads; as tanh
	cBefore []grad.Float   // c before each step, if there is a way back

	dc         []grad.Float // gradient by c of the batch
	dm         []grad.Float // gradient by m, of the batch
	dProjected *tensor.Tensor
}

func (r *lstmRun) forward(lo, hi int) {
	H, out := r.H, r.out
	for at, n := range forwards(r.active, lo, hi) {
		h, c := block(r.h, lo, n, out), block(r.c, lo, n, H)
		gates, y := block(r.gates.Data, rowOf(r.oneStep, at, lo), n, 4*H), block(r.y, at, n, out)
		r.in.step(gates, at, n)
		kept := r.keep(h, at, lo, n)
		if r.cBefore != nil {
			copy(block(r.cBefore, at, n, H), c)
		}
		tanh := block(r.tanh, kept, n, H)
		r.wh.mulAdd(n, h, out, gates, 4*H)
		if !r.projected {
			r.kernel.Forward(n, gates, c, tanh, y)
		} else {
			m := block(r.m.Data, kept, n, H)
			r.kernel.Forward(n, gates, c, tanh, m)
			r.wp.mul(n, m, H, nil, y, out)
			if r.limit > 0 {
				kernel.Clip(y, -r.limit, r.limit)
			}
		}
		copy(h, y)
	}
}

func (r *lstmRun) backward(lo, hi int) {
	H, out := r.H, r.out
	for at, n := range backwards(r.active, lo, hi) {
		dh, dc, gates := block(r.dh, lo, n, out), block(r.dc, lo, n, H), block(r.gates.Data, at, n, 4*H)
		addRows(dh, r.dy, at, n, out)
		dm := dh
		if r.projected {
			d := block(r.dProjected.Data, at, n, out)
			copy(d, dh)
			if r.limit > 0 {
				kernel.ClipGrad(d, block(r.y, at, n, out), -r.limit, r.limit)
			}
			dm = block(r.dm, lo, n, H)
			r.wp.mul(n, d, out, nil, dm, H)
		}
		r.kernel.Backward(n, gates, block(r.cBefore, at, n, H), block(r.tanh, at, n, H), dm, dc, gates)
		if at > lo || r.first {
			r.wh.mul(n, gates, 4*H, nil, dh, out)
		}
	}
}

// lstmForward is a step of lstmRun.forward for an LSTM without options.
type lstmForward struct{ *lstmRun }

func (r lstmForward) Step(t, piece int) {
	H, n := r.H, r.active[t]
	lo, hi, at := r.units.of(t, piece)
	h, gates := r.units.before(t, H, r.h, r.y), block(r.gates.Data, at, n, 4*H)
	for k := range 4 {
		r.wh.packed.MulAddColumns(k*H+lo, k*H+hi, n, h, H, gates, 4*H)
	}
	for i := range n {
		c, kept := block(r.c, i, 1, H), r.keepUnits(block(h, i, 1, H), at, i, lo, hi)
		if r.cBefore != nil {
			copy(block(r.cBefore, kept, 1, H)[lo:hi], c[lo:hi])
		}
		kernel.LSTMUnits(H, lo, hi, block(gates, i, 1, 4*H), c, block(r.tanh, kept, 1, H), block(r.y, at+i, 1, H))
	}
}

// lstmBackward is a step of lstmRun.backward that makes dh at its beginning, not its end.
type lstmBackward struct{ *lstmRun }

func (r lstmBackward) Step(s, piece int) {
	H, t := r.H, r.units.last-s
	lo, hi, at := r.units.of(t, piece)
	if s > 0 {
		m := r.active[t+1]
		r.wh.packed.MulColumns(lo, hi, m, block(r.gates.Data, r.units.at[t+1], m, 4*H), 4*H, nil, r.dh, H)
	}
	for i := range r.active[t] {
		dh, gates := block(r.dh, i, 1, H), block(r.gates.Data, at+i, 1, 4*H)
		if r.dy != nil {
			kernel.AddTo(dh[lo:hi], block(r.dy, at+i, 1, H)[lo:hi])
		}
		kernel.LSTMUnitsGrad(H, lo, hi, gates, block(r.cBefore, at+i, 1, H), block(r.tanh, at+i, 1, H), dh, block(r.dc, i, 1, H), gates)
	}
}
