package rnn

import (
	"runtime"
	"sync"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
)

// scan runs the linear recurrence h = a∘h + b over packed rows from s. Since a and
// b do not depend on h, a cell computes them for all steps at once; what is left to
// do in order is one multiplication and one addition an element. The elements of
// the state are independent, so large ones are shared out over the cores.
func scan(g *grad.Tape, a, b *grad.Var, active []int, s *grad.Var) (y, last *grad.Var) {
	H := s.Dim(1)
	y = g.NewVar(g.Scratch(b.Shape()), a, b, s)
	last = carried(g, s, y)
	h := last.Value.Data
	parts(len(h), len(active), func(lo, hi int) {
		kernel.Scan(H, active, a.Value.Data, b.Value.Data, h, y.Value.Data, lo, hi)
	})
	if g.Wants(y) {
		g.Record(func() {
			dh := g.NewTensor(s.Shape()).Data
			d, ok := reached(g, y, last, dh)
			if !ok {
				return
			}
			var dy []grad.Float
			if d != nil {
				dy = d.Data
			}
			da, db := g.Scratch(a.Shape()).Data, g.Scratch(b.Shape()).Data
			parts(len(dh), len(active), func(lo, hi int) {
				kernel.ScanBack(H, active, a.Value.Data, y.Value.Data, s.Value.Data, dy, dh, da, db, lo, hi)
			})
			addGrad(g, a, da)
			addGrad(g, b, db)
			addGrad(g, s, dh)
		})
	}
	return y, last
}

// parts cuts the elements of a state into ranges, on as many cores as the work is
// worth. The bits do not depend on the cut.
func parts(elements, steps int, f func(lo, hi int)) {
	const worth = 1 << 17 // elements of all steps that keep a core busy for long enough
	n := min(runtime.GOMAXPROCS(0), elements*steps/worth, elements/64)
	if n < 2 {
		f(0, elements)
		return
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i*elements/n, (i+1)*elements/n) })
	}
	wg.Wait()
}
