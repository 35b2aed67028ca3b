package onnx

import (
	"slices"

	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

func init() {
	register("",
		version{"MatMul", 1, 2, 2, 1, func(*nodeDef) op { return &matMul{} }},
		version{"Gemm", 7, 2, 3, 1, newGemm},
	)
}

// matMul is numpy's: the last two dimensions are matrices, the others broadcast. A
// constant matrix on the right is packed once.
type matMul struct {
	packed *kernel.Packed
	k, n   int
}

func (m *matMul) prepare(in []Value) []int {
	b, ok := in[1].(*Tensor)
	if !ok || len(b.Shape) != 2 || b.DType != Float32 || b.Len() == 0 {
		return nil
	}
	m.k, m.n = b.Shape[0], b.Shape[1]
	m.packed = kernel.PackB(m.k, m.n, b.floats(), m.n)
	return []int{1}
}

func (m *matMul) run(c *call) {
	a := c.tensor(0)
	if m.packed == nil {
		c.set(0, matmul(a, c.tensor(1)))
		return
	}
	if len(a.Shape) == 0 || a.dim(-1) != m.k || a.DType != Float32 {
		fail("%v · [%d %d]", a, m.k, m.n)
	}
	shape := append(slices.Clone(a.Shape[:len(a.Shape)-1]), m.n)
	y := make([]tensor.Float, sized(Float32, shape))
	m.packed.Mul(a.Len()/m.k, a.floats(), m.k, nil, y, m.n)
	c.set(0, fromFloats(Float32, shape, y))
}

func matmul(a, b *Tensor) *Tensor {
	same(a, b)
	if len(a.Shape) == 0 || len(b.Shape) == 0 {
		fail("%v · %v", a.Shape, b.Shape)
	}
	as, bs := a.Shape, b.Shape
	if len(as) == 1 {
		as = []int{1, as[0]}
	}
	if len(bs) == 1 {
		bs = []int{bs[0], 1}
	}
	ra, rb := len(as)-2, len(bs)-2
	m, k, n := as[ra], as[ra+1], bs[rb+1]
	if bs[rb] != k {
		fail("%v · %v", a.Shape, b.Shape)
	}
	batch := broadcast(as[:ra], bs[:rb])
	full := append(slices.Clone(batch), m, n)
	sized(a.DType, full)
	// the number of the matrix of a and b for each of the batch
	sa, sb := stretched(as[:ra], batch), stretched(bs[:rb], batch)
	var at [][2]int
	indices(batch, func(index []int) {
		i, j := 0, 0
		for d, v := range index {
			i, j = i+v*sa[d], j+v*sb[d]
		}
		at = append(at, [2]int{i, j})
	})
	var y *Tensor
	switch x := a.data.(type) {
	case []float32:
		d := make([]tensor.Float, product(full))
		fa, fb := a.floats(), b.floats()
		for i, p := range at {
			if m*k*n > 0 {
				kernel.Gemm(m, n, k, fa[p[0]*m*k:], k, fb[p[1]*k*n:], n, d[i*m*n:], n)
			}
		}
		y = fromFloats(a.DType, full, d)
	case []float64:
		y = made(a.DType, full, products(x, b.data.([]float64), at, m, k, n))
	case []int32:
		y = made(a.DType, full, products(x, b.data.([]int32), at, m, k, n))
	case []int64:
		y = made(a.DType, full, products(x, b.data.([]int64), at, m, k, n))
	case []uint32:
		y = made(a.DType, full, products(x, b.data.([]uint32), at, m, k, n))
	case []uint64:
		y = made(a.DType, full, products(x, b.data.([]uint64), at, m, k, n))
	default:
		fail("%v · %v", a, b)
	}
	shape := slices.Clone(batch)
	if len(a.Shape) > 1 {
		shape = append(shape, m)
	}
	if len(b.Shape) > 1 {
		shape = append(shape, n)
	}
	return y.view(shape)
}

// products does a product for each pair of matrices, which at lists by number.
func products[T number](a, b []T, at [][2]int, m, k, n int) []T {
	y := make([]T, len(at)*m*n)
	for p, pair := range at {
		a, b, y := a[pair[0]*m*k:], b[pair[1]*k*n:], y[p*m*n:]
		for i := range m {
			for l := range k {
				v := a[i*k+l]
				for j := range n {
					y[i*n+j] += v * b[l*n+j]
				}
			}
		}
	}
	return y
}

// gemm is alpha·A'·B' + beta·C. A constant B is packed once.
type gemm struct {
	alpha, beta float64
	ta, tb      bool
	packed      *kernel.Packed
	k, n        int
}

func newGemm(n *nodeDef) op {
	return &gemm{alpha: n.float("alpha", 1), beta: n.float("beta", 1), ta: n.bool("transA", false), tb: n.bool("transB", false)}
}

func (g *gemm) prepare(in []Value) []int {
	b, ok := in[1].(*Tensor)
	if !ok || len(b.Shape) != 2 || b.DType != Float32 || b.Len() == 0 {
		return nil
	}
	if g.tb {
		g.n, g.k = b.Shape[0], b.Shape[1]
		g.packed = kernel.PackBT(g.k, g.n, b.floats(), g.k)
	} else {
		g.k, g.n = b.Shape[0], b.Shape[1]
		g.packed = kernel.PackB(g.k, g.n, b.floats(), g.n)
	}
	return []int{1}
}

func (g *gemm) run(c *call) {
	a := c.tensor(0)
	if len(a.Shape) != 2 {
		fail("A is %v, want a matrix", a.Shape)
	}
	if g.ta {
		a = transpose(a, []int{1, 0})
	}
	var y *Tensor
	if g.packed != nil {
		if a.Shape[1] != g.k || a.DType != Float32 {
			fail("%v · [%d %d]", a, g.k, g.n)
		}
		m := a.Shape[0]
		d := make([]tensor.Float, sized(Float32, []int{m, g.n}))
		g.packed.Mul(m, a.floats(), g.k, nil, d, g.n)
		y = fromFloats(Float32, []int{m, g.n}, d)
	} else {
		b := c.tensor(1)
		if len(b.Shape) != 2 {
			fail("B is %v, want a matrix", b.Shape)
		}
		if g.tb {
			b = transpose(b, []int{1, 0})
		}
		y = matmul(a, b)
	}
	if g.alpha != 1 {
		y = calculate("Mul", y, cast(scalar(g.alpha), y.DType))
	}
	if bias := c.opt(2); bias != nil && g.beta != 0 {
		if g.beta != 1 {
			bias = calculate("Mul", bias, cast(scalar(g.beta), bias.DType))
		}
		shape := y.Shape
		if y = calculate("Add", y, bias); !slices.Equal(y.Shape, shape) {
			fail("C %v does not broadcast to %v", bias.Shape, shape)
		}
	}
	c.set(0, y)
}
