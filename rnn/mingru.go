package rnn

import (
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
)

// MinGRU is the minimal gated recurrent unit of Feng et al. 2024, "Were RNNs All
// We Needed?":
//
//	z, u = split(x·W + B)
//	h' = (1-σ(z))∘h + σ(z)∘u
//
// Its gate does not see h, so the recurrence is linear: all products are done at
// once for a whole sequence. The state is {h}, the output h'.
type MinGRU struct {
	W *grad.Var // [in, 2*hidden]: z, u
	B *grad.Var // [2*hidden]

	// Positive puts u through g(u) = u + 1/2 for u ≥ 0, σ(u) below, which is what
	// the paper's form in logarithms computes.
	Positive bool
}

// NewMinGRU draws W by Glorot and sets B to zero.
func NewMinGRU(r *rand.Rand, in, hidden int) *MinGRU {
	return &MinGRU{W: nn.Beside(nn.Glorot(r, in, hidden), nn.Glorot(r, in, hidden)), B: nn.Zeros(2 * hidden)}
}

// StateSize is {hidden}.
func (c *MinGRU) StateSize() []int { return []int{c.W.Dim(1) / 2} }

// Step computes one step, which is a sequence of one.
func (c *MinGRU) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	return c.Unroll(g, x, one(g, x.Dim(0)), s)
}

// Unroll runs a whole sequence.
func (c *MinGRU) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	p := g.Split(g.Affine(x, c.W, c.B), 2)
	z, u := g.Sigmoid(p[0]), positive(g, p[1], c.Positive)
	y, last := scan(g, g.ScaleShift(z, -1, 1), g.Mul(z, u), active, s[0])
	return y, State(g.List(last))
}

// positive applies g(x) = x + 1/2 where x ≥ 0, σ(x) below, if it is asked for.
func positive(g *grad.Tape, x *grad.Var, ask bool) *grad.Var {
	if !ask {
		return x
	}
	return g.Map(x, func(x grad.Float) grad.Float {
		if x >= 0 {
			return x + 0.5
		}
		return grad.Float(1 / (1 + math.Exp(-float64(x))))
	}, func(x, y grad.Float) grad.Float {
		if x >= 0 {
			return 1
		}
		return y * (1 - y)
	})
}
