package graph

import (
	"fmt"
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
)

// A Func is a function of a layer's values: softmax or log_softmax over each step,
// gelu, gelu_tanh (its approximation), silu, selu, exp, relu6, mish, or what
// rnn.ParseActivation reads. The empty Func is the identity.
type Func string

func (f Func) check() error {
	switch f {
	case "", "softmax", "log_softmax", "gelu", "gelu_tanh", "silu", "selu", "exp", "relu6", "mish":
		return nil
	}
	if _, err := rnn.ParseActivation(string(f)); err != nil {
		return fmt.Errorf("unknown activation %q", string(f))
	}
	return nil
}

// The constants of SELU (Klambauer et al. 2017).
const (
	seluScale = 1.0507009873554805
	seluAlpha = 1.6732632423543772
)

func (f Func) apply(g *grad.Tape, x *grad.Var) *grad.Var {
	switch f {
	case "":
		return x
	case "softmax":
		return g.Softmax(x)
	case "log_softmax":
		return g.LogSoftmax(x)
	case "exp":
		return g.Exp(x)
	case "relu6":
		return g.Clip(x, 0, 6)
	case "silu": // x·σ(x) (Hendrycks & Gimpel 2016)
		return g.Mul(x, g.Sigmoid(x))
	case "mish": // x·tanh(softplus(x)) (Misra 2019)
		return g.Mul(x, g.Tanh(g.Softplus(x)))
	case "selu":
		return g.Scale(rnn.ELU(seluAlpha).Apply(g, x), seluScale)
	case "gelu": // x·Φ(x) (Hendrycks & Gimpel 2016)
		return g.Map(x,
			func(x grad.Float) grad.Float { return grad.Float(float64(x) * normalCDF(float64(x))) },
			func(x, _ grad.Float) grad.Float {
				v := float64(x)
				return grad.Float(normalCDF(v) + v*math.Exp(-v*v/2)/math.Sqrt(2*math.Pi))
			})
	case "gelu_tanh": // x/2·(1 + tanh(√(2/π)·(x + 0.044715x³)))
		inner := g.Mul(x, g.ScaleShift(g.Square(x), 0.044715, 1))
		return g.Mul(g.Scale(x, 0.5), g.ScaleShift(g.Tanh(g.Scale(inner, math.Sqrt(2/math.Pi))), 1, 1))
	}
	a, _ := rnn.ParseActivation(string(f)) // check has read it
	return a.Apply(g, x)
}

func normalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
