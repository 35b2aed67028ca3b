package grad

import (
	"fmt"

	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// rows is the number of rows of x seen as a matrix of its last dimension.
func rows(x *Var) int {
	n := x.Value.Shape.Last()
	if n == 0 {
		return x.Value.Shape.WithLast(1).Size()
	}
	return len(x.Value.Data) / n
}

// Affine returns x·w + b for x [..., k], w [k, n], b [n]; b may be nil.
// For the gradient of a leaf w the rows of many uses on the tape become one product.
func (g *Tape) Affine(x, w, b *Var) *Var {
	if x.Shape().Rank() == 0 || w.Shape().Rank() != 2 || x.Shape().Last() != w.Dim(0) || b != nil && b.Shape() != tensor.ShapeOf(w.Dim(1)) {
		detail := fmt.Sprintf("x %v · w %v", x.Shape(), w.Shape())
		if b != nil {
			detail += fmt.Sprintf(" + b %v", b.Shape())
		}
		panic(&tensor.ShapeError{Op: "Affine", Detail: detail})
	}
	m, k, n := rows(x), w.Dim(0), w.Dim(1)
	s := x.Shape().WithLast(n)
	y, bias := g.NewVar(g.Scratch(s), x, w), []Float(nil)
	if b != nil {
		y.fixed = y.fixed && b.fixed
		bias = b.Value.Data
	}
	kernel.GemmBias(m, n, k, x.Value.Data, k, w.Value.Data, n, bias, y.Value.Data, n)
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			if g.NeedsGrad(x) { // dx += dy·wᵀ
				g.timesT(x, m, dy.Data, w)
			}
			g.AffineGrad(x.Value, dy, w, b)
		})
	}
	return y
}

// AffineGrad adds to the gradients of w [k, n] and b [n] what y = x·w + b gives
// them: xᵀ·dy and the column sums of dy. For a leaf w the product may wait for more
// rows, until the end of Backward. b may be nil. It serves operations that do the
// product themselves, as fused cells do.
func (g *Tape) AffineGrad(x, dy *tensor.Tensor, w, b *Var) {
	k, n := w.Dim(0), w.Dim(1)
	m := len(dy.Data) / max(n, 1)
	switch {
	case !g.NeedsGrad(w):
	case w.tape == nil:
		g.deferred.add(g, w, x, dy)
	default:
		kernel.GemmTN(k, n, m, x.Data, k, dy.Data, n, g.Grad(w).Data, n)
	}
	if b != nil && g.NeedsGrad(b) {
		kernel.ColSums(m, n, dy.Data, n, g.Grad(b).Data)
	}
}

// AffineT returns x·wᵀ + b for x [..., k], w [n, k], b [n]; b may be nil. It
// serves output layers that share the matrix of an embedding.
func (g *Tape) AffineT(x, w, b *Var) *Var {
	if x.Shape().Rank() == 0 || w.Shape().Rank() != 2 || x.Shape().Last() != w.Dim(1) || b != nil && b.Shape() != tensor.ShapeOf(w.Dim(0)) {
		panic(&tensor.ShapeError{Op: "AffineT", Detail: fmt.Sprintf("x %v · transposed w %v", x.Shape(), w.Shape())})
	}
	m, n, k := rows(x), w.Dim(0), w.Dim(1)
	y := g.NewVar(g.NewTensor(x.Shape().WithLast(n)), x, w)
	kernel.GemmNT(m, n, k, x.Value.Data, k, w.Value.Data, k, y.Value.Data, n)
	if b != nil {
		y.fixed = y.fixed && b.fixed
		kernel.AddRows(m, n, b.Value.Data, y.Value.Data, n)
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			if g.NeedsGrad(x) {
				kernel.Gemm(m, k, n, dy.Data, n, w.Value.Data, k, g.Grad(x).Data, k)
			}
			if g.NeedsGrad(w) {
				kernel.GemmTN(n, k, m, dy.Data, n, x.Value.Data, k, g.Grad(w).Data, k)
			}
			if b != nil && g.NeedsGrad(b) {
				kernel.ColSums(m, n, dy.Data, n, g.Grad(b).Data)
			}
		})
	}
	return y
}

// AddRow returns x + b with b [n] added to every row of x [..., n].
func (g *Tape) AddRow(x, b *Var) *Var {
	rowShape("AddRow", x, b)
	m, n := rows(x), x.Shape().Last()
	y := g.like(x, x, b)
	copy(y.Value.Data, x.Value.Data)
	kernel.AddRows(m, n, b.Value.Data, y.Value.Data, n)
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			g.add(x, dy.Data)
			if g.NeedsGrad(b) {
				kernel.ColSums(m, n, dy.Data, n, g.Grad(b).Data)
			}
		})
	}
	return y
}

// MulRow returns x∘p with every row of x [..., n] multiplied by p [n].
func (g *Tape) MulRow(x, p *Var) *Var {
	rowShape("MulRow", x, p)
	m, n := rows(x), x.Shape().Last()
	y := g.like(x, x, p)
	for i := range m {
		kernel.Mul(y.Value.Data[i*n:(i+1)*n], x.Value.Data[i*n:(i+1)*n], p.Value.Data)
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			for i := range m {
				dyi := dy.Data[i*n : (i+1)*n]
				if g.NeedsGrad(x) {
					kernel.MulAdd(g.Grad(x).Data[i*n:(i+1)*n], dyi, p.Value.Data)
				}
				if g.NeedsGrad(p) {
					kernel.MulAdd(g.Grad(p).Data, dyi, x.Value.Data[i*n:(i+1)*n])
				}
			}
		})
	}
	return y
}

func rowShape(op string, x, row *Var) {
	if x.Shape().Rank() == 0 || row.Shape() != tensor.ShapeOf(x.Shape().Last()) {
		panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("%v and a row %v", x.Shape(), row.Shape())})
	}
}

// MulCol returns x with row i of x [m, n] multiplied by c[i], c [m] or [m, 1].
func (g *Tape) MulCol(x, c *Var) *Var {
	m, n := rows(x), x.Shape().Last()
	if len(c.Value.Data) != m {
		panic(&tensor.ShapeError{Op: "MulCol", Detail: fmt.Sprintf("%v and a column %v", x.Shape(), c.Shape())})
	}
	y := g.like(x, x, c)
	for i, ci := range c.Value.Data {
		for j, v := range x.Value.Data[i*n : (i+1)*n] {
			y.Value.Data[i*n+j] = ci * v
		}
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			for i, ci := range c.Value.Data {
				dyi := dy.Data[i*n : (i+1)*n]
				if g.NeedsGrad(x) {
					kernel.Axpy(ci, dyi, g.Grad(x).Data[i*n:(i+1)*n])
				}
				if g.NeedsGrad(c) {
					g.Grad(c).Data[i] += kernel.Dot(dyi, x.Value.Data[i*n:(i+1)*n])
				}
			}
		})
	}
	return y
}
