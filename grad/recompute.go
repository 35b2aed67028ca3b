package grad

import (
	"math/rand/v2"

	"github.com/recur-go/recur/internal/kernel"
)

// Recompute returns f(in), and keeps nothing of f's inner values for Backward,
// which runs f again. It trades one more forward pass for memory
// (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").
//
// f must do all its work on the tape that it is given and must compute the same
// values when it is run again: what it draws from that tape's Rand repeats.
// Leaves and values of g may be used inside; their gradients are right.
func (g *Tape) Recompute(f func(g *Tape, in []*Var) []*Var, in ...*Var) []*Var {
	var seed [2]uint64
	if g.Train {
		seed = [2]uint64{g.Rand.Uint64(), g.Rand.Uint64()}
	}
	if !g.record {
		outer := g.Rand
		g.Rand = rand.New(rand.NewPCG(seed[0], seed[1]))
		defer func() { g.Rand = outer }()
		return f(g, in)
	}
	if g.child == nil {
		g.child = &Tape{leaves: g.leaves, parent: g}
	}
	c := g.child
	run := func(record bool) (inner, outs []*Var) {
		c.record, c.Train = record, g.Train
		c.Rand = rand.New(rand.NewPCG(seed[0], seed[1]))
		inner = make([]*Var, len(in))
		for i, v := range in {
			inner[i] = c.NewVar(v.Value)
			inner[i].fixed = v.fixed
		}
		return inner, f(c, inner)
	}
	_, made := run(false)
	outs := g.lists.take(len(made))
	for i, o := range made {
		t := g.Scratch(o.Value.Shape)
		copy(t.Data, o.Value.Data)
		outs[i] = g.NewVar(t)
	}
	c.rewind()
	g.Record(func() {
		inner, again := run(true)
		for i, o := range outs {
			if d := g.GradIfSet(o); d != nil && c.NeedsGrad(again[i]) {
				kernel.Axpy(1, d.Data, c.Grad(again[i]).Data)
			}
			g.passed(o)
		}
		c.run()
		for i, v := range in {
			if d := c.GradIfSet(inner[i]); d != nil && g.NeedsGrad(v) {
				kernel.Axpy(1, d.Data, g.Grad(v).Data)
			}
		}
		c.rewind()
	})
	return outs
}
