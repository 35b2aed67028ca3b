package nn

import (
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// Linear is y = x·W + B.
type Linear struct {
	W *grad.Var `recur:"w"` // [in, out]
	B *grad.Var `recur:"b"` // [out], nil for none
}

// NewLinear draws W by Glorot and sets B to zero.
func NewLinear(r *rand.Rand, in, out int) *Linear {
	return &Linear{Glorot(r, in, out), Full(r, 0, out)}
}

// Forward maps x [..., in] to [..., out].
func (l *Linear) Forward(g *grad.Tape, x *grad.Var) *grad.Var { return g.Affine(x, l.W, l.B) }

// Embedding maps ids to rows of W.
type Embedding struct {
	W *grad.Var `recur:"w"` // [vocab, width]
}

// NewEmbedding draws W from U(-0.1, 0.1).
func NewEmbedding(r *rand.Rand, vocab, width int) *Embedding {
	return &Embedding{Uniform(r, 0.1, vocab, width)}
}

// Forward gives [len(ids), width]. A negative id, as used for padding, gives
// zeros. ids must keep its values until Backward.
func (e *Embedding) Forward(g *grad.Tape, ids []int) *grad.Var { return g.GatherRows(e.W, ids) }

// LayerNorm is y = Gain∘(x-μ)/√(σ²+Eps) + Shift over the last dimension
// (Ba, Kiros & Hinton 2016).
type LayerNorm struct {
	Gain  *grad.Var `recur:"gain"`  // [n]
	Shift *grad.Var `recur:"shift"` // [n]
	Eps   float64   // default 1e-5, as PyTorch
}

// NewLayerNorm starts with Gain 1 and Shift 0.
func NewLayerNorm(n int) *LayerNorm {
	return &LayerNorm{Gain: Constant(1, n), Shift: Zeros(n)}
}

// Forward maps x [..., n] to the same shape.
func (l *LayerNorm) Forward(g *grad.Tape, x *grad.Var) *grad.Var {
	eps := l.Eps
	if eps == 0 {
		eps = 1e-5
	}
	return g.LayerNorm(x, l.Gain, l.Shift, eps)
}

// Dropout zeroes each value with probability P while training, and scales the
// others by 1/(1-P) (Srivastava et al. 2014).
type Dropout struct{ P float64 }

// Forward draws a fresh mask from the tape's Rand.
func (d Dropout) Forward(g *grad.Tape, x *grad.Var) *grad.Var { return g.Dropout(x, d.P) }

// TorchLinear draws a layer as PyTorch's nn.Linear does: W and B from
// U(-1/√in, 1/√in).
func TorchLinear(r *rand.Rand, in, out int) *Linear {
	limit := 1 / math.Sqrt(float64(max(in, 1)))
	return &Linear{Uniform(r, limit, in, out), Uniform(r, limit, out)}
}

// OneHot gives [len(ids), n] with a 1 at each id; a negative id gives zeros.
func OneHot(ids []int, n int) *tensor.Tensor {
	t := tensor.New(len(ids), n)
	for i, id := range ids {
		if id >= n {
			panic(&tensor.ShapeError{Op: "nn.OneHot", Detail: "an id is not below the width"})
		}
		if id >= 0 {
			t.Data[i*n+id] = 1
		}
	}
	return t
}
