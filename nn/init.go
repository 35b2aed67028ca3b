package nn

import (
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// Zeros makes a parameter of zeros.
func Zeros(dims ...int) *grad.Var { return grad.Leaf(tensor.New(dims...)) }

// Constant makes a parameter whose values are all c.
func Constant(c float64, dims ...int) *grad.Var {
	return fill(func() float64 { return c }, dims...)
}

// The initialisers that take a source of random numbers make zeros of a nil one,
// for models whose parameters are about to be read from a file, and of Shapes
// parameters that have a shape but no values.

// Shapes is the source for models that are made to be counted or asked for their
// widths: it takes no memory for parameters, however large they are. Their Data is empty.
var Shapes = rand.New(rand.NewPCG(0, 0))

// unfilled is a parameter of zeros, or of Shapes one without values.
func unfilled(r *rand.Rand, dims ...int) *grad.Var {
	if r == Shapes {
		return grad.Leaf(&tensor.Tensor{Shape: tensor.ShapeOf(dims...)})
	}
	return Zeros(dims...)
}

// Full is Constant, and of Shapes a parameter without values: for the biases of cells,
// whatever r is otherwise.
func Full(r *rand.Rand, c float64, dims ...int) *grad.Var {
	if r == Shapes {
		return unfilled(r, dims...)
	}
	return Constant(c, dims...)
}

// Uniform draws a parameter from U(-limit, limit). With limit 1/√n for n inputs
// of a linear layer, or n units of a recurrent one, it is PyTorch's default.
func Uniform(r *rand.Rand, limit float64, dims ...int) *grad.Var {
	if r == nil || r == Shapes {
		return unfilled(r, dims...)
	}
	return fill(func() float64 { return (2*r.Float64() - 1) * limit }, dims...)
}

// Normal draws a parameter from N(0, std²).
func Normal(r *rand.Rand, std float64, dims ...int) *grad.Var {
	if r == nil || r == Shapes {
		return unfilled(r, dims...)
	}
	return fill(func() float64 { return r.NormFloat64() * std }, dims...)
}

func fill(f func() float64, dims ...int) *grad.Var {
	t := tensor.New(dims...)
	for i := range t.Data {
		t.Data[i] = tensor.Float(f())
	}
	return grad.Leaf(t)
}

// Glorot draws an [in, out] matrix from U(-a, a), a = √(6/(in+out)), which keeps
// the variance of signals and of gradients even (Glorot & Bengio 2010). It is
// the default of TensorFlow and Keras.
func Glorot(r *rand.Rand, in, out int) *grad.Var {
	return Uniform(r, math.Sqrt(6/float64(max(in+out, 1))), in, out)
}

// He draws an [in, out] matrix from N(0, 2/in), for layers before a ReLU
// (He et al. 2015).
func He(r *rand.Rand, in, out int) *grad.Var {
	return Normal(r, math.Sqrt(2/float64(max(in, 1))), in, out)
}

// Orthogonal draws an [in, out] matrix with orthonormal rows or columns,
// whichever are fewer, times gain (Saxe et al. 2014). Keras draws recurrent
// weights so, which keeps long products from vanishing or exploding.
func Orthogonal(r *rand.Rand, gain float64, in, out int) *grad.Var {
	if r == nil || r == Shapes {
		return unfilled(r, in, out)
	}
	t := tensor.New(in, out)
	if in > out {
		for i, v := range orthonormal(r, out, in) {
			for j, x := range v {
				t.Data[j*out+i] = tensor.Float(gain * x)
			}
		}
		return grad.Leaf(t)
	}
	for i, v := range orthonormal(r, in, out) {
		for j, x := range v {
			t.Data[i*out+j] = tensor.Float(gain * x)
		}
	}
	return grad.Leaf(t)
}

// GlorotGates puts matrices [in, width] of Glorot, one for each gate of a cell, side by
// side in one parameter [in, gates*width].
func GlorotGates(r *rand.Rand, in, gates, width int) *grad.Var {
	if r == nil || r == Shapes {
		return unfilled(r, in, gates*width)
	}
	parts := make([]*grad.Var, gates)
	for i := range parts {
		parts[i] = Glorot(r, in, width)
	}
	return grad.Leaf(grad.Eval().Concat(parts...).Value.Clone())
}
