package grad

import (
	"fmt"

	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// Slice returns blocks lo to hi of the leading dimension, sharing memory.
func (g *Tape) Slice(x *Var, lo, hi int) *Var {
	if lo == 0 && hi == x.Dim(0) {
		return x
	}
	s := x.Shape()
	if s.Rank() == 0 || lo < 0 || hi < lo || hi > s.Dim(0) {
		panic(&tensor.ShapeError{Op: "Slice", Detail: fmt.Sprintf("rows %d to %d of %v", lo, hi, s)})
	}
	return g.view(x, s.WithFirst(hi-lo), lo*s.WithFirst(1).Size())
}

// Reshape views x with other dimensions of the same size.
func (g *Tape) Reshape(x *Var, dims ...int) *Var {
	s := tensor.ShapeOf(dims...)
	if s.Size() != len(x.Value.Data) {
		panic(&tensor.ShapeError{Op: "Reshape", Detail: fmt.Sprintf("%v to %v", x.Shape(), s)})
	}
	return g.view(x, s, 0)
}

// ConcatRows puts the blocks of xs one after another along the leading dimension.
func (g *Tape) ConcatRows(xs ...*Var) *Var {
	if len(xs) == 1 {
		return xs[0]
	}
	if len(xs) == 0 {
		panic(&tensor.ShapeError{Op: "ConcatRows", Detail: "nothing to join"})
	}
	n := 0
	for _, x := range xs {
		if x.Shape().Rank() == 0 || x.Shape().WithFirst(0) != xs[0].Shape().WithFirst(0) {
			panic(&tensor.ShapeError{Op: "ConcatRows", Detail: fmt.Sprintf("%v and %v", xs[0].Shape(), x.Shape())})
		}
		n += x.Dim(0)
	}
	y := g.NewVar(g.Scratch(xs[0].Shape().WithFirst(n)), xs...)
	rest := y.Value.Data
	for _, x := range xs {
		rest = rest[copy(rest, x.Value.Data):]
	}
	if g.NeedsGrad(y) {
		xs := g.List(xs...) // the caller may reuse its slice
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			rest := dy.Data
			for _, x := range xs {
				n := len(x.Value.Data)
				g.add(x, rest[:n])
				rest = rest[n:]
			}
		})
	}
	return y
}

// GatherRows looks up rows of table [n, w], giving [len(ids), w]. A negative id gives
// a row of zeros. ids must keep its values until Backward.
func (g *Tape) GatherRows(table *Var, ids []int) *Var {
	if table.Shape().Rank() != 2 {
		panic(&tensor.ShapeError{Op: "GatherRows", Detail: fmt.Sprintf("table %v is not a matrix", table.Shape())})
	}
	n, w := table.Dim(0), table.Dim(1)
	y := g.NewVar(g.Scratch(tensor.ShapeOf(len(ids), w)), table)
	for i, id := range ids {
		row := y.Value.Data[i*w : (i+1)*w]
		switch {
		case id >= n:
			panic(&tensor.ShapeError{Op: "GatherRows", Detail: fmt.Sprintf("id %d at %d, the table %v ends at %d", id, i, table.Shape(), n-1)})
		case id < 0:
			clear(row)
		default:
			copy(row, table.Value.Data[id*w:])
		}
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			dt := g.Grad(table).Data
			for i, id := range ids {
				if id >= 0 {
					kernel.AddTo(dt[id*w:(id+1)*w], dy.Data[i*w:(i+1)*w])
				}
			}
		})
	}
	return y
}

// ScatterRows returns n rows which are zero except that row at[i] is x[i]. It undoes
// Rows of distinct ids. at must keep its values until Backward.
func (g *Tape) ScatterRows(x *Var, at []int, n int) *Var {
	if x.Shape().Rank() != 2 || x.Dim(0) != len(at) {
		panic(&tensor.ShapeError{Op: "ScatterRows", Detail: fmt.Sprintf("%v to %d rows", x.Shape(), len(at))})
	}
	w := x.Dim(1)
	y := g.NewVar(g.NewTensor(tensor.ShapeOf(n, w)), x)
	for i, r := range at {
		copy(y.Value.Data[r*w:(r+1)*w], x.Value.Data[i*w:])
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			dx := g.Grad(x).Data
			for i, r := range at {
				kernel.AddTo(dx[i*w:(i+1)*w], dy.Data[r*w:(r+1)*w])
			}
		})
	}
	return y
}

// Split cuts the last dimension of x [..., n·w] into n equal parts [..., w].
func (g *Tape) Split(x *Var, n int) []*Var {
	w := x.Shape().Last()
	if n <= 0 || w%n != 0 {
		panic(&tensor.ShapeError{Op: "Split", Detail: fmt.Sprintf("%v into %d", x.Shape(), n)})
	}
	m, part := rows(x), w/n
	parts := g.lists.take(n)
	for p := range parts {
		parts[p] = g.NewVar(g.Scratch(x.Shape().WithLast(part)), x)
		for i := range m {
			copy(parts[p].Value.Data[i*part:(i+1)*part], x.Value.Data[i*w+p*part:])
		}
	}
	if g.NeedsGrad(x) {
		g.Record(func() { g.splitBack(x, parts, m, part) })
	}
	return parts
}

func (g *Tape) splitBack(x *Var, parts []*Var, m, part int) {
	reached := 0
	for _, p := range parts {
		if g.GradIfSet(p) != nil {
			reached++
		}
	}
	if reached == 0 {
		return
	}
	dx, unset := g.first(x)
	if unset && reached < len(parts) {
		clear(dx)
		unset = false
	}
	for p, y := range parts {
		dy := g.GradIfSet(y)
		if dy == nil {
			continue
		}
		for i := range m {
			at := (i*len(parts) + p) * part
			if d := dy.Data[i*part : (i+1)*part]; unset {
				copy(dx[at:at+part], d)
			} else {
				kernel.AddTo(dx[at:at+part], d)
			}
		}
		g.passed(y)
	}
}

// Columns returns columns lo to hi of the last dimension.
func (g *Tape) Columns(x *Var, lo, hi int) *Var {
	s := x.Shape()
	if s.Rank() == 0 || lo < 0 || hi < lo || hi > s.Last() {
		panic(&tensor.ShapeError{Op: "Columns", Detail: fmt.Sprintf("%d to %d of %v", lo, hi, s)})
	}
	m, n, w := rows(x), s.Last(), hi-lo
	y := g.NewVar(g.Scratch(s.WithLast(w)), x)
	for i := range m {
		copy(y.Value.Data[i*w:(i+1)*w], x.Value.Data[i*n+lo:])
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			dx := g.Grad(x).Data
			for i := range m {
				kernel.AddTo(dx[i*n+lo:i*n+hi], dy.Data[i*w:(i+1)*w])
			}
		})
	}
	return y
}

// Concat joins xs along their last dimension; the others must agree.
func (g *Tape) Concat(xs ...*Var) *Var {
	if len(xs) == 0 {
		panic(&tensor.ShapeError{Op: "Concat", Detail: "nothing to join"})
	}
	n := 0
	for _, x := range xs {
		if x.Shape().Rank() == 0 || x.Shape().WithLast(0) != xs[0].Shape().WithLast(0) {
			panic(&tensor.ShapeError{Op: "Concat", Detail: fmt.Sprintf("%v and %v", xs[0].Shape(), x.Shape())})
		}
		n += x.Shape().Last()
	}
	m := rows(xs[0])
	y := g.NewVar(g.Scratch(xs[0].Shape().WithLast(n)), xs...)
	lo := 0
	for _, x := range xs {
		w := x.Shape().Last()
		for i := range m {
			copy(y.Value.Data[i*n+lo:i*n+lo+w], x.Value.Data[i*w:])
		}
		lo += w
	}
	if g.NeedsGrad(y) {
		xs := g.List(xs...)
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			lo := 0
			for _, x := range xs {
				w := x.Shape().Last()
				if g.NeedsGrad(x) {
					dx := g.Grad(x).Data
					for i := range m {
						kernel.AddTo(dx[i*w:(i+1)*w], dy.Data[i*n+lo:i*n+lo+w])
					}
				}
				lo += w
			}
		})
	}
	return y
}

// TransposeBatch exchanges the first two dimensions of x [a, b, ...]: batch-major to
// time-major and back.
func (g *Tape) TransposeBatch(x *Var) *Var {
	s := x.Shape()
	if s.Rank() < 2 {
		panic(&tensor.ShapeError{Op: "TransposeBatch", Detail: fmt.Sprintf("%v has fewer than two dimensions", s)})
	}
	dims := s.Dims()
	a, b := dims[0], dims[1]
	dims[0], dims[1] = b, a
	y := g.NewVar(g.Scratch(tensor.ShapeOf(dims...)), x)
	w := s.WithFirst(1).Size() / max(b, 1)
	for i := range a {
		for j := range b {
			copy(y.Value.Data[(j*a+i)*w:(j*a+i+1)*w], x.Value.Data[(i*b+j)*w:])
		}
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			dx := g.Grad(x).Data
			for i := range a {
				for j := range b {
					kernel.AddTo(dx[(i*b+j)*w:(i*b+j+1)*w], dy.Data[(j*a+i)*w:(j*a+i+1)*w])
				}
			}
		})
	}
	return y
}
