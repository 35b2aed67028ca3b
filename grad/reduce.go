package grad

import (
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// Sum returns the sum of all elements as [1].
func (g *Tape) Sum(x *Var) *Var { return g.sum(x, 1) }

// Mean returns the mean of all elements as [1], 0 if there are none.
func (g *Tape) Mean(x *Var) *Var {
	return g.sum(x, 1/float64(max(len(x.Value.Data), 1)))
}

func (g *Tape) sum(x *Var, k float64) *Var {
	y := g.Scalar(kernel.Sum(x.Value.Data)*k, x)
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			d, dx := dy.Data[0]*Float(k), g.Grad(x).Data
			for i := range dx {
				dx[i] += d
			}
		})
	}
	return y
}

// Scalar makes v, shaped [1], the result of an operation on the given inputs.
func (g *Tape) Scalar(v float64, from ...*Var) *Var {
	y := g.NewVar(g.Scratch(tensor.ShapeOf(1)), from...)
	y.Value.Data[0] = Float(v)
	return y
}

// Softmax normalises exp(x) over the last dimension.
func (g *Tape) Softmax(x *Var) *Var {
	m, n := rows(x), x.Shape().Last()
	y := g.like(x, x)
	for i := range m {
		kernel.LogSoftmaxExp(y.Value.Data[i*n:(i+1)*n], x.Value.Data[i*n:(i+1)*n], 0)
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			dx := g.Grad(x).Data
			for i := range m {
				p, d := y.Value.Data[i*n:(i+1)*n], dy.Data[i*n:(i+1)*n]
				mean := kernel.Dot(p, d)
				for j, pj := range p {
					dx[i*n+j] += pj * (d[j] - mean)
				}
			}
		})
	}
	return y
}

// LogSoftmax returns x - log Σ exp(x) over the last dimension.
func (g *Tape) LogSoftmax(x *Var) *Var {
	m, n := rows(x), x.Shape().Last()
	y := g.like(x, x)
	p := g.Scratch(x.Shape()).Data
	for i := range m {
		row := x.Value.Data[i*n : (i+1)*n]
		first := kernel.LogSoftmaxExp(p[i*n:(i+1)*n], row, 0)
		shift := first - float64(row[0])
		for j, v := range row {
			y.Value.Data[i*n+j] = Float(float64(v) + shift)
		}
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			dx := g.Grad(x).Data
			for i := range m {
				d := dy.Data[i*n : (i+1)*n]
				var s Float
				for _, dj := range d {
					s += dj
				}
				for j, dj := range d {
					dx[i*n+j] += dj - p[i*n+j]*s
				}
			}
		})
	}
	return y
}

// LayerNorm returns gain∘(x-μ)/√(σ²+eps) + shift with the mean μ and variance σ²
// of each row of x [..., n] (Ba, Kiros & Hinton 2016). gain and shift are [n].
func (g *Tape) LayerNorm(x, gain, shift *Var, eps float64) *Var {
	rowShape("LayerNorm", x, gain)
	rowShape("LayerNorm", x, shift)
	m, n := rows(x), x.Shape().Last()
	y := g.like(x, x, gain, shift)
	xhat, inv := g.Scratch(x.Shape()).Data, g.Scratch(tensor.ShapeOf(m)).Data
	for i := range m {
		lo, hi := i*n, (i+1)*n
		inv[i] = kernel.LayerNorm(y.Value.Data[lo:hi], xhat[lo:hi], x.Value.Data[lo:hi], gain.Value.Data, shift.Value.Data, eps)
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			for i := range m {
				d, h := dy.Data[i*n:(i+1)*n], xhat[i*n:(i+1)*n]
				if g.NeedsGrad(shift) {
					kernel.AddTo(g.Grad(shift).Data, d)
				}
				if g.NeedsGrad(gain) {
					kernel.MulAdd(g.Grad(gain).Data, d, h)
				}
				if g.NeedsGrad(x) {
					kernel.LayerNormGrad(g.Grad(x).Data[i*n:(i+1)*n], d, h, gain.Value.Data, inv[i])
				}
			}
		})
	}
	return y
}
