package rnn

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
)

// MinLSTM is the minimal long short-term memory of Feng et al. 2024:
//
//	f, i, u = split(x·W + B)
//	f' = σ(f)/(σ(f)+σ(i)),  i' = σ(i)/(σ(f)+σ(i))
//	h' = f'∘h + i'∘u
//
// Its gates do not see h, so the recurrence is linear. The state is {h}, the
// output h'.
type MinLSTM struct {
	W *grad.Var // [in, 3*hidden]: f, i, u
	B *grad.Var // [3*hidden]

	Positive bool // as in MinGRU
}

// NewMinLSTM draws W by Glorot and sets B to zero, but to 1 for f.
func NewMinLSTM(r *rand.Rand, in, hidden int) *MinLSTM {
	w := nn.Beside(nn.Glorot(r, in, hidden), nn.Glorot(r, in, hidden), nn.Glorot(r, in, hidden))
	c := &MinLSTM{W: w, B: nn.Zeros(3 * hidden)}
	for j := range hidden {
		c.B.Value.Data[j] = 1
	}
	return c
}

// StateSize is {hidden}.
func (c *MinLSTM) StateSize() []int { return []int{c.W.Dim(1) / 3} }

// Step computes one step, which is a sequence of one.
func (c *MinLSTM) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	return c.Unroll(g, x, one(g, x.Dim(0)), s)
}

// Unroll runs a whole sequence.
func (c *MinLSTM) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	p := g.Split(g.Affine(x, c.W, c.B), 3)
	f, i, u := g.Sigmoid(p[0]), g.Sigmoid(p[1]), positive(g, p[2], c.Positive)
	f = g.Div(f, g.Add(f, i))
	y, last := scan(g, f, g.Mul(g.ScaleShift(f, -1, 1), u), active, s[0]) // i' = 1-f'
	return y, State(g.List(last))
}
