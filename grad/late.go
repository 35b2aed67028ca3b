package grad

import (
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// lateGrads are the weight gradients put off to the end of Backward. A cell
// unrolled over T steps would otherwise add T products of rank batch to a large
// matrix; put off, they are a few long ones.
type lateGrads struct {
	byLeaf map[*Var]*outer
	order  []*outer // in order of first use, which fixes the order of sums
}

// outer collects the rows of x and dy whose product xᵀ·dy is the gradient of w.
type outer struct {
	w       *Var
	xs, dys []*tensor.Tensor
}

// add puts off dw += xᵀ·dy.
func (l *lateGrads) add(w *Var, x, dy *tensor.Tensor) {
	o := l.byLeaf[w]
	if o == nil {
		if l.byLeaf == nil {
			l.byLeaf = map[*Var]*outer{}
		}
		o = &outer{w: w}
		l.byLeaf[w] = o
	}
	if len(o.xs) == 0 {
		l.order = append(l.order, o)
	}
	o.xs, o.dys = append(o.xs, x), append(o.dys, dy)
}

func (l *lateGrads) reset() {
	for _, o := range l.order {
		o.xs, o.dys = o.xs[:0], o.dys[:0]
	}
	l.order = l.order[:0]
}

func (l *lateGrads) flush(g *Tape) {
	for _, o := range l.order {
		o.flush(g)
	}
	l.reset()
}

// gathered is how many rows flush copies together for one product.
const gathered = 4096

func (o *outer) flush(g *Tape) {
	k, n := o.w.Dim(0), o.w.Dim(1)
	dw := g.Grad(o.w).Data
	if len(o.xs) == 1 {
		kernel.GemmTN(k, n, len(o.dys[0].Data)/n, o.xs[0].Data, k, o.dys[0].Data, n, dw, n)
		return
	}
	total := 0
	for _, dy := range o.dys {
		total += len(dy.Data) / n
	}
	room := min(total, gathered)
	x, dy := g.floats.take(room*k), g.floats.take(room*n)
	r := 0
	for i := range o.xs {
		xd, dyd := o.xs[i].Data, o.dys[i].Data
		for len(dyd) > 0 {
			m := min(len(dyd)/n, room-r)
			copy(x[r*k:], xd[:m*k])
			copy(dy[r*n:], dyd[:m*n])
			xd, dyd, r = xd[m*k:], dyd[m*n:], r+m
			if r == room {
				kernel.GemmTN(k, n, r, x, k, dy, n, dw, n)
				r = 0
			}
		}
	}
	kernel.GemmTN(k, n, r, x, k, dy, n, dw, n)
}
