package grad

import (
	"fmt"
	"math"

	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

func sameShape(op string, a, b *Var) {
	if a.Value.Shape != b.Value.Shape {
		panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("%v and %v differ", a.Value.Shape, b.Value.Shape)})
	}
}

// like is an unset result of x's shape.
func (g *Tape) like(x *Var, from ...*Var) *Var {
	return g.NewVar(g.Scratch(x.Value.Shape), from...)
}

// Add returns a + b.
func (g *Tape) Add(a, b *Var) *Var {
	sameShape("Add", a, b)
	y := g.like(a, a, b)
	kernel.Add(y.Value.Data, a.Value.Data, b.Value.Data)
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			g.add(b, dy.Data)
			g.move(a, y)
		})
	}
	return y
}

// Sub returns a - b.
func (g *Tape) Sub(a, b *Var) *Var {
	sameShape("Sub", a, b)
	y := g.like(a, a, b)
	kernel.Sub(y.Value.Data, a.Value.Data, b.Value.Data)
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			if g.NeedsGrad(b) {
				kernel.Axpy(-1, dy.Data, g.Grad(b).Data)
			}
			g.move(a, y)
		})
	}
	return y
}

// Mul returns the elementwise product a∘b.
func (g *Tape) Mul(a, b *Var) *Var {
	sameShape("Mul", a, b)
	y := g.like(a, a, b)
	kernel.Mul(y.Value.Data, a.Value.Data, b.Value.Data)
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			g.addMul(a, dy.Data, b.Value.Data)
			g.addMul(b, dy.Data, a.Value.Data)
		})
	}
	return y
}

// Div returns the elementwise quotient a/b.
func (g *Tape) Div(a, b *Var) *Var {
	sameShape("Div", a, b)
	y := g.like(a, a, b)
	for i, v := range a.Value.Data {
		y.Value.Data[i] = v / b.Value.Data[i]
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			if g.NeedsGrad(a) {
				da := g.Grad(a).Data
				for i, d := range dy.Data {
					da[i] += d / b.Value.Data[i]
				}
			}
			if g.NeedsGrad(b) {
				db := g.Grad(b).Data
				for i, d := range dy.Data {
					db[i] -= d * y.Value.Data[i] / b.Value.Data[i]
				}
			}
		})
	}
	return y
}

// Lerp returns a + w∘(b-a).
func (g *Tape) Lerp(a, b, w *Var) *Var {
	sameShape("Lerp", a, b)
	sameShape("Lerp", a, w)
	y := g.like(a, a, b, w)
	kernel.Lerp(y.Value.Data, a.Value.Data, b.Value.Data, w.Value.Data)
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			if g.NeedsGrad(w) {
				apart := g.unset(y.Shape())
				kernel.Sub(apart.Data, b.Value.Data, a.Value.Data)
				g.addMul(w, dy.Data, apart.Data)
				g.give(apart)
			}
			if g.NeedsGrad(b) || g.NeedsGrad(a) {
				db := g.unset(y.Shape())
				kernel.Mul(db.Data, dy.Data, w.Value.Data)
				g.add(b, db.Data)
				kernel.Sub(db.Data, dy.Data, db.Data)
				g.add(a, db.Data)
				g.give(db)
			}
		})
	}
	return y
}

// Scale returns k·x.
func (g *Tape) Scale(x *Var, k float64) *Var { return g.ScaleShift(x, k, 0) }

// ScaleShift returns k·x + c for constants k and c.
func (g *Tape) ScaleShift(x *Var, k, c float64) *Var {
	y := g.like(x, x)
	for i, v := range x.Value.Data {
		y.Value.Data[i] = Float(k)*v + Float(c)
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			kernel.Axpy(Float(k), dy.Data, g.Grad(x).Data)
		})
	}
	return y
}

// Tanh applies tanh elementwise.
func (g *Tape) Tanh(x *Var) *Var {
	y := g.like(x, x)
	kernel.Tanhs(y.Value.Data, x.Value.Data)
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			kernel.TanhGrad(g.Grad(x).Data, dy.Data, y.Value.Data)
		})
	}
	return y
}

// Sigmoid applies σ(x) = 1/(1+exp(-x)) elementwise.
func (g *Tape) Sigmoid(x *Var) *Var {
	y := g.like(x, x)
	kernel.Sigmoids(y.Value.Data, x.Value.Data)
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			kernel.SigmoidGrad(g.Grad(x).Data, dy.Data, y.Value.Data)
		})
	}
	return y
}

// ReLU returns max(x, 0) elementwise; its derivative at 0 is 0.
func (g *Tape) ReLU(x *Var) *Var {
	return g.Map(x, func(v Float) Float { return max(v, 0) }, func(_, y Float) Float {
		if y > 0 {
			return 1
		}
		return 0
	})
}

// Exp applies the exponential elementwise.
func (g *Tape) Exp(x *Var) *Var {
	y := g.like(x, x)
	kernel.Exps(y.Value.Data, x.Value.Data)
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			g.addMul(x, dy.Data, y.Value.Data)
		})
	}
	return y
}

// Log applies the natural logarithm elementwise.
func (g *Tape) Log(x *Var) *Var {
	return g.Map(x, func(v Float) Float { return Float(math.Log(float64(v))) }, func(x, _ Float) Float { return 1 / x })
}

// Square returns x∘x.
func (g *Tape) Square(x *Var) *Var { return g.Mul(x, x) }

// Abs applies |x| elementwise; its derivative at 0 is 0.
func (g *Tape) Abs(x *Var) *Var {
	return g.Map(x, func(v Float) Float { return max(v, -v) }, func(x, _ Float) Float {
		switch {
		case x > 0:
			return 1
		case x < 0:
			return -1
		}
		return 0
	})
}

// Softplus returns log(1+exp(x)) elementwise.
func (g *Tape) Softplus(x *Var) *Var {
	return g.Map(x, func(v Float) Float {
		return Float(max(float64(v), 0) + math.Log1p(math.Exp(-math.Abs(float64(v)))))
	}, func(x, _ Float) Float { return Float(1 / (1 + math.Exp(-float64(x)))) })
}

// Clip limits x to [lo, hi]. The gradient is zero where it does, as that of
// tf.clip_by_value.
func (g *Tape) Clip(x *Var, lo, hi float64) *Var {
	l, h := Float(lo), Float(hi)
	return g.Map(x, func(v Float) Float { return min(max(v, l), h) }, func(x, _ Float) Float {
		if x < l || x > h {
			return 0
		}
		return 1
	})
}

// Map applies f elementwise; dfdx is its derivative from x and y = f(x).
func (g *Tape) Map(x *Var, f func(x Float) Float, dfdx func(x, y Float) Float) *Var {
	y := g.like(x, x)
	for i, v := range x.Value.Data {
		y.Value.Data[i] = f(v)
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			dx := g.Grad(x).Data
			for i, d := range dy.Data {
				dx[i] += d * dfdx(x.Value.Data[i], y.Value.Data[i])
			}
		})
	}
	return y
}

// Dropout zeroes each element with probability p and divides the rest by 1-p
// (Srivastava et al. 2014). Outside training it returns x.
func (g *Tape) Dropout(x *Var, p float64) *Var {
	if !g.Train || p <= 0 {
		return x
	}
	return g.Mul(x, g.Mask(p, x.Value.Shape.Dims()...))
}

// Mask draws data that are 0 with probability p and 1/(1-p) otherwise. With
// p >= 1 all are 0.
func (g *Tape) Mask(p float64, dims ...int) *Var {
	m := g.Zeros(dims...)
	if p >= 1 {
		return m
	}
	// Half of the bits of a draw decide about a value each, to 2^-32 of p, and without
	// a branch, which would be taken at random.
	values, drop := [2]Float{0, Float(1 / (1 - p))}, uint64(math.Round(p*(1<<32)))
	d := m.Value.Data
	for ; len(d) >= 2; d = d[2:] {
		u := g.Rand.Uint64()
		d[0] = values[(drop-1-u&math.MaxUint32)>>63]
		d[1] = values[(drop-1-u>>32)>>63]
	}
	if len(d) == 1 {
		d[0] = values[(drop-1-g.Rand.Uint64()>>32)>>63]
	}
	return m
}
