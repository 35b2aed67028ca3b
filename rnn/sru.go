package rnn

import (
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// SRU is the simple recurrent unit of Lei et al. 2018:
//
//	u, f, r = split(x·W), with B joining f and r
//	c' = σ(f)∘c + (1-σ(f))∘u
//	h' = σ(r)∘tanh(c') + (1-σ(r))∘α·x
//
// This is the paper's first version, and TensorFlow's SRUCell; its gates do not see
// the state, so the recurrence is linear. With V, as in the second version, they see
// c, element by element: V[0]∘c joins f and V[1]∘c joins r; then steps follow one
// another. The second version also puts c' itself in place of tanh(c'), which is
// Identity for Activation, and scales the input by α.
//
// x takes its place in h' by itself where it is as wide as the state, and else by way
// of a fourth part of W.
//
// The state is {c}, the output h'.
type SRU struct {
	W *grad.Var `recur:"w"` // [in, 3*hidden], or [in, 4*hidden] if in is not hidden: u, f, r, x
	B *grad.Var `recur:"b"` // [2*hidden]: f, r
	V *grad.Var `recur:"v"` // [2, hidden]: f, r; nil for none

	Scale      float64    // α, 0 for 1; the second version begins with √3
	Activation Activation `recur:"-"` // activation of c', default Tanh

	packed *layouts // W of a frozen cell
}

func init() {
	Register("sru", Spec[SRUOptions, *SRU]{
		New:  SRUOptions.New,
		Kind: true,
		Options: func(c *SRU) (SRUOptions, int) {
			H := c.B.Dim(0) / 2
			return SRUOptions{Peepholes: c.V != nil, SkipProjection: c.W.Dim(0) == H && c.W.Dim(1) == 4*H, Scale: c.Scale, Activation: c.Activation}, H
		},
		Check: func(o SRUOptions, _, _ int) error {
			if o.Scale-o.Scale != 0 {
				return fmt.Errorf("scale is %v", o.Scale)
			}
			return nil
		},
	})
}

// SRUOptions are the options of an SRU.
type SRUOptions struct {
	Peepholes      bool       `json:"peepholes,omitempty"`       // V: the gates see c
	SkipProjection bool       `json:"skip_projection,omitempty"` // a fourth part of W even where x is as wide as the state, as in TensorFlow
	Scale          float64    `json:"scale,omitempty"`           // α, 0 for 1
	Activation     Activation `json:"activation,omitzero"`       // default Tanh
}

// Parts is the number of matrices that lie side by side in W.
func (o SRUOptions) Parts(in, hidden int) int {
	if o.SkipProjection || in != hidden {
		return 4
	}
	return 3
}

// New draws W by Glorot part by part, and V from N(0, 0.1²), and sets B to zero.
func (o SRUOptions) New(r *rand.Rand, in, hidden int) *SRU {
	c := &SRU{W: nn.GlorotGates(r, in, o.Parts(in, hidden), hidden), B: nn.Full(r, 0, 2*hidden), Scale: o.Scale, Activation: o.Activation}
	if o.Peepholes {
		c.V = nn.Normal(r, 0.1, 2, hidden)
	}
	return c
}

// StateSize is {hidden}.
func (c *SRU) StateSize() []int { return []int{c.B.Dim(0) / 2} }

// Widths implements Sizer.
func (c *SRU) Widths() (in, out int) { return c.W.Dim(0), c.B.Dim(0) / 2 }

// IsCellState reports that c is a memory cell, which dropout leaves alone.
func (c *SRU) IsCellState(int) bool { return true }

// Step computes one step, which is a sequence of one.
func (c *SRU) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	return c.Unroll(g, x, one(g, x.Dim(0)), s)
}

// Freeze implements Freezer.
func (c *SRU) Freeze(p Precision) (Cell, error) {
	t := *c
	t.packed = layOut(c.W, p)
	return &t, nil
}

// Unroll does all products at once.
func (c *SRU) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	c.check(x, active, s)
	H := c.B.Dim(0) / 2
	p := c.packed.affine(g, x, c.W, g.Concat(g.Zeros(H), c.B, g.Zeros(c.W.Dim(1)-3*H)))
	part := func(k int) *grad.Var { return g.Columns(p, k*H, (k+1)*H) }
	u, f, r, skip := part(0), part(1), part(2), x
	if c.W.Dim(1) == 4*H {
		skip = part(3)
	}
	var y, last *grad.Var
	if c.V == nil {
		y, last = blend(g, g.ScaleShift(g.Sigmoid(f), -1, 1), u, active, s[0])
	} else {
		v := g.Split(g.Reshape(c.V, 2*H), 2)
		y, last = elementwise(g, f, v[0], u, active, s[0], kernel.Sigmoids, kernel.SigmoidGrad)
		r = g.Add(r, g.MulRow(before(g, s[0], y, active), v[1]))
	}
	if c.Scale != 0 {
		skip = g.Scale(skip, c.Scale)
	}
	return g.Lerp(skip, or(c.Activation, Tanh).Apply(g, y), g.Sigmoid(r)), State(g.List(last))
}

func (c *SRU) check(x *grad.Var, active []int, s State) {
	in, H := c.W.Dim(0), c.B.Dim(0)/2
	parts := 3
	if in != H || c.W.Dim(1) == 4*H {
		parts = 4
	}
	mustRows("SRU", "x", x, 0, in)
	must("SRU", "w", c.W, tensor.ShapeOf(in, parts*H))
	must("SRU", "b", c.B, tensor.ShapeOf(2*H))
	must("SRU", "v", c.V, tensor.ShapeOf(2, H))
	mustState("SRU", s, active, H)
}
