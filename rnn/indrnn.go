package rnn

import (
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// IndRNN is the independently recurrent cell of Li et al. 2018, whose units see
// only their own past:
//
//	h' = φ(x·W + U∘h + B)
//
// The state is {h}, the output h'. With Identity for φ the recurrence is linear.
//
// Since h is multiplied by U at every step, |U| alone decides how long a unit
// remembers and whether its gradient explodes. For sequences of T steps the paper
// keeps |U| ≤ γ^(1/T), which Limit does after an update.
type IndRNN struct {
	W *grad.Var `recur:"w"` // [in, hidden]
	U *grad.Var `recur:"u"` // [hidden]
	B *grad.Var `recur:"b"` // [hidden], nil for none

	Activation Activation `recur:"-"` // φ, default ReLU

	packed *layouts // W of a frozen cell
}

func init() {
	Register("indrnn", Spec[IndRNNOptions, *IndRNN]{
		New:  IndRNNOptions.New,
		Kind: true,
		Options: func(c *IndRNN) (IndRNNOptions, int) {
			return IndRNNOptions{NoBias: c.B == nil, Activation: c.Activation}, c.U.Dim(0)
		},
	})
}

// IndRNNOptions are the options of an IndRNN.
type IndRNNOptions struct {
	NoBias     bool       `json:"no_bias,omitempty"`
	Activation Activation `json:"activation,omitzero"` // default ReLU
}

// New draws W by Glorot and U from U(0, 1), so that there are units with short and
// with long memories, and sets B to zero.
func (o IndRNNOptions) New(r *rand.Rand, in, hidden int) *IndRNN {
	c := &IndRNN{W: nn.Glorot(r, in, hidden), U: nn.Uniform(r, 0.5, hidden), B: newBias(r, hidden, o.NoBias), Activation: o.Activation}
	for i := range c.U.Value.Data {
		c.U.Value.Data[i] += 0.5
	}
	return c
}

// Limit clips U to |U| ≤ gamma^(1/steps), so that over the given steps a gradient
// grows by gamma at most. The paper has gamma 2.
func (c *IndRNN) Limit(gamma float64, steps int) {
	most := grad.Float(math.Pow(gamma, 1/float64(max(steps, 1))))
	for i, u := range c.U.Value.Data {
		c.U.Value.Data[i] = min(max(u, -most), most)
	}
}

// StateSize is {hidden}.
func (c *IndRNN) StateSize() []int { return []int{c.W.Dim(1)} }

// Widths implements Sizer.
func (c *IndRNN) Widths() (in, out int) { return c.W.Dim(0), c.W.Dim(1) }

// Step computes one step, which is a sequence of one.
func (c *IndRNN) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	return c.Unroll(g, x, one(g, x.Dim(0)), s)
}

// Freeze implements Freezer.
func (c *IndRNN) Freeze(p Precision) (Cell, error) {
	t := *c
	t.packed = layOut(c.W, p)
	return &t, nil
}

// Unroll projects all inputs in one product, and runs ReLU, tanh and the identity
// fused.
func (c *IndRNN) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	mustLinear("IndRNN", x, c.W, c.B, active, s, 1)
	must("IndRNN", "u", c.U, tensor.ShapeOf(c.W.Dim(1)))
	pre := c.packed.affine(g, x, c.W, c.B)
	var apply func(dst, src []grad.Float)
	var back func(dx, dy, y []grad.Float)
	switch or(c.Activation, ReLU) {
	case ReLU:
		apply, back = kernel.ReLU, kernel.ReLUGrad
	case Tanh:
		apply, back = kernel.Tanhs, kernel.TanhGrad
	case Identity:
		apply, back = func(_, _ []grad.Float) {}, func(dx, dy, _ []grad.Float) { kernel.AddTo(dx, dy) }
	default:
		return Unroll(g, (*indStep)(c), pre, active, s)
	}
	y, last := elementwise(g, pre, c.U, nil, active, s[0], apply, back)
	return y, State(g.List(last))
}

// indStep is the cell after the input projection.
type indStep IndRNN

func (c *indStep) StateSize() []int { return (*IndRNN)(c).StateSize() }

func (c *indStep) Step(g *grad.Tape, pre *grad.Var, s State) (*grad.Var, State) {
	h := c.Activation.Apply(g, g.Add(pre, g.MulRow(s[0], c.U)))
	return h, State(g.List(h))
}
