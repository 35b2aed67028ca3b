package nn

import (
	"fmt"
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// The regression losses are means over the targets. A target that is NaN is
// missing and does not count; if all are missing the loss is 0.

// MSE is the mean of (x-want)².
func MSE(g *grad.Tape, x *grad.Var, want *tensor.Tensor) *grad.Var {
	return regression(g, "nn.MSE", x, want, func(e float64) (loss, slope float64) {
		return e * e, 2 * e
	})
}

// MAE is the mean of |x-want|.
func MAE(g *grad.Tape, x *grad.Var, want *tensor.Tensor) *grad.Var {
	return regression(g, "nn.MAE", x, want, func(e float64) (loss, slope float64) {
		return math.Abs(e), sign(e)
	})
}

// Huber is the mean of e²/2 where |e| = |x-want| is at most delta and of
// delta·(|e|-delta/2) beyond (Huber 1964), as PyTorch's HuberLoss. A delta of 0
// means 1.
func Huber(g *grad.Tape, x *grad.Var, want *tensor.Tensor, delta float64) *grad.Var {
	if delta == 0 {
		delta = 1
	}
	return regression(g, "nn.Huber", x, want, func(e float64) (loss, slope float64) {
		if math.Abs(e) <= delta {
			return e * e / 2, e
		}
		return delta * (math.Abs(e) - delta/2), delta * sign(e)
	})
}

func regression(g *grad.Tape, op string, x *grad.Var, want *tensor.Tensor, f func(e float64) (loss, slope float64)) *grad.Var {
	if x.Shape() != want.Shape {
		panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("prediction %v, target %v", x.Shape(), want.Shape)})
	}
	slopes := g.Scratch(x.Shape()).Data
	return mean(g, x, slopes, func() (sum float64, n int) {
		for i, v := range x.Value.Data {
			w := want.Data[i]
			slopes[i] = 0
			if w != w {
				continue
			}
			loss, slope := f(float64(v) - float64(w))
			slopes[i] = tensor.Float(slope)
			sum += loss
			n++
		}
		return sum, n
	})
}

// mean makes sum/n the result, where each gives the sum, the number of terms,
// and in slopes the derivative of the sum by each element of x.
func mean(g *grad.Tape, x *grad.Var, slopes []tensor.Float, each func() (sum float64, n int)) *grad.Var {
	sum, n := each()
	count := float64(max(n, 1))
	y := g.Scalar(sum/count, x)
	if g.NeedsGrad(y) {
		g.Record(func() {
			dy := g.GradIfSet(y)
			if dy == nil {
				return
			}
			d, dx := dy.Data[0]/tensor.Float(count), g.Grad(x).Data
			for i, s := range slopes {
				dx[i] += d * s
			}
		})
	}
	return y
}

// Pinball is the mean quantile loss (Koenker & Bassett 1978) of x [..., q], one
// column for each of the quantiles in (0, 1), against want [...] of one dimension
// less, or with a last dimension of 1:
//
//	max(τ·(want-x), (τ-1)·(want-x))
func Pinball(g *grad.Tape, x *grad.Var, want *tensor.Tensor, quantiles []float64) *grad.Var {
	q := len(quantiles)
	if q == 0 || x.Shape().Last() != q || len(want.Data)*q != len(x.Value.Data) {
		panic(&tensor.ShapeError{Op: "nn.Pinball", Detail: fmt.Sprintf("prediction %v, target %v, %d quantiles", x.Shape(), want.Shape, q)})
	}
	slopes := g.Scratch(x.Shape()).Data
	return mean(g, x, slopes, func() (sum float64, n int) {
		for i, v := range x.Value.Data {
			w := want.Data[i/q]
			slopes[i] = 0
			if w != w {
				continue
			}
			tau := quantiles[i%q]
			n++
			if e := float64(w) - float64(v); e >= 0 {
				sum += tau * e
				slopes[i] = tensor.Float(-tau)
			} else {
				sum += (tau - 1) * e
				slopes[i] = tensor.Float(1 - tau)
			}
		}
		return sum, n
	})
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}
