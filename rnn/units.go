package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/internal/par"
)

// Where a batch has too few rows to share out among the cores, they share its hidden
// units: each does its columns of every step's product and what follows from them,
// and the next step begins when all have. The bits are those of one core.

// A unitPlan is where the hidden units of a loop are cut, and where its steps begin.
type unitPlan struct {
	cuts []int // nil if they are not
	at   []int // packed row of each step
	last int   // step
}

// cutUnits plans a loop over H units with so many gates.
func cutUnits(active []int, H, gates int) (u unitPlan) {
	const steps, rows, work = 8, 16, 1 << 16 // at least, fewer than, multiplications of a step at least
	panel := kernel.PanelWidth()
	n := min(par.Cores(), H/(2*panel))
	if n < 2 || len(active) < steps || batch(active) >= rows || H%panel != 0 || batch(active)*gates*H*H < work || par.Crowded() {
		return u
	}
	for i := range n + 1 {
		u.cuts = append(u.cuts, i*(H/panel)/n*panel)
	}
	return u
}

// run runs the steps on the rows that active lists: units by units if they are cut, else
// ranges for the ranges of rows that splitRows cut. One range of all rows needs no run.
func (u *unitPlan) run(active, rows []int, ranges func(lo, hi int), units par.Stepper) {
	if u.cuts == nil {
		inRanges(rows, active, ranges)
		return
	}
	u.setOffsets(active)
	par.Steps(len(active), len(u.cuts)-1, units)
}

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

// end sets each row of h to that row's last output, if the units are cut; else the loop
// has.
func (u *unitPlan) end(active []int, H int, h, y []grad.Float) {
	if u.cuts == nil {
		return
	}
	for t, n := range active {
		ended := 0
		if t < u.last {
			ended = active[t+1]
		}
		copy(block(h, ended, n-ended, H), block(y, u.at[t]+ended, n-ended, H))
	}
}
