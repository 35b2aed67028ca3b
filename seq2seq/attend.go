package seq2seq

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/internal/par"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// Attend returns for each row of q [batch, width] the mean of that row's memory
// weighted by softmax(q·memory). Steps past the row's length have no weight.
func Attend(g *grad.Tape, q *grad.Var, memory rnn.Seq) *grad.Var {
	m := g.TransposeBatch(memory.X)
	a := &attention{keys: m, values: m, lengths: memory.Len}
	ctx, _ := a.attend(g, q, nil)
	return ctx
}

// An attention compares queries with a memory:
//
//	s_t = q·k_t + w·c_t            or, with v,  v·tanh(q + k_t + w·c_t)
//	a = softmax(s)
//	context = Σ_t a_t m_t
//
// where c, the coverage, is optional.
type attention struct {
	keys    *grad.Var // k [memories, T, d]
	values  *grad.Var // m [memories, T, width]
	v       *grad.Var // [d], nil for dot products
	w       *grad.Var // [d] with v, else [1]; nil without coverage
	lengths []int     // steps of the memories; nil if all are full
	rows    []int     // the memory of each row of q; nil if they are the same
}

func (a *attention) steps() int { return a.keys.Dim(1) }

func (a *attention) length(memory int) int {
	if a.lengths == nil {
		return a.steps()
	}
	return a.lengths[memory]
}

func (a *attention) memory(row int) int {
	if a.rows == nil {
		return row
	}
	return a.rows[row]
}

// pick is the attention for some rows of q.
func (a *attention) pick(rows []int) *attention {
	p := *a
	p.rows = make([]int, len(rows))
	for i, r := range rows {
		p.rows[i] = a.memory(r)
	}
	return &p
}

// attend gives the context [n, width] and the weights [n, T] for q [n, d] and, with
// coverage, c [n, T].
func (a *attention) attend(g *grad.Tape, q, c *grad.Var) (ctx, weights *grad.Var) {
	n, d, T, H := q.Dim(0), a.keys.Dim(2), a.steps(), a.values.Dim(2)
	if q.Shape() != tensor.ShapeOf(n, d) || a.rows == nil && n != a.keys.Dim(0) || c != nil && c.Shape() != tensor.ShapeOf(n, T) {
		panic(&tensor.ShapeError{Op: "seq2seq.Attend", Detail: fmt.Sprintf("query %v, memory %v of keys %v", q.Shape(), a.values.Shape(), a.keys.Shape())})
	}
	from := g.List(q, a.keys, a.values)
	for _, v := range []*grad.Var{a.v, c, a.w} {
		if v != nil {
			from = append(from, v)
		}
	}
	ctx = g.NewVar(g.NewTensor(tensor.ShapeOf(n, H)), from...)
	weights = g.NewVar(g.NewTensor(tensor.ShapeOf(n, T)), from...)
	r := &attending{attention: a, d: d, T: T, H: H, q: q, c: c, ctx: ctx, weights: weights}
	if a.v != nil {
		r.e = g.Scratch(tensor.ShapeOf(n, T, d)).Data
	}
	r.group(g, n)
	r.each(r.forward)
	if g.NeedsGrad(ctx) {
		g.Record(func() { r.back(g) })
	}
	return ctx, weights
}

// attending is one attention that is under way.
type attending struct {
	*attention
	d, T, H      int
	q, c         *grad.Var
	ctx, weights *grad.Var
	e            []grad.Float // tanh(...) [n, T, d], with v

	order []int // rows of q by their memory
	ends  []int // end of each memory's rows in order

	dctx, dweights         *tensor.Tensor // nil if none reached
	dq, dk, dm, dv, dc, dw []grad.Float   // nil if not wanted; dv and dw [n, d] a row for each of q
}

// group sorts the rows by their memory: those of one are done by one core, in order.
func (r *attending) group(g *grad.Tape, n int) {
	r.order, r.ends = g.Ints(n), g.Ints(r.keys.Dim(0))
	clear(r.ends)
	for i := range n {
		r.ends[r.memory(i)]++
	}
	sum := 0
	for m, k := range r.ends { // first where they begin
		r.ends[m] = sum
		sum += k
	}
	for i := range n {
		m := r.memory(i)
		r.order[r.ends[m]] = i
		r.ends[m]++
	}
}

func (r *attending) each(f func(i, memory, length int)) {
	const worth = 1 << 15 // elements that keep a core busy
	grain := max(1, worth*len(r.ends)/max(1, len(r.order)*r.T*(r.d+r.H)))
	par.For(len(r.ends), grain, func(lo, hi int) {
		for m := lo; m < hi; m++ {
			n, first := r.length(m), 0
			if m > 0 {
				first = r.ends[m-1]
			}
			for _, i := range r.order[first:r.ends[m]] {
				if n > 0 {
					f(i, m, n)
				}
			}
		}
	})
}

func row(x []grad.Float, i, width int) []grad.Float { return x[i*width : (i+1)*width] }

// rowsOf are the first n rows of memory m in x [memories, T, width].
func (r *attending) rowsOf(x []grad.Float, m, n, width int) []grad.Float {
	return x[m*r.T*width : (m*r.T+n)*width]
}

func (r *attending) forward(i, m, n int) {
	q, s := row(r.q.Value.Data, i, r.d), row(r.weights.Value.Data, i, r.T)[:n]
	k := r.rowsOf(r.keys.Value.Data, m, n, r.d)
	if r.v == nil {
		kernel.GemmNT(1, n, r.d, q, r.d, k, r.d, s, n)
		if r.c != nil {
			kernel.Axpy(r.w.Value.Data[0], row(r.c.Value.Data, i, r.T)[:n], s)
		}
	} else {
		e := r.rowsOf(r.e, i, n, r.d)
		for t := range n {
			et := row(e, t, r.d)
			kernel.Add(et, q, row(k, t, r.d))
			if r.c != nil {
				kernel.Axpy(r.c.Value.Data[i*r.T+t], r.w.Value.Data, et)
			}
		}
		kernel.Tanhs(e, e)
		kernel.GemmNT(1, n, r.d, r.v.Value.Data, r.d, e, r.d, s, n)
	}
	kernel.LogSoftmaxExp(s, s, 0)
	kernel.Gemm(1, r.H, n, s, n, r.rowsOf(r.values.Value.Data, m, n, r.H), r.H, row(r.ctx.Value.Data, i, r.H), r.H)
}

func (r *attending) back(g *grad.Tape) {
	r.dctx, r.dweights = g.GradIfSet(r.ctx), g.GradIfSet(r.weights)
	if r.dctx == nil && r.dweights == nil {
		return
	}
	n := r.q.Dim(0)
	wanted := func(v *grad.Var, room func(*grad.Var) *tensor.Tensor) []grad.Float {
		if v == nil || !g.NeedsGrad(v) {
			return nil
		}
		return room(v).Data
	}
	parts := func(v *grad.Var) *tensor.Tensor { return g.NewTensor(tensor.ShapeOf(n, len(v.Value.Data))) }
	r.dq, r.dk, r.dm, r.dc = wanted(r.q, g.Grad), wanted(r.keys, g.Grad), wanted(r.values, g.Grad), wanted(r.c, g.Grad)
	r.dv, r.dw = wanted(r.v, parts), wanted(r.w, parts)
	scratch := g.Scratch(tensor.ShapeOf(n, r.T+r.d)).Data
	r.each(func(i, m, steps int) {
		work := row(scratch, i, r.T+r.d)
		r.backward(i, m, steps, work[:steps], work[r.T:])
	})
	sum := func(v *grad.Var, parts []grad.Float) {
		if parts != nil {
			width := len(v.Value.Data)
			kernel.ColSums(n, width, parts, width, g.Grad(v).Data)
		}
	}
	sum(r.v, r.dv)
	sum(r.w, r.dw)
}

func (r *attending) backward(i, m, n int, ds, de []grad.Float) {
	a := row(r.weights.Value.Data, i, r.T)[:n]
	clear(ds)
	if r.dweights != nil {
		copy(ds, row(r.dweights.Data, i, r.T))
	}
	if r.dctx != nil {
		dctx := row(r.dctx.Data, i, r.H)
		kernel.GemmNT(1, n, r.H, dctx, r.H, r.rowsOf(r.values.Value.Data, m, n, r.H), r.H, ds, n)
		if r.dm != nil {
			dm := r.rowsOf(r.dm, m, n, r.H)
			for t, at := range a {
				kernel.Axpy(at, dctx, row(dm, t, r.H))
			}
		}
	}
	mean := kernel.Dot(a, ds)
	for t, at := range a {
		ds[t] = at * (ds[t] - mean)
	}
	if r.v == nil {
		r.dotBack(i, m, ds)
	} else {
		r.tanhBack(i, m, ds, de)
	}
}

// dotBack goes on from the gradient of s.
func (r *attending) dotBack(i, m int, ds []grad.Float) {
	n := len(ds)
	if r.dq != nil {
		kernel.Gemm(1, r.d, n, ds, n, r.rowsOf(r.keys.Value.Data, m, n, r.d), r.d, row(r.dq, i, r.d), r.d)
	}
	if r.dk != nil {
		q, dk := row(r.q.Value.Data, i, r.d), r.rowsOf(r.dk, m, n, r.d)
		for t, d := range ds {
			kernel.Axpy(d, q, row(dk, t, r.d))
		}
	}
	if r.dc != nil {
		kernel.Axpy(r.w.Value.Data[0], ds, row(r.dc, i, r.T))
	}
	if r.dw != nil {
		r.dw[i] = kernel.Dot(ds, row(r.c.Value.Data, i, r.T))
	}
}

func (r *attending) tanhBack(i, m int, ds, de []grad.Float) {
	for t, d := range ds {
		e := row(r.rowsOf(r.e, i, len(ds), r.d), t, r.d)
		if r.dv != nil {
			kernel.Axpy(d, e, row(r.dv, i, r.d))
		}
		clear(de)
		kernel.TanhGrad(de, r.v.Value.Data, e)
		kernel.Scale(d, de)
		if r.dq != nil {
			kernel.AddTo(row(r.dq, i, r.d), de)
		}
		if r.dk != nil {
			kernel.AddTo(row(r.dk, m*r.T+t, r.d), de)
		}
		if r.dc != nil {
			r.dc[i*r.T+t] += kernel.Dot(de, r.w.Value.Data)
		}
		if r.dw != nil {
			kernel.Axpy(r.c.Value.Data[i*r.T+t], de, row(r.dw, i, r.d))
		}
	}
}
