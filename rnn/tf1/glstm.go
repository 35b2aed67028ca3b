package tf1

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// GLSTM is the group LSTM of Kuchaiev & Ginsburg 2017, as GLSTMCell has it: input and
// output are cut into as many parts as there are groups, and each group is an LSTM
// for one part of each. With xk and hk the parts of group k,
//
//	ik, jk, fk, ok = split([xk; hk]·Kernels[k])
//	i, j, f, o = the groups' parts side by side, each + its part of Bias
//	c' = σ(f + ForgetBias)∘c + σ(i)∘tanh(j)
//	h' = (σ(o)∘tanh(c'))·Projection
//
// The state is {h, c}, the output h'.
type GLSTM struct {
	Kernels    []*grad.Var `recur:"kernels"`    // [(in+out)/groups, 4*hidden/groups] for each group
	Bias       *grad.Var   `recur:"bias"`       // [4*hidden]: bias_i, bias_j, bias_f, bias_o
	Projection *grad.Var   `recur:"projection"` // [hidden, out], nil for none; then out is hidden
	ForgetBias float64
}

func init() {
	rnn.Register("glstm", rnn.Spec[GLSTMOptions, *GLSTM]{
		New: GLSTMOptions.New,
		Options: func(c *GLSTM) (GLSTMOptions, int) {
			o := GLSTMOptions{Groups: len(c.Kernels), ForgetBias: c.ForgetBias}
			if c.Projection != nil {
				o.Projection = c.Projection.Dim(1)
			}
			return o, c.Bias.Dim(0) / 4
		},
		Check: GLSTMOptions.check,
	})
}

// GLSTMOptions are the options of a GLSTM.
type GLSTMOptions struct {
	Projection int     `json:"projection,omitempty"` // width of the output; 0 for none
	Groups     int     `json:"groups"`
	ForgetBias float64 `json:"forget_bias,omitempty"` // added to f
}

// maxGroups is the largest number of groups: each has a kernel of its own.
const maxGroups = 1 << 10

func (o GLSTMOptions) check(in, hidden int) error {
	out := hidden
	if o.Projection != 0 {
		out = o.Projection
	}
	n := o.Groups
	if n > maxGroups {
		return fmt.Errorf("%d groups are more than %d", n, maxGroups)
	}
	if n < 1 || in%n != 0 || hidden%n != 0 || out%n != 0 {
		return fmt.Errorf("%d groups do not divide an input of %d, %d units and an output of %d", n, in, hidden, out)
	}
	return errors.Join(finite("forget_bias", o.ForgetBias), projectable(o.Projection))
}

// New draws the kernels by Glorot and sets the bias to zero. The groups must divide in,
// hidden and the width of the output.
func (o GLSTMOptions) New(r *rand.Rand, in, hidden int) *GLSTM {
	c := &GLSTM{Bias: nn.Full(r, 0, 4*hidden), ForgetBias: o.ForgetBias}
	out := hidden
	if o.Projection > 0 {
		out = o.Projection
		c.Projection = nn.Glorot(r, hidden, out)
	}
	for range o.Groups {
		c.Kernels = append(c.Kernels, nn.GlorotGates(r, (in+out)/o.Groups, 4, hidden/o.Groups))
	}
	return c
}

// StateSize is {out, hidden}.
func (c *GLSTM) StateSize() []int {
	H := c.Bias.Dim(0) / 4
	if c.Projection != nil {
		return []int{c.Projection.Dim(1), H}
	}
	return []int{H, H}
}

// Widths implements rnn.Sizer.
func (c *GLSTM) Widths() (in, out int) {
	out = c.StateSize()[0]
	return len(c.Kernels)*c.Kernels[0].Dim(0) - out, out
}

// IsCellState reports that c is a memory cell, which dropout leaves alone.
func (c *GLSTM) IsCellState(i int) bool { return i == 1 }

// Step computes one step.
func (c *GLSTM) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	mustStep("GLSTM", c, x, s)
	n := len(c.Kernels)
	xs, hs := g.Split(x, n), g.Split(s[0], n)
	var gates [4][]*grad.Var // i, j, f, o of each group
	for k, w := range c.Kernels {
		for i, p := range g.Split(linear(g, w, nil, xs[k], hs[k]), 4) {
			gates[i] = append(gates[i], p)
		}
	}
	all := make([]*grad.Var, 4)
	for i, parts := range gates {
		all[i] = g.Concat(parts...)
	}
	h, next := remember(g, g.Split(g.AddRow(g.Concat(all...), c.Bias), 4), s[1], c.ForgetBias)
	if c.Projection != nil {
		h = g.Affine(h, c.Projection, nil)
		next[0] = h
	}
	return h, next
}
