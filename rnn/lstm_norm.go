package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// The fused loop of an LSTM with layer normalisation. For each row, with norm the
// normalisation of LSTMNorm and â, ĉ what it leaves before gain and shift:
//
//	i, f, u, o = norm(x·Wx + h·Wh + B), each by itself
//	c' = norm(σ(f)∘c + σ(i)∘tanh(u))
//	h' = σ(o)∘tanh(c')

// normFusable is whether the cell has Norm and is plain otherwise.
func (c *LSTM) normFusable() bool {
	return c.Norm != nil && c.P == nil && c.Wp == nil && !c.Coupled && c.Clip == 0 && c.CellClip == 0 && c.standard()
}

func (c *LSTM) normed(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	N, B, H, norm := x.Dim(0), s[0].Dim(0), c.hidden(), c.Norm
	y := result(g, g.Scratch(tensor.ShapeOf(N, H)), x, s[0], s[1], c.Wx, c.Wh, c.B, norm.Gain, norm.Shift, norm.CellGain, norm.CellShift)
	h, cell := carried(g, s[0], y), carried(g, s[1], y)
	keep := g.NeedsGrad(y)
	c.packed.mustNotTrain(keep)
	w := c.packed.weights()

	r := normRun{
		loop: loop{H: H, active: active, h: h.Value.Data},
		norm: norm, eps: norm.eps(), c: cell.Value.Data,
		work: g.Scratch(tensor.ShapeOf(B, normWork*H)).Data,
	}
	r.in = newInput(x, c.Wx, c.B, active, w.wx, false)
	part, rows, kept := r.in.rows(active, N, 4*H, keep)
	if keep {
		r.before, r.cBefore = g.Scratch(y.Shape()), g.Scratch(y.Shape()).Data
	}
	r.gates = g.Scratch(tensor.ShapeOf(rows, 4*H))
	r.hat = g.Scratch(tensor.ShapeOf(kept, 4*H)).Data
	r.cellHat = g.Scratch(tensor.ShapeOf(kept, H)).Data
	r.tanh = g.Scratch(tensor.ShapeOf(kept, H)).Data
	r.inv = g.Scratch(tensor.ShapeOf(kept, 5)).Data
	r.wh = w.wh.stepWeight(H, 4*H, c.Wh.Value.Data, 4*H, active, false)
	r.oneStep = rows < part
	for part, active := range chunks(active, part) {
		r.in.before(r.gates.Data, part)
		r.active, r.y = active, y.Value.Data[part.at*H:]
		if cuts := splitRows(active, 4*H*H); cuts != nil {
			r := r // only this escapes, and only here
			inRanges(cuts, active, r.forward)
		} else {
			r.forward(0, batch(active))
		}
	}
	r.in.free()
	r.wh.free()
	if keep {
		r := r
		g.Record(func() { c.normedBack(g, x, s, y, h, cell, &r) })
	}
	return y, State(g.List(h, cell))
}

func (c *LSTM) normedBack(g *grad.Tape, x *grad.Var, s State, y, h, cell *grad.Var, r *normRun) {
	B, H, norm := s[0].Dim(0), r.H, c.Norm
	r.dh, r.dc = g.NewTensor(s[0].Shape()).Data, g.NewTensor(s[1].Shape()).Data
	dy, ok := reached(g, y, h, r.dh)
	if !copyGrad(g, cell, r.dc) && !ok {
		return
	}
	r.dy, r.first = dy, g.NeedsGrad(s[0])
	r.dGain, r.dShift = g.NewTensor(tensor.ShapeOf(B, 4*H)).Data, g.NewTensor(tensor.ShapeOf(B, 4*H)).Data
	r.dCellGain, r.dCellShift = g.NewTensor(tensor.ShapeOf(B, H)).Data, g.NewTensor(tensor.ShapeOf(B, H)).Data
	r.wh = newStepWeight(4*H, H, c.Wh.Value.Data, 4*H, true, r.active, false)
	inRanges(splitRows(r.active, 4*H*H), r.active, r.backward)
	r.wh.free()
	g.AffineGrad(r.before, r.gates, c.Wh, nil)
	projectGrad(g, x, c.Wx, c.B, r.gates)
	addSums(g, norm.Gain, B, r.dGain)
	addSums(g, norm.Shift, B, r.dShift)
	addSums(g, norm.CellGain, B, r.dCellGain)
	addSums(g, norm.CellShift, B, r.dCellShift)
	addGrad(g, s[0], r.dh)
	addGrad(g, s[1], r.dc)
}

// addSums adds the sums of the columns of d [m, n] to the gradient of v [n].
func addSums(g *grad.Tape, v *grad.Var, m int, d []grad.Float) {
	if n := len(v.Value.Data); g.NeedsGrad(v) {
		kernel.ColSums(m, n, d, n, g.Grad(v).Data)
	}
}

// A normRun is a run of the loop; see lstmRun. Each row of the batch sums its own
// gradients of the gains and shifts, so that their order is always the same.
type normRun struct {
	loop
	norm *LSTMNorm
	eps  float64

	c       []grad.Float // state of the batch
	hat     []grad.Float // â; with the next three, of the batch if there is no way back
	cellHat []grad.Float // ĉ
	tanh    []grad.Float // tanh of c'
	inv     []grad.Float // [rows, 5]: 1/√(σ²+eps) of the gates and of c'
	cBefore []grad.Float // c before each step, if there is a way back
	work    []grad.Float // [batch, normWork·H], a row for each range

	dc                    []grad.Float // gradient by c of the batch
	dGain, dShift         []grad.Float // [batch, 4H]
	dCellGain, dCellShift []grad.Float // [batch, H]
}

// normWork is how many times H a row needs on the way back: for gradients of four
// gates and of c, and for zeros and another.
const normWork = 7

func (r *normRun) forward(lo, hi int) {
	H := r.H
	for at, n := range forwards(r.active, lo, hi) {
		h, c := block(r.h, lo, n, H), block(r.c, lo, n, H)
		gates, y := block(r.gates.Data, rowOf(r.oneStep, at, lo), n, 4*H), block(r.y, at, n, H)
		r.in.step(gates, at, n)
		kept := r.keep(h, at, lo, n)
		if r.cBefore != nil {
			copy(block(r.cBefore, at, n, H), c)
		}
		r.wh.mulAdd(n, h, H, gates, 4*H)
		for k := range n {
			r.forwardRow(kept+k, block(gates, k, 1, 4*H), block(c, k, 1, H), block(y, k, 1, H))
		}
		copy(h, y)
	}
}

func (r *normRun) forwardRow(at int, a, c, y []grad.Float) {
	H, gain, shift := r.H, r.norm.Gain.Value.Data, r.norm.Shift.Value.Data
	hat, inv, tanh := block(r.hat, at, 1, 4*H), block(r.inv, at, 1, 5), block(r.tanh, at, 1, H)
	for k := range 4 {
		lo, hi := k*H, (k+1)*H
		inv[k] = kernel.LayerNorm(a[lo:hi], hat[lo:hi], a[lo:hi], gain[lo:hi], shift[lo:hi], r.eps)
	}
	i, f, u, o := a[:H], a[H:2*H], a[2*H:3*H], a[3*H:]
	kernel.Sigmoids(a[:2*H], a[:2*H])
	kernel.Tanhs(u, u)
	kernel.Sigmoids(o, o)
	kernel.Mul(c, c, f)
	kernel.MulAdd(c, i, u)
	inv[4] = kernel.LayerNorm(c, block(r.cellHat, at, 1, H), c, r.norm.CellGain.Value.Data, r.norm.CellShift.Value.Data, r.eps)
	kernel.Tanhs(tanh, c)
	kernel.Mul(y, o, tanh)
}

func (r *normRun) backward(lo, hi int) {
	H := r.H
	for at, n := range backwards(r.active, lo, hi) {
		dh, dc, gates := block(r.dh, lo, n, H), block(r.dc, lo, n, H), block(r.gates.Data, at, n, 4*H)
		addRows(dh, r.dy, at, n, H)
		work := block(r.work, lo, 1, normWork*H)
		for k := range n {
			r.backwardRow(lo+k, at+k, work, block(gates, k, 1, 4*H), block(dh, k, 1, H), block(dc, k, 1, H))
		}
		if at > lo || r.first {
			r.wh.mul(n, gates, 4*H, nil, dh, H)
		}
	}
}

// backwardRow turns the activated gates a of row b of the batch, row at of the
// sequence, into their gradients before norm, and dc from that of c' to that of c.
func (r *normRun) backwardRow(b, at int, work, a, dh, dc []grad.Float) {
	H, gain := r.H, r.norm.Gain.Value.Data
	o, hat, inv := a[3*H:], block(r.hat, at, 1, 4*H), block(r.inv, at, 1, 5)
	tanh, cellHat := block(r.tanh, at, 1, H), block(r.cellHat, at, 1, H)
	d, e, t, zero := work[:4*H], work[4*H:5*H], work[5*H:6*H], work[6*H:]

	kernel.Mul(t, dh, o)
	kernel.TanhGrad(dc, t, tanh)
	kernel.AddTo(block(r.dCellShift, b, 1, H), dc)
	kernel.MulAdd(block(r.dCellGain, b, 1, H), dc, cellHat)
	clear(e)
	kernel.LayerNormGrad(e, dc, cellHat, r.norm.CellGain.Value.Data, inv[4])

	kernel.Mul(t, dh, tanh) // of σ(o), before a is written over
	clear(zero)
	kernel.LSTMUnitsGrad(H, 0, H, a, block(r.cBefore, at, 1, H), zero, zero, e, d)
	copy(dc, e)
	kernel.SigmoidGrad(d[3*H:], t, o) // where LSTMUnitsGrad left 0, for no gradient of h'

	kernel.AddTo(block(r.dShift, b, 1, 4*H), d)
	kernel.MulAdd(block(r.dGain, b, 1, 4*H), d, hat)
	clear(a)
	for k := range 4 {
		lo, hi := k*H, (k+1)*H
		kernel.LayerNormGrad(a[lo:hi], d[lo:hi], hat[lo:hi], gain[lo:hi], inv[k])
	}
}
