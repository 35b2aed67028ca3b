package grad

import (
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// deferredGrads are the weight gradients that wait for more rows. A cell unrolled over
// T steps would otherwise add T products of rank batch to a large matrix; gathered,
// they are a few long ones. An element of a gradient is the same chain of sums
// either way.
type deferredGrads struct {
	byLeaf map[*Var]*outer
	order  []*outer // products, in order of first use
}

// outer holds rows of x and dy whose product xᵀ·dy is to be added to the gradient
// of w.
type outer struct {
	w     *Var
	x, dy []Float
	rows  int // rows that wait
	room  int // rows that there is room for; 0 before the first
}

// Rows that are many enough for a product of their own do not wait. Others do for
// so many like them that their values of dy stay in the cache.
const (
	manyRows = 128
	together = 8
	gathered = 1 << 17
)

// add does dw += xᵀ·dy, sooner or later; x and dy may change when it returns.
func (l *deferredGrads) add(g *Tape, w *Var, x, dy *tensor.Tensor) {
	o := l.byLeaf[w]
	if o == nil {
		if l.byLeaf == nil {
			l.byLeaf = map[*Var]*outer{}
		}
		o = &outer{w: w}
		l.byLeaf[w] = o
	}
	k, n := w.Dim(0), w.Dim(1)
	m := len(dy.Data) / max(n, 1)
	if o.rows+m > o.room {
		o.flush(g)
	}
	switch {
	case m >= manyRows || m > o.room && o.room > 0:
		kernel.GemmTN(k, n, m, x.Data, k, dy.Data, n, g.Grad(w).Data, n)
		return
	case m == 0:
		return
	case o.room == 0:
		o.room = min(max(together*m, manyRows/2), max(gathered/n, manyRows))
		o.x, o.dy = g.floats.take(o.room*k), g.floats.take(o.room*n)
		l.order = append(l.order, o)
	}
	copy(o.x[o.rows*k:], x.Data[:m*k])
	copy(o.dy[o.rows*n:], dy.Data)
	o.rows += m
}

// reset forgets all rows, and their memory.
func (l *deferredGrads) reset() {
	for _, o := range l.order {
		o.x, o.dy, o.rows, o.room = nil, nil, 0, 0
	}
	l.order = l.order[:0]
}

// flush does what waits.
func (l *deferredGrads) flush(g *Tape) {
	for _, o := range l.order {
		o.flush(g)
	}
}

func (o *outer) flush(g *Tape) {
	if o.rows > 0 {
		k, n := o.w.Dim(0), o.w.Dim(1)
		kernel.GemmTN(k, n, o.rows, o.x, k, o.dy, n, g.Grad(o.w).Data, n)
		o.rows = 0
	}
}
