package tf1

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// Intersection is the intersection RNN, or +RNN, of Collins, Sohl-Dickstein &
// Sussillo 2017, as IntersectionRNNCell has it: a gate for what is carried through time
// and one for what is carried through depth.
//
//	x̂ = x·In + InBias, or x where In is nil
//	gh, h̃, gy, ỹ = split([x̂; h]·Kernel + Bias)
//	h' = σ(gh + ForgetBias)∘h + (1-σ(gh + ForgetBias))∘tanh(h̃)
//	y  = σ(gy + ForgetBias)∘x̂ + (1-σ(gy + ForgetBias))∘relu(ỹ)
//
// The state is {h}, the output y, which is as wide as x̂ and h.
type Intersection struct {
	In         *grad.Var `recur:"in"`     // [in, hidden]; nil where x is as wide as the state
	InBias     *grad.Var `recur:"inbias"` // [hidden]; nil where In is
	Kernel     *grad.Var `recur:"kernel"` // [2*hidden, 4*hidden]: gh, h̃, gy, ỹ
	Bias       *grad.Var `recur:"bias"`   // [4*hidden]
	ForgetBias float64
}

func init() {
	rnn.Register("intersection", rnn.Spec[IntersectionOptions, *Intersection]{
		New: IntersectionOptions.New,
		Options: func(c *Intersection) (IntersectionOptions, int) {
			return IntersectionOptions{c.ForgetBias}, c.Kernel.Dim(1) / 4
		},
		Check: func(o IntersectionOptions, _, _ int) error { return finite("forget_bias", o.ForgetBias) },
	})
}

// IntersectionOptions are the options of an Intersection.
type IntersectionOptions struct {
	ForgetBias float64 `json:"forget_bias,omitempty"` // added to gh and gy
}

// New draws the kernels by Glorot and sets the biases to zero.
func (o IntersectionOptions) New(r *rand.Rand, in, hidden int) *Intersection {
	c := &Intersection{Kernel: nn.GlorotGates(r, 2*hidden, 4, hidden), Bias: nn.Full(r, 0, 4*hidden), ForgetBias: o.ForgetBias}
	if in != hidden {
		c.In, c.InBias = nn.Glorot(r, in, hidden), nn.Full(r, 0, hidden)
	}
	return c
}

// StateSize is {hidden}.
func (c *Intersection) StateSize() []int { return []int{c.Kernel.Dim(1) / 4} }

// Widths implements rnn.Sizer.
func (c *Intersection) Widths() (in, out int) {
	out = c.Kernel.Dim(1) / 4
	if c.In == nil {
		return out, out
	}
	return c.In.Dim(0), out
}

// Step computes one step.
func (c *Intersection) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	mustStep("Intersection", c, x, s)
	if c.In != nil {
		x = g.Affine(x, c.In, c.InBias)
	}
	p := g.Split(linear(g, c.Kernel, c.Bias, x, s[0]), 4)
	h := g.Lerp(g.Tanh(p[1]), s[0], gate(g, p[0], c.ForgetBias))
	y := g.Lerp(g.ReLU(p[3]), x, gate(g, p[2], c.ForgetBias))
	return y, rnn.State(g.List(h))
}
