package rnn

import (
	"encoding"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/recur-go/recur/grad"
)

// An Activation is a function applied to every element of a tensor: one of ONNX's
// eleven, the identity, or a user's. Where an Activation is an option, the zero
// value means the default that the option names. In text, and so in JSON, it is
// what ParseActivation reads. Activations can be compared.
type Activation struct {
	name        string
	alpha, beta float64
	own         *func(g *grad.Tape, x *grad.Var) *grad.Var
}

// The activations without parameters.
var (
	Tanh     = Activation{name: "tanh"}
	Sigmoid  = Activation{name: "sigmoid"}
	ReLU     = Activation{name: "relu"}
	Identity = Activation{name: "identity"}
	Softplus = Activation{name: "softplus"} // log(1+exp(x))
	Softsign = Activation{name: "softsign"} // x/(1+|x|)
)

// LeakyReLU is x where x ≥ 0, else alpha·x.
func LeakyReLU(alpha float64) Activation { return Activation{name: "leakyrelu", alpha: alpha} }

// ThresholdedReLU is x where x > alpha, else 0.
func ThresholdedReLU(alpha float64) Activation {
	return Activation{name: "thresholdedrelu", alpha: alpha}
}

// ELU is x where x ≥ 0, else alpha·(exp(x)-1) (Clevert et al. 2016).
func ELU(alpha float64) Activation { return Activation{name: "elu", alpha: alpha} }

// ScaledTanh is alpha·tanh(beta·x).
func ScaledTanh(alpha, beta float64) Activation {
	return Activation{name: "scaledtanh", alpha: alpha, beta: beta}
}

// HardSigmoid is alpha·x + beta limited to [0, 1].
func HardSigmoid(alpha, beta float64) Activation {
	return Activation{name: "hardsigmoid", alpha: alpha, beta: beta}
}

// Affine is alpha·x + beta.
func Affine(alpha, beta float64) Activation {
	return Activation{name: "affine", alpha: alpha, beta: beta}
}

// ActivationFunc is a function of the program, built from operations of the tape. It
// has no text form, so that a model with it cannot be saved by its options alone.
func ActivationFunc(name string, f func(g *grad.Tape, x *grad.Var) *grad.Var) Activation {
	return Activation{name: name, own: &f}
}

// parameters are how many of alpha and beta each takes, and ONNX's defaults.
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
		return Activation{}, fmt.Errorf("rnn: unknown activation %q", s)
	}
	a := Activation{name: name, alpha: p.alpha, beta: p.beta}
	if !open {
		return a, nil
	}
	args, closed := strings.CutSuffix(args, ")")
	fields := strings.Split(args, ",")
	if !closed || len(fields) > p.n {
		return Activation{}, fmt.Errorf("rnn: activation %q: %s takes %d parameters", s, name, p.n)
	}
	for i, f := range fields {
		v, err := strconv.ParseFloat(strings.TrimSpace(f), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return Activation{}, fmt.Errorf("rnn: activation %q: %q is not a number", s, f)
		}
		*[]*float64{&a.alpha, &a.beta}[i] = v
	}
	return a, nil
}

// String is what ParseActivation reads, or the name of a function of the program.
// The zero value is "".
func (a Activation) String() string {
	switch parameters[a.name].n {
	case 1:
		return fmt.Sprintf("%s(%v)", a.name, a.alpha)
	case 2:
		return fmt.Sprintf("%s(%v, %v)", a.name, a.alpha, a.beta)
	}
	return a.name
}

var (
	_ encoding.TextMarshaler   = Activation{}
	_ encoding.TextUnmarshaler = &Activation{}
)

// MarshalText writes what UnmarshalText reads. It refuses a function of the program.
func (a Activation) MarshalText() ([]byte, error) {
	if a.own != nil {
		return nil, fmt.Errorf("rnn: activation %q is a function of the program and has no text", a.name)
	}
	return []byte(a.String()), nil
}

// UnmarshalText reads what ParseActivation does, and "" as the zero value.
func (a *Activation) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*a = Activation{}
		return nil
	}
	*a, err = ParseActivation(string(text))
	return err
}

// Apply applies a to every element of x. It panics if a is the zero value.
func (a Activation) Apply(g *grad.Tape, x *grad.Var) *grad.Var {
	if a.own != nil {
		return (*a.own)(g, x)
	}
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
		return g.Map(x, func(x grad.Float) grad.Float { return choose(x < 0, alpha*x, x) },
			func(x, _ grad.Float) grad.Float { return choose(x < 0, alpha, 1) })
	case "thresholdedrelu":
		return g.Map(x, func(x grad.Float) grad.Float { return choose(x > alpha, x, 0) },
			func(x, _ grad.Float) grad.Float { return choose(x > alpha, 1, 0) })
	case "elu":
		return g.Map(x, func(x grad.Float) grad.Float {
			if x < 0 {
				return alpha * grad.Float(math.Expm1(float64(x)))
			}
			return x
		}, func(x, y grad.Float) grad.Float { return choose(x < 0, y+alpha, 1) })
	}
	panic(fmt.Sprintf("rnn: %q is not an activation", a.name))
}

func choose(yes bool, a, b grad.Float) grad.Float {
	if yes {
		return a
	}
	return b
}

// or is a, or def if a is the zero value.
func or(a, def Activation) Activation {
	if a == (Activation{}) {
		return def
	}
	return a
}
