package rnn

import (
	"fmt"
	"iter"
	"strconv"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/internal/par"
	"github.com/recur-go/recur/tensor"
)

// What the fused loops of Basic, LSTM and GRU share. Such a loop projects all
// inputs in one product, goes through the steps on matrices of packed rows, and
// leaves one product for the gradient of each weight to the end. Rows of the batch
// do not mix, so the loop runs for ranges of them on several cores.

// A loop is what the runs of those loops have in common. Row r of its matrices belongs to
// row r of the packed sequence, or of the batch where that is noted.
type loop struct {
	H      int
	active []int
	in     input
	units  unitPlan
	wh     stepWeight

	gates   *tensor.Tensor // before and after their activations; on the way back their gradients
	oneStep bool           // whether gates holds only one step's rows
	y       []grad.Float
	h       []grad.Float   // state of the batch
	before  *tensor.Tensor // h before each step; nil if there is no way back

	first bool         // whether the gradient of the first h is wanted
	dy    []grad.Float // nil for none
	dh    []grad.Float // gradient by h of the batch
}

// keep keeps h, n rows of the batch from lo on, for the way back of the packed rows from at
// on. It returns the row of what else is kept: at, or lo if there is no way back.
func (r *loop) keep(h []grad.Float, at, lo, n int) int {
	if r.before == nil {
		return lo
	}
	copy(block(r.before.Data, at, n, r.before.Dim(1)), h)
	return at
}

// keepUnits is keep for the units lo to hi of row i of the batch.
func (r *loop) keepUnits(h []grad.Float, at, i, lo, hi int) int {
	if r.before == nil {
		return i
	}
	copy(block(r.before.Data, at+i, 1, r.H)[lo:hi], h[lo:hi])
	return at + i
}

// one is the list of active rows of a single step.
func one(g *grad.Tape, n int) []int {
	active := g.Ints(1)
	active[0] = n
	return active
}

// forwards yields for each step where the rows lo to hi of the batch lie: n packed
// rows from at on.
func forwards(active []int, lo, hi int) iter.Seq2[int, int] {
	return func(yield func(at, n int) bool) {
		off := 0
		for _, n := range active {
			if n <= lo || !yield(off+lo, min(n, hi)-lo) {
				return
			}
			off += n
		}
	}
}

// backwards is forwards from the last step to the first, where at is lo.
func backwards(active []int, lo, hi int) iter.Seq2[int, int] {
	return func(yield func(at, n int) bool) {
		off := 0
		for _, n := range active {
			off += n
		}
		for t := len(active) - 1; t >= 0; t-- {
			n := active[t]
			off -= n
			if n > lo && !yield(off+lo, min(n, hi)-lo) {
				return
			}
		}
	}
}

// chunks cuts the steps into parts of at most the given number of packed rows, which
// is not less than those of the first step. It yields the packed row at which a part
// begins, how many it has, and its list of active rows.
func chunks(active []int, rows int) iter.Seq2[span, []int] {
	return func(yield func(span, []int) bool) {
		at := 0
		for len(active) > 0 {
			n, t := 0, 0
			for t < len(active) && n+active[t] <= rows {
				n += active[t]
				t++
			}
			if !yield(span{at, n}, active[:t]) {
				return
			}
			at, active = at+n, active[t:]
		}
	}
}

// A span is n packed rows from at on.
type span struct{ at, n int }

// block is n rows of width w from row at on.
func block(d []grad.Float, at, n, w int) []grad.Float { return d[at*w : (at+n)*w] }

// splitRows cuts the rows of a batch into ranges of about as many packed rows each, one
// for each core that the work is worth; cost is the multiplications of a packed row.
// A nil result means one range.
func splitRows(active []int, cost int) (cuts []int) {
	const worth, fewest = 1 << 20, 8 // multiplications and rows that keep a core busy
	total, batch := 0, batch(active)
	for _, n := range active {
		total += n
	}
	n := min(par.Cores(), total*cost/worth, batch/fewest)
	if n < 2 {
		return nil
	}
	cuts = append(cuts, 0)
	t, sum := len(active), 0
	for row := range batch {
		for active[t-1] <= row { // row has t steps
			t--
		}
		if sum += t; sum*n >= total*len(cuts) {
			cuts = append(cuts, row+1)
		}
	}
	return cuts
}

// inRanges calls f for the ranges of cuts, or for all rows if there are none.
func inRanges(cuts, active []int, f func(lo, hi int)) {
	if cuts == nil {
		f(0, batch(active))
		return
	}
	par.For(len(cuts)-1, 1, func(i, _ int) { f(cuts[i], cuts[i+1]) })
}

// batch is the number of rows at the first step.
func batch(active []int) int {
	if len(active) == 0 {
		return 0
	}
	return active[0]
}

// projectGrad adds the gradients of x, w and b from d, that of x·w + b, which must
// keep its values.
func projectGrad(g *grad.Tape, x, w, b *grad.Var, d *tensor.Tensor) {
	k, n := w.Dim(0), w.Dim(1)
	if g.NeedsGrad(x) {
		kernel.GemmNT(x.Dim(0), k, n, d.Data, n, w.Value.Data, n, g.Grad(x).Data, k)
	}
	g.AffineGrad(x.Value, d, w, b)
}

// result makes t the result of the given inputs, of which some may be nil.
func result(g *grad.Tape, t *tensor.Tensor, from ...*grad.Var) *grad.Var {
	n := 0
	for _, v := range from {
		if v != nil {
			from[n] = v
			n++
		}
	}
	return g.NewVar(t, from[:n]...)
}

// carried is a state that a fused loop will overwrite, at first a copy of v. It
// is the result of all that y is, and of v.
func carried(g *grad.Tape, v, y *grad.Var) *grad.Var {
	t := g.Scratch(v.Shape())
	copy(t.Data, v.Value.Data)
	return g.NewVar(t, y, v)
}

// reached collects the gradients that came to a fused loop: those of the final
// state go to dh, those of the outputs are returned, nil if there are none. It
// reports whether there are any at all.
func reached(g *grad.Tape, y, last *grad.Var, dh []grad.Float) (dy []grad.Float, ok bool) {
	ok = copyGrad(g, last, dh)
	if d := g.GradIfSet(y); d != nil {
		return d.Data, true
	}
	return nil, ok
}

// copyGrad copies the gradient of v to d, if one came, and reports whether.
func copyGrad(g *grad.Tape, v *grad.Var, d []grad.Float) bool {
	from := g.GradIfSet(v)
	if from != nil {
		copy(d, from.Data)
	}
	return from != nil
}

// addRows adds the n rows of dy from row at on to d, unless dy is nil.
func addRows(d, dy []grad.Float, at, n, w int) {
	if dy != nil {
		kernel.AddTo(d, block(dy, at, n, w))
	}
}

func addGrad(g *grad.Tape, v *grad.Var, d []grad.Float) {
	if g.NeedsGrad(v) {
		kernel.AddTo(g.Grad(v).Data, d)
	}
}

// must panics if v, by its name in op, has another shape than want. A nil v is an
// option that is off.
func must(op, name string, v *grad.Var, want tensor.Shape) {
	if v != nil && v.Shape() != want {
		panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("%s is %v, want %v", name, v.Shape(), want)})
	}
}

// mustRows panics unless v is a matrix of at least n rows of the given width.
func mustRows(op, name string, v *grad.Var, n, width int) {
	if s := v.Shape(); s.Rank() != 2 || s.Dim(0) < n || s.Dim(1) != width {
		rows := "n"
		if n > 0 {
			rows = strconv.Itoa(n)
		}
		panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("%s is %v, want [%s %d]", name, s, rows, width)})
	}
}

// mustState panics unless s has an entry of each width, with a row for each row of
// the first step.
func mustState(op string, s State, active []int, widths ...int) {
	if len(s) != len(widths) {
		panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("state has %d entries, want %d", len(s), len(widths))})
	}
	for i, w := range widths {
		mustRows(op, "state", s[i], batch(active), w)
	}
}
