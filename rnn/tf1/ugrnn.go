package tf1

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// UGRNN is the update gate RNN of Collins, Sohl-Dickstein & Sussillo 2017, as
// UGRNNCell has it:
//
//	g, c = split([x; h]·Kernel + Bias)
//	h' = σ(g + ForgetBias)∘h + (1-σ(g + ForgetBias))∘tanh(c)
//
// The state is {h}, the output h'.
type UGRNN struct {
	Kernel     *grad.Var `recur:"kernel"` // [in+hidden, 2*hidden]: g, c
	Bias       *grad.Var `recur:"bias"`   // [2*hidden]
	ForgetBias float64
}

func init() {
	rnn.Register("ugrnn", rnn.Spec[UGRNNOptions, *UGRNN]{
		New:     UGRNNOptions.New,
		Options: func(c *UGRNN) (UGRNNOptions, int) { return UGRNNOptions{c.ForgetBias}, c.Kernel.Dim(1) / 2 },
		Check:   func(o UGRNNOptions, _, _ int) error { return finite("forget_bias", o.ForgetBias) },
	})
}

// UGRNNOptions are the options of a UGRNN.
type UGRNNOptions struct {
	ForgetBias float64 `json:"forget_bias,omitempty"` // added to g
}

// New draws the kernel by Glorot and sets the bias to zero.
func (o UGRNNOptions) New(r *rand.Rand, in, hidden int) *UGRNN {
	return &UGRNN{nn.GlorotGates(r, in+hidden, 2, hidden), nn.Full(r, 0, 2*hidden), o.ForgetBias}
}

// StateSize is {hidden}.
func (c *UGRNN) StateSize() []int { return []int{c.Kernel.Dim(1) / 2} }

// Widths implements rnn.Sizer.
func (c *UGRNN) Widths() (in, out int) {
	return c.Kernel.Dim(0) - c.Kernel.Dim(1)/2, c.Kernel.Dim(1) / 2
}

// Step computes one step.
func (c *UGRNN) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	mustStep("UGRNN", c, x, s)
	p := g.Split(linear(g, c.Kernel, c.Bias, x, s[0]), 2)
	h := g.Lerp(g.Tanh(p[1]), s[0], gate(g, p[0], c.ForgetBias))
	return h, rnn.State(g.List(h))
}
