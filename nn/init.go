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
// for models whose parameters are about to be read from a file.

// Uniform draws a parameter from U(-limit, limit). With limit 1/√n for n inputs
// of a linear layer, or n units of a recurrent one, it is PyTorch's default.
func Uniform(r *rand.Rand, limit float64, dims ...int) *grad.Var {
	if r == nil {
		return Zeros(dims...)
	}
	return fill(func() float64 { return (2*r.Float64() - 1) * limit }, dims...)
}

// Normal draws a parameter from N(0, std²).
func Normal(r *rand.Rand, std float64, dims ...int) *grad.Var {
	if r == nil {
		return Zeros(dims...)
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
	t := tensor.New(in, out)
	if r == nil {
		return grad.Leaf(t)
	}
	n, w := in, out // n orthonormal vectors of width w ≥ n
	if in > out {
		n, w = out, in
	}
	vs := make([][]float64, n)
	for i := range vs {
		vs[i] = orthogonalTo(r, vs[:i], w)
		for j, v := range vs[i] {
			if in > out {
				t.Data[j*out+i] = tensor.Float(gain * v)
			} else {
				t.Data[i*out+j] = tensor.Float(gain * v)
			}
		}
	}
	return grad.Leaf(t)
}

// orthogonalTo draws a unit vector of width w that is orthogonal to vs, by
// Gram-Schmidt done twice, which is accurate to rounding.
func orthogonalTo(r *rand.Rand, vs [][]float64, w int) []float64 {
	v := make([]float64, w)
	for {
		for j := range v {
			v[j] = r.NormFloat64()
		}
		for range 2 {
			for _, u := range vs {
				d := dot(u, v)
				for j := range v {
					v[j] -= d * u[j]
				}
			}
		}
		if norm := math.Sqrt(dot(v, v)); norm > 1e-3 { // else drawn within the span: again
			for j := range v {
				v[j] /= norm
			}
			return v
		}
	}
}

func dot(x, y []float64) (s float64) {
	for i, v := range x {
		s += v * y[i]
	}
	return s
}

// Beside puts matrices of the same height, such as the weights of the gates of a
// cell, side by side in one parameter.
func Beside(parts ...*grad.Var) *grad.Var {
	g := grad.Eval()
	return grad.Leaf(g.Concat(parts...).Value.Clone())
}
