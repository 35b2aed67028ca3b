package rnn

import (
	"runtime"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/internal/par"
)

// Where a batch has too few rows to share out among the cores, they share its hidden
// units: each does its columns of every step's product and what follows from them,
// and the next step begins when all have. The bits are those of one core.

// unitPlan says where the hidden units of a loop are cut, and where its steps begin.
type unitPlan struct {
	cuts []int // nil if they are not
	at   []int // packed row of each step
	last int   // step
}

// cutUnits plans a loop over H units with so many gates.
func cutUnits(active []int, H, gates int) (u unitPlan) {
	const steps, rows, work = 8, 16, 1 << 16 // at least, fewer than, multiplications of a step at least
	panel := kernel.PanelWidth()
	n := min(runtime.GOMAXPROCS(0), H/(2*panel))
	if n < 2 || len(active) < steps || batch(active) >= rows || H%panel != 0 || batch(active)*gates*H*H < work || par.Crowded() {
		return u
	}
	for i := range n + 1 {
		u.cuts = append(u.cuts, i*(H/panel)/n*panel)
	}
	return u
}

// run runs the steps, on the rows that active lists.
func (u *unitPlan) run(active []int, s par.Stepper) { par.Steps(len(active), len(u.cuts)-1, s) }

// setOffsets sets where the steps of active begin.
func (u *unitPlan) setOffsets(active []int) {
	u.at, u.last = u.at[:0], len(active)-1
	at := 0
	for _, n := range active {
		u.at = append(u.at, at)
		at += n
	}
}

// of is the units of a piece, and the packed row of step t.
func (u *unitPlan) of(t, piece int) (lo, hi, at int) { return u.cuts[piece], u.cuts[piece+1], u.at[t] }

// before is h before step t: first, or the outputs y of the step before.
func (u *unitPlan) before(t, H int, first, y []grad.Float) []grad.Float {
	if t == 0 {
		return first
	}
	return y[u.at[t-1]*H:]
}

// end sets each row of h to that row's last output.
func (u *unitPlan) end(active []int, H int, h, y []grad.Float) {
	for t, n := range active {
		ended := 0
		if t < u.last {
			ended = active[t+1]
		}
		copy(block(h, ended, n-ended, H), block(y, u.at[t]+ended, n-ended, H))
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
		c, kept := block(r.c, i, 1, H), i
		if r.hBefore != nil {
			kept = at + i
			copy(block(r.hBefore.Data, kept, 1, H)[lo:hi], block(h, i, 1, H)[lo:hi])
			copy(block(r.cBefore, kept, 1, H)[lo:hi], c[lo:hi])
		}
		kernel.LSTMUnits(H, lo, hi, block(gates, i, 1, 4*H), c, block(r.tanh, kept, 1, H), block(r.y, at+i, 1, H))
	}
}

// lstmBackward is a step of lstmRun.backward, but that dh comes at its beginning.
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
			kernel.AddTo(dh[lo:hi], block(r.dy.Data, at+i, 1, H)[lo:hi])
		}
		kernel.LSTMUnitsGrad(H, lo, hi, gates, block(r.cBefore, at+i, 1, H), block(r.tanh, at+i, 1, H), dh, block(r.dc, i, 1, H), gates)
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
		hb, kept := block(h, i, 1, H), i
		if r.before != nil {
			kept = at + i
			copy(block(r.before.Data, kept, 1, H)[lo:hi], hb[lo:hi])
		}
		kernel.GRUUnits(H, lo, hi, block(r.gates.Data, at+i, 1, 3*H), block(r.hw, i, 1, 3*H), hb, block(r.inner.Data, kept, 1, H), block(r.y, at+i, 1, H))
	}
}

// gruBackward is a step of gruRun.backward, but that dh comes at its beginning.
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
			kernel.AddTo(dh[lo:hi], block(r.dy.Data, at+i, 1, H)[lo:hi])
		}
		kernel.GRUUnitsGrad(H, lo, hi, gates, block(r.before.Data, at+i, 1, H), block(r.inner.Data, at+i, 1, H), dh, gates, block(r.dhw.Data, at+i, 1, 3*H))
	}
}

// basicForward is a step of basicRun.forward.
type basicForward struct{ *basicRun }

func (r basicForward) Step(t, piece int) {
	H, n := r.H, r.active[t]
	lo, hi, at := r.units.of(t, piece)
	h, y := r.units.before(t, H, r.last, r.y.Data), block(r.y.Data, at, n, H)
	r.wh.packed.MulAddColumns(lo, hi, n, h, H, y, H)
	for i := range n {
		if r.before != nil {
			copy(block(r.before.Data, at+i, 1, H)[lo:hi], block(h, i, 1, H)[lo:hi])
		}
		part := block(y, i, 1, H)[lo:hi]
		r.apply(part, part)
	}
}

// basicBackward is a step of basicRun.backward, but that dh comes at its beginning.
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
			kernel.AddTo(dh, block(r.dy.Data, at+i, 1, H)[lo:hi])
		}
		clear(da)
		r.back(da, dh, block(r.y.Data, at+i, 1, H)[lo:hi])
	}
}
