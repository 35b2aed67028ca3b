package tf1

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// Minimal is MinimalRNN of Chen 2017, as MinimalRNNCell has it. With Kernel cut into
// the rows W of the input and V of the gate,
//
//	z = tanh(x·W)
//	u = σ([z; h]·V + Bias)
//	h' = u∘h + (1-u)∘z
//
// The state is {h}, the output h'.
type Minimal struct {
	Kernel *grad.Var `recur:"kernel"` // [in+2*hidden, hidden]
	Bias   *grad.Var `recur:"bias"`   // [hidden]
}

func init() {
	rnn.Register("minimal", rnn.Spec[MinimalOptions, *Minimal]{
		New:     MinimalOptions.New,
		Options: func(c *Minimal) (MinimalOptions, int) { return MinimalOptions{}, c.Kernel.Dim(1) },
	})
}

// MinimalOptions are the options of a Minimal: none.
type MinimalOptions struct{}

// New draws the kernel by Glorot and sets the bias to 1.
func (MinimalOptions) New(r *rand.Rand, in, hidden int) *Minimal {
	return &Minimal{nn.Glorot(r, in+2*hidden, hidden), nn.Full(r, 1, hidden)}
}

// StateSize is {hidden}.
func (c *Minimal) StateSize() []int { return []int{c.Kernel.Dim(1)} }

// Widths implements rnn.Sizer.
func (c *Minimal) Widths() (in, out int) { return c.Kernel.Dim(0) - 2*c.Kernel.Dim(1), c.Kernel.Dim(1) }

// Step computes one step.
func (c *Minimal) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	mustStep("Minimal", c, x, s)
	in, H := x.Dim(1), c.Kernel.Dim(1)
	z := g.Tanh(g.Affine(x, g.Slice(c.Kernel, 0, in), nil))
	u := g.Sigmoid(linear(g, g.Slice(c.Kernel, in, in+2*H), c.Bias, z, s[0]))
	h := g.Lerp(z, s[0], u)
	return h, rnn.State(g.List(h))
}
