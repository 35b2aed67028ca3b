package rnn

import (
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
)

// IndRNN is the independently recurrent cell of Li et al. 2018, whose units see
// only their own past:
//
//	h' = φ(x·W + U∘h + B)
//
// The state is {h}, the output h'. With Identity for φ the recurrence is linear
// and runs as those of MinGRU and MinLSTM do.
type IndRNN struct {
	W *grad.Var // [in, hidden]
	U *grad.Var // [hidden]
	B *grad.Var // [hidden]

	Activation Activation `recur:"-"` // φ, default ReLU
}

// NewIndRNN draws W by Glorot, and U from U(0, 1) as the paper does for nets whose
// last output matters; for sequences of T steps it recommends to keep |U| below
// 2^(1/T), which Limit does.
func NewIndRNN(r *rand.Rand, in, hidden int) *IndRNN {
	c := &IndRNN{W: nn.Glorot(r, in, hidden), U: nn.Uniform(r, 0.5, hidden), B: nn.Zeros(hidden)}
	for i := range c.U.Value.Data {
		c.U.Value.Data[i] += 0.5
	}
	return c
}

// Limit clips U so that a gradient grows at most to gamma over the given steps:
// |U| ≤ gamma^(1/steps). The paper uses gamma 2 after every update.
func (c *IndRNN) Limit(gamma float64, steps int) {
	most := grad.Float(math.Pow(gamma, 1/float64(max(steps, 1))))
	for i, u := range c.U.Value.Data {
		c.U.Value.Data[i] = min(max(u, -most), most)
	}
}

// StateSize is {hidden}.
func (c *IndRNN) StateSize() []int { return []int{c.W.Dim(1)} }

// Step computes one step, which is a sequence of one.
func (c *IndRNN) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	return c.Unroll(g, x, one(g, x.Dim(0)), s)
}

// Unroll projects all inputs in one product.
func (c *IndRNN) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	pre := g.Affine(x, c.W, c.B)
	if c.Activation != Identity {
		return run(g, (*indStep)(c), pre, active, s)
	}
	first := g.Ints(pre.Dim(0))
	clear(first)
	u := g.Rows(g.Reshape(c.U, 1, c.U.Dim(0)), first)
	y, last := scan(g, u, pre, active, s[0])
	return y, State(g.List(last))
}

// indStep is the cell after the input projection.
type indStep IndRNN

func (c *indStep) StateSize() []int { return (*IndRNN)(c).StateSize() }

func (c *indStep) Step(g *grad.Tape, pre *grad.Var, s State) (*grad.Var, State) {
	h := or(c.Activation, ReLU).Apply(g, g.Add(pre, g.MulRow(s[0], c.U)))
	return h, State(g.List(h))
}
