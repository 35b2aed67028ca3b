package rnn

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/recur-go/recur/grad"
)

// An Activation is a function applied to every element of a tensor. The ones
// below have fused kernels in some cells; any other type that has Apply, built
// from the tape's operations, will do too. Where an Activation is an option, nil
// means the default that the option names.
type Activation interface {
	Apply(g *grad.Tape, x *grad.Var) *grad.Var
}

// The activations without parameters.
var (
	Tanh     Activation = activation{name: "tanh"}
	Sigmoid  Activation = activation{name: "sigmoid"}
	ReLU     Activation = activation{name: "relu"}
	Identity Activation = activation{name: "identity"}
	Softplus Activation = activation{name: "softplus"} // log(1+exp(x))
	Softsign Activation = activation{name: "softsign"} // x/(1+|x|)
)

// LeakyReLU is x where x ≥ 0, else alpha·x.
func LeakyReLU(alpha float64) Activation { return activation{"leakyrelu", alpha, 0} }

// ThresholdedReLU is x where x > alpha, else 0.
func ThresholdedReLU(alpha float64) Activation { return activation{"thresholdedrelu", alpha, 0} }

// ELU is x where x ≥ 0, else alpha·(exp(x)-1) (Clevert et al. 2016).
func ELU(alpha float64) Activation { return activation{"elu", alpha, 0} }

// ScaledTanh is alpha·tanh(beta·x).
func ScaledTanh(alpha, beta float64) Activation { return activation{"scaledtanh", alpha, beta} }

// HardSigmoid is alpha·x + beta limited to [0, 1].
func HardSigmoid(alpha, beta float64) Activation { return activation{"hardsigmoid", alpha, beta} }

// Affine is alpha·x + beta.
func Affine(alpha, beta float64) Activation { return activation{"affine", alpha, beta} }

// activation is one of ONNX's eleven, or the identity.
type activation struct {
	name        string
	alpha, beta float64
}

// parameters says how many of alpha and beta each takes, and ONNX's defaults.
var parameters = map[string]struct {
	n           int
	alpha, beta float64
}{
	"tanh": {}, "sigmoid": {}, "relu": {}, "identity": {}, "softplus": {}, "softsign": {},
	"leakyrelu": {1, 0.01, 0}, "thresholdedrelu": {1, 1, 0}, "elu": {1, 1, 0},
	"scaledtanh": {2, 1, 1}, "hardsigmoid": {2, 0.2, 0.5}, "affine": {2, 1, 0},
}

// ParseActivation reads a name, in any case, with its parameters in brackets if
// it has any: tanh, LeakyRelu(0.1), HardSigmoid(0.2, 0.5). Missing parameters have
// ONNX's defaults.
func ParseActivation(s string) (Activation, error) {
	name, args, open := strings.Cut(strings.ToLower(strings.TrimSpace(s)), "(")
	p, ok := parameters[name]
	if !ok {
		return nil, fmt.Errorf("rnn: activation %q is not known", s)
	}
	a := activation{name, p.alpha, p.beta}
	if !open {
		return a, nil
	}
	args, closed := strings.CutSuffix(args, ")")
	fields := strings.Split(args, ",")
	if !closed || len(fields) > p.n {
		return nil, fmt.Errorf("rnn: activation %q: %s takes %d parameters", s, name, p.n)
	}
	for i, f := range fields {
		v, err := strconv.ParseFloat(strings.TrimSpace(f), 64)
		if err != nil {
			return nil, fmt.Errorf("rnn: activation %q: %q is no number", s, f)
		}
		*[]*float64{&a.alpha, &a.beta}[i] = v
	}
	return a, nil
}

// String is what ParseActivation reads.
func (a activation) String() string {
	switch parameters[a.name].n {
	case 1:
		return fmt.Sprintf("%s(%v)", a.name, a.alpha)
	case 2:
		return fmt.Sprintf("%s(%v, %v)", a.name, a.alpha, a.beta)
	}
	return a.name
}

// MarshalText writes what ParseActivation reads.
func (a activation) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

func (a activation) Apply(g *grad.Tape, x *grad.Var) *grad.Var {
	alpha := grad.Float(a.alpha)
	switch a.name {
	case "tanh":
		return g.Tanh(x)
	case "sigmoid":
		return g.Sigmoid(x)
	case "relu":
		return g.ReLU(x)
	case "identity":
		return x
	case "softplus":
		return g.Softplus(x)
	case "affine":
		return g.ScaleShift(x, a.alpha, a.beta)
	case "scaledtanh":
		return g.Scale(g.Tanh(g.Scale(x, a.beta)), a.alpha)
	case "hardsigmoid":
		return g.Clip(g.ScaleShift(x, a.alpha, a.beta), 0, 1)
	case "softsign":
		return g.Map(x, func(x grad.Float) grad.Float { return x / (1 + max(x, -x)) },
			func(x, _ grad.Float) grad.Float { d := 1 + max(x, -x); return 1 / (d * d) })
	case "leakyrelu":
		return g.Map(x, func(x grad.Float) grad.Float { return below(x, 0, x, alpha*x) },
			func(x, _ grad.Float) grad.Float { return below(x, 0, 1, alpha) })
	case "thresholdedrelu":
		return g.Map(x, func(x grad.Float) grad.Float { return below(-x, -alpha, 0, x) },
			func(x, _ grad.Float) grad.Float { return below(-x, -alpha, 0, 1) })
	case "elu":
		return g.Map(x, func(x grad.Float) grad.Float {
			return below(x, 0, x, alpha*grad.Float(math.Expm1(float64(x))))
		}, func(x, y grad.Float) grad.Float { return below(x, 0, 1, y+alpha) })
	}
	panic("rnn: unknown activation " + a.name)
}

// below is no if x < limit, else yes.
func below(x, limit, yes, no grad.Float) grad.Float {
	if x < limit {
		return no
	}
	return yes
}

// or is a, or def if a is nil.
func or(a, def Activation) Activation {
	if a == nil {
		return def
	}
	return a
}
