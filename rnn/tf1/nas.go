package tf1

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// NAS is the cell that the neural architecture search of Zoph & Le 2017 found, as
// NASCell has it. With a = split(x·Kernel) and b = split(h·Recurrent + Bias), each of
// eight parts,
//
//	l1 = tanh(tanh(σ(a0+b0)∘relu(a1+b1)) + c)
//	l2 = tanh(σ(a2+b2) + relu(a3∘b3))
//	l3 = tanh(tanh(a4+b4)∘σ(a5+b5))
//	l4 = σ(tanh(a6+b6) + σ(a7+b7))
//	c' = l1∘l2
//	h' = tanh(c'∘tanh(l3+l4))·Projection
//
// The state is {h, c}, the output h'.
type NAS struct {
	Kernel     *grad.Var `recur:"kernel"`     // [in, 8*hidden]
	Recurrent  *grad.Var `recur:"recurrent"`  // [out, 8*hidden]
	Bias       *grad.Var `recur:"bias"`       // [8*hidden], nil for none
	Projection *grad.Var `recur:"projection"` // [hidden, out], nil for none; then out is hidden
}

func init() {
	rnn.Register("nas", rnn.Spec[NASOptions, *NAS]{
		New: NASOptions.New,
		Options: func(c *NAS) (NASOptions, int) {
			o := NASOptions{NoBias: c.Bias == nil}
			if c.Projection != nil {
				o.Projection = c.Projection.Dim(1)
			}
			return o, c.Kernel.Dim(1) / 8
		},
		Check: func(o NASOptions, _, _ int) error { return projectable(o.Projection) },
	})
}

// NASOptions are the options of a NAS.
type NASOptions struct {
	Projection int  `json:"projection,omitempty"` // width of the output; 0 for none
	NoBias     bool `json:"no_bias,omitempty"`
}

// New draws the kernels by Glorot and sets the bias to zero.
func (o NASOptions) New(r *rand.Rand, in, hidden int) *NAS {
	c, out := &NAS{}, hidden
	if !o.NoBias {
		c.Bias = nn.Full(r, 0, 8*hidden)
	}
	if o.Projection > 0 {
		out = o.Projection
		c.Projection = nn.Glorot(r, hidden, out)
	}
	c.Kernel, c.Recurrent = nn.GlorotGates(r, in, 8, hidden), nn.GlorotGates(r, out, 8, hidden)
	return c
}

// StateSize is {out, hidden}.
func (c *NAS) StateSize() []int { return []int{c.Recurrent.Dim(0), c.Kernel.Dim(1) / 8} }

// Widths implements rnn.Sizer.
func (c *NAS) Widths() (in, out int) { return c.Kernel.Dim(0), c.Recurrent.Dim(0) }

// IsCellState reports that c is a memory cell, which dropout leaves alone.
func (c *NAS) IsCellState(i int) bool { return i == 1 }

// Step computes one step.
func (c *NAS) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	mustStep("NAS", c, x, s)
	a, b := g.Split(g.Affine(x, c.Kernel, nil), 8), g.Split(g.Affine(s[0], c.Recurrent, c.Bias), 8)
	sum := func(i int) *grad.Var { return g.Add(a[i], b[i]) }
	l1 := g.Tanh(g.Add(g.Tanh(g.Mul(g.Sigmoid(sum(0)), g.ReLU(sum(1)))), s[1]))
	l2 := g.Tanh(g.Add(g.Sigmoid(sum(2)), g.ReLU(g.Mul(a[3], b[3]))))
	l3 := g.Tanh(g.Mul(g.Tanh(sum(4)), g.Sigmoid(sum(5))))
	l4 := g.Sigmoid(g.Add(g.Tanh(sum(6)), g.Sigmoid(sum(7))))
	next := g.Mul(l1, l2)
	h := g.Tanh(g.Mul(next, g.Tanh(g.Add(l3, l4))))
	if c.Projection != nil {
		h = g.Affine(h, c.Projection, nil)
	}
	return h, rnn.State(g.List(h, next))
}
