package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/par"
)

// An input projects the inputs of a sequence, x·w + b. It does all rows in one
// product before the loop over the steps, or those of a step in the step, which
// then finds them in the cache; the bits are the same.
type input struct {
	x, w, b *grad.Var  // b may be nil
	weight  stepWeight // w
	inStep  bool
}

// newInput decides by the rows of a step: few would read all of w for little, as
// cores that share the units of a step would each. packed is w if that is frozen.
func newInput(x, w, b *grad.Var, active []int, packed *layouts, cut bool) input {
	const rows, size = 8, 1 << 22 // of a step and a core; elements of w
	k, n := w.Dim(0), w.Dim(1)
	cores := min(par.Cores(), max(1, batch(active)/rows))
	in := input{x: x, w: w, b: b, inStep: worthPacking(active) && !cut && k*n <= size && x.Dim(0) >= rows*cores*len(active)}
	if !in.inStep {
		active = nil // for one product
	}
	in.weight = packed.stepWeight(k, n, w.Value.Data, n, active, false)
	return in
}

func (in *input) bias() []grad.Float {
	if in.b == nil {
		return nil
	}
	return in.b.Value.Data
}

// before sets dst to the rows of x that span lists, projected, unless step does so.
func (in *input) before(dst []grad.Float, rows span) {
	if in.inStep {
		return
	}
	k, n := in.weight.k, in.weight.n
	in.weight.mul(rows.n, block(in.x.Value.Data, rows.at, rows.n, k), k, in.bias(), dst, n)
}

// step sets dst to the n rows of x from at on, projected, unless before has.
func (in *input) step(dst []grad.Float, at, n int) {
	if in.inStep {
		k := in.weight.k
		in.weight.mul(n, block(in.x.Value.Data, at, n, k), k, in.bias(), dst, in.weight.n)
	}
}

func (in *input) free() { in.weight.free() }

// rows plans the buffers of a loop over total packed rows whose gates are width
// wide: how many rows go into a part of the sequence, for how many there are gates,
// and for how many the rest of what the way back needs, if keep.
func (in *input) rows(active []int, total, width int, keep bool) (part, gates, rest int) {
	switch {
	case keep:
		return total, total, total
	case in.inStep:
		return total, batch(active), batch(active)
	}
	const room = 1 << 17 // elements in the second cache
	part = min(total, max(batch(active), room/width))
	return part, part, batch(active)
}

// rowOf is the row of a buffer for a step's rows from at on, or from lo on if it holds only
// one step's rows.
func rowOf(oneStep bool, at, lo int) int {
	if oneStep {
		return lo
	}
	return at
}
