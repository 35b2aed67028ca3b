package optim

import (
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
)

// Clip scales the gradients so that their joint norm is at most max (Pascanu et
// al. 2013) and returns the norm before, which is NaN or infinite if any gradient
// is; then they are left as they are. A max of +Inf only measures.
func Clip(g *grad.Tape, params []nn.Param, max float64) float64 {
	var sum float64
	for _, p := range params {
		sum += square(g, p)
	}
	norm := math.Sqrt(sum)
	if norm > max && !math.IsInf(norm, 0) {
		for _, p := range params {
			scale(g, p, max/norm)
		}
	}
	return norm
}

// ClipEach scales the gradient of each parameter by itself so that its norm is at
// most max, as tf.clip_by_norm does. One that is NaN or infinite is left as it is.
func ClipEach(g *grad.Tape, params []nn.Param, max float64) {
	for _, p := range params {
		if norm := math.Sqrt(square(g, p)); norm > max && !math.IsInf(norm, 0) {
			scale(g, p, max/norm)
		}
	}
}

// ClipValue limits every value of the gradients to ±limit. NaN stays NaN.
func ClipValue(g *grad.Tape, params []nn.Param, limit float64) {
	l := Float(limit)
	for _, p := range params {
		if d := g.GradIfSet(p.Var); d != nil {
			for i, x := range d.Data {
				d.Data[i] = min(max(x, -l), l)
			}
		}
	}
}

// square is the sum of the squares of the gradient of p.
func square(g *grad.Tape, p nn.Param) float64 {
	if d := g.GradIfSet(p.Var); d != nil {
		return kernel.SumSq(d.Data)
	}
	return 0
}

func scale(g *grad.Tape, p nn.Param, k float64) {
	if d := g.GradIfSet(p.Var); d != nil {
		kernel.Scale(Float(k), d.Data)
	}
}
