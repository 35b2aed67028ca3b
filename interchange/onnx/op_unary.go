package onnx

import (
	"math"

	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// functions of one number without parameters.
var functions = map[string]func(x float64) float64{
	"Exp": math.Exp, "Log": math.Log, "Sqrt": math.Sqrt, "Erf": math.Erf,
	"Sin": math.Sin, "Cos": math.Cos, "Tan": math.Tan, "Asin": math.Asin, "Acos": math.Acos, "Atan": math.Atan,
	"Sinh": math.Sinh, "Cosh": math.Cosh, "Tanh": math.Tanh, "Asinh": math.Asinh, "Acosh": math.Acosh, "Atanh": math.Atanh,
	"Ceil": math.Ceil, "Floor": math.Floor, "Round": math.RoundToEven,
	"Reciprocal": func(x float64) float64 { return 1 / x },
	"Sigmoid":    sigmoid,
	"Softplus":   softplus,
	"Softsign":   func(x float64) float64 { return x / (1 + math.Abs(x)) },
	"HardSwish":  func(x float64) float64 { return x * max(0, min(1, x/6+0.5)) },
	"Mish":       func(x float64) float64 { return x * math.Tanh(softplus(x)) },
}

var sinces = map[string]int{
	"Exp": 6, "Log": 6, "Sqrt": 6, "Erf": 9, "Sin": 7, "Cos": 7, "Tan": 7, "Asin": 7, "Acos": 7, "Atan": 7,
	"Sinh": 9, "Cosh": 9, "Tanh": 6, "Asinh": 9, "Acosh": 9, "Atanh": 9, "Ceil": 6, "Floor": 6, "Round": 11,
	"Reciprocal": 6, "Sigmoid": 6, "Softplus": 1, "Softsign": 1, "HardSwish": 14, "Mish": 18,
}

func init() {
	for name, f := range functions {
		register("", version{name, sinces[name], 1, 1, 1, plain(func(c *call) { c.set(0, mapped(c.tensor(0), f)) })})
	}
	for name, f := range map[string]func(dst, x []tensor.Float){"Tanh": kernel.Tanhs, "Sigmoid": kernel.Sigmoids, "Exp": kernel.Exps} {
		fast[name] = f
		registry[""][name][0].build = plain(func(c *call) { c.set(0, quick(c.tensor(0), name)) })
	}
	register("",
		version{"Abs", 6, 1, 1, 1, signed}, version{"Neg", 6, 1, 1, 1, signed}, version{"Sign", 9, 1, 1, 1, signed},
		version{"Relu", 6, 1, 1, 1, signed},
		version{"LeakyRelu", 6, 1, 1, 1, parametric}, version{"Elu", 6, 1, 1, 1, parametric}, version{"Selu", 6, 1, 1, 1, parametric},
		version{"Celu", 12, 1, 1, 1, parametric}, version{"ThresholdedRelu", 10, 1, 1, 1, parametric},
		version{"HardSigmoid", 6, 1, 1, 1, parametric}, version{"Shrink", 9, 1, 1, 1, parametric},
		version{"Swish", 24, 1, 1, 1, parametric},
		version{"Gelu", 20, 1, 1, 1, gelu},
		version{"Clip", 6, 1, 1, 1, clipAttributes}, version{"Clip", 11, 1, 3, 1, plain(clip)},
	)
	register("com.microsoft", version{"Gelu", 1, 1, 1, 1, gelu})
}

// fast are kernels by the name of their operator.
var fast = map[string]func(dst, x []tensor.Float){}

func quick(x *Tensor, name string) *Tensor {
	d, ok := x.data.([]tensor.Float)
	if !ok || x.DType == Float64 {
		return mapped(x, functions[name])
	}
	y := make([]tensor.Float, len(d))
	fast[name](y, d)
	return fromFloats(x.DType, x.Shape, y)
}

// mapped applies f to every element of a tensor of floats.
func mapped(x *Tensor, f func(x float64) float64) *Tensor { return realsOf(x).mapped(x, f) }

func (reals[T]) mapped(x *Tensor, f func(x float64) float64) *Tensor {
	y := make([]T, x.Len())
	for i, v := range x.data.([]T) {
		y[i] = T(f(float64(v)))
	}
	return made(x.DType, x.Shape, y)
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// signed is for operators that take every kind of number.
func signed(n *nodeDef) op {
	name := n.op
	return opFunc(func(c *call) {
		x := c.tensor(0)
		c.set(0, numbersOf(x).signed(name, x))
	})
}

func (numbers[T]) signed(name string, x *Tensor) *Tensor {
	y := make([]T, x.Len())
	for i, v := range x.data.([]T) {
		switch {
		case name == "Relu":
			y[i] = max(v, 0)
		case name == "Neg":
			y[i] = -v
		case name == "Abs":
			y[i] = v
			if v < 0 {
				y[i] = -v
			}
		case v > 0:
			y[i] = 1
		case v < 0:
			y[i]--
		default:
			y[i] = v // 0 or NaN
		}
	}
	return made(x.DType, x.Shape, y)
}

func parametric(n *nodeDef) op {
	var f func(x float64) float64
	elu := func(alpha float64) func(x float64) float64 {
		return func(x float64) float64 {
			if x < 0 {
				return alpha * math.Expm1(x)
			}
			return x
		}
	}
	switch n.op {
	case "LeakyRelu":
		alpha := n.float("alpha", 0.01)
		f = func(x float64) float64 { return choose(x < 0, alpha*x, x) }
	case "Elu":
		f = elu(n.float("alpha", 1))
	case "Selu":
		base, gamma := elu(n.float("alpha", 1.67326319217681884765625)), n.float("gamma", 1.05070102214813232421875)
		f = func(x float64) float64 { return gamma * base(x) }
	case "Celu":
		alpha := n.float("alpha", 1)
		f = func(x float64) float64 { return max(0, x) + min(0, alpha*math.Expm1(x/alpha)) }
	case "ThresholdedRelu":
		alpha := n.float("alpha", 1)
		f = func(x float64) float64 { return choose(x > alpha, x, 0) }
	case "HardSigmoid":
		alpha, beta := n.float("alpha", 0.2), n.float("beta", 0.5)
		f = func(x float64) float64 { return max(0, min(1, alpha*x+beta)) }
	case "Shrink":
		bias, lambd := n.float("bias", 0), n.float("lambd", 0.5)
		return opFunc(func(c *call) { c.set(0, shrink(c.tensor(0), bias, lambd)) })
	case "Swish":
		alpha := n.float("alpha", 1)
		f = func(x float64) float64 { return x * sigmoid(alpha*x) }
	}
	return opFunc(func(c *call) { c.set(0, mapped(c.tensor(0), f)) })
}

// shrink takes every kind of number.
func shrink(x *Tensor, bias, lambd float64) *Tensor {
	d := x.doubles()
	y := make([]float64, len(d))
	for i, v := range d {
		switch {
		case v < -lambd:
			y[i] = v + bias
		case v > lambd:
			y[i] = v - bias
		}
	}
	return fromDoubles(x.DType, x.Shape, y)
}

func gelu(n *nodeDef) op {
	f := func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }
	if n.oneOf("approximate", "none", "tanh") == "tanh" {
		f = func(x float64) float64 {
			return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		}
	}
	return opFunc(func(c *call) { c.set(0, mapped(c.tensor(0), f)) })
}

func clipAttributes(n *nodeDef) op {
	lo, hi := n.float("min", -math.MaxFloat32), n.float("max", math.MaxFloat32)
	return opFunc(func(c *call) {
		c.set(0, mapped(c.tensor(0), func(x float64) float64 { return min(max(x, lo), hi) }))
	})
}

func clip(c *call) {
	y := c.tensor(0)
	if lo := c.opt(1); lo != nil {
		y = calculate("Max", y, lo)
	}
	if hi := c.opt(2); hi != nil {
		y = calculate("Min", y, hi)
	}
	c.set(0, y)
}
