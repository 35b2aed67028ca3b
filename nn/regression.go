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
	return regression(g, "nn.MSE", x, want, func(_ int, x, want float64) (loss, slope float64) {
		e := x - want
		return e * e, 2 * e
	})
}

// MAE is the mean of |x-want|.
func MAE(g *grad.Tape, x *grad.Var, want *tensor.Tensor) *grad.Var {
	return regression(g, "nn.MAE", x, want, func(_ int, x, want float64) (loss, slope float64) {
		return math.Abs(x - want), sign(x - want)
	})
}

// Huber is the mean of e²/2 where |e| = |x-want| is at most delta and of
// delta·(|e|-delta/2) beyond (Huber 1964), as PyTorch's HuberLoss. A delta of 0
// means 1.
func Huber(g *grad.Tape, x *grad.Var, want *tensor.Tensor, delta float64) *grad.Var {
	if delta == 0 {
		delta = 1
	}
	return regression(g, "nn.Huber", x, want, func(_ int, x, want float64) (loss, slope float64) {
		e := x - want
		if math.Abs(e) <= delta {
			return e * e / 2, e
		}
		return delta * (math.Abs(e) - delta/2), delta * sign(e)
	})
}

func regression(g *grad.Tape, op string, x *grad.Var, want *tensor.Tensor, f elementFunc) *grad.Var {
	if x.Shape() != want.Shape {
		panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("prediction %v, target %v", x.Shape(), want.Shape)})
	}
	return elementLoss(g, x, want, f)
}

// An elementFunc is the loss of element x of a prediction, number j of those for the same
// target, and its derivative by x.
type elementFunc func(j int, x, want float64) (loss, slope float64)

// elementLoss is the mean of f over the elements of x, of which each of want is the target
// of as many.
func elementLoss(g *grad.Tape, x *grad.Var, want *tensor.Tensor, f elementFunc) *grad.Var {
	slopes, sum, n := g.Scratch(x.Shape()).Data, 0.0, 0
	each := len(x.Value.Data) / max(len(want.Data), 1)
	for i, w := range want.Data {
		for j := range each {
			k := i*each + j
			slopes[k] = 0
			if w != w {
				continue
			}
			loss, slope := f(j, float64(x.Value.Data[k]), float64(w))
			slopes[k] = tensor.Float(slope)
			sum += loss
			n++
		}
	}
	return meanLoss(g, sum, n, [][]tensor.Float{slopes}, x)
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
	return elementLoss(g, x, want, func(j int, x, want float64) (loss, slope float64) {
		tau, e := quantiles[j], want-x
		if e >= 0 {
			return tau * e, -tau
		}
		return (tau - 1) * e, 1 - tau
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
