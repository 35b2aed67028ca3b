package rnn

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
)

// SRU is the simple recurrent unit of Lei et al. 2018:
//
//	u, f, r = split(x·W), with B joining f and r
//	c' = σ(f)∘c + (1-σ(f))∘u
//	h' = σ(r)∘tanh(c') + (1-σ(r))∘x
//
// The gates do not see the state, so the recurrence is linear. With V, the form of
// the paper's second version, they see c, element by element: V[0]∘c joins f and
// V[1]∘c joins r; then steps follow one another. x takes the place that it has in
// h' by itself where it is as wide as the state, and else by way of a fourth part
// of W.
//
// The state is {c}, the output h'. TensorFlow's SRUCell is the form without V.
type SRU struct {
	W *grad.Var // [in, 3*hidden], or [in, 4*hidden] if in is not hidden: u, f, r, x
	B *grad.Var // [2*hidden]: f, r
	V *grad.Var // [2, hidden]: f, r; nil for none

	Activation Activation `recur:"-"` // of c', default Tanh
}

// SRUOptions are the options of an SRU.
type SRUOptions struct {
	SeesState  bool       // with V
	Activation Activation // default Tanh
}

// New draws W by Glorot part by part, and V from N(0, 0.1²), and sets B to zero.
func (o SRUOptions) New(r *rand.Rand, in, hidden int) *SRU {
	parts := []*grad.Var{nn.Glorot(r, in, hidden), nn.Glorot(r, in, hidden), nn.Glorot(r, in, hidden)}
	if in != hidden {
		parts = append(parts, nn.Glorot(r, in, hidden))
	}
	c := &SRU{W: nn.Beside(parts...), B: nn.Zeros(2 * hidden), Activation: o.Activation}
	if o.SeesState {
		c.V = nn.Normal(r, 0.1, 2, hidden)
	}
	return c
}

// NewSRU makes the linear form.
func NewSRU(r *rand.Rand, in, hidden int) *SRU { return SRUOptions{}.New(r, in, hidden) }

// StateSize is {hidden}.
func (c *SRU) StateSize() []int { return []int{c.B.Dim(0) / 2} }

// Memory reports that c is a memory cell, which dropout leaves alone.
func (c *SRU) Memory(int) bool { return true }

// Step computes one step, which is a sequence of one.
func (c *SRU) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	return c.Unroll(g, x, one(g, x.Dim(0)), s)
}

// Unroll does all products at once.
func (c *SRU) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	H := c.B.Dim(0) / 2
	p := g.Affine(x, c.W, nil)
	u, gates, skip := g.Columns(p, 0, H), g.AddRow(g.Columns(p, H, 3*H), c.B), x
	if c.W.Dim(1) == 4*H {
		skip = g.Columns(p, 3*H, 4*H)
	}
	if c.V != nil {
		return run(g, (*sruStep)(c), g.Concat(u, gates, skip), active, s)
	}
	gates = g.Sigmoid(gates)
	f, r := g.Columns(gates, 0, H), g.Columns(gates, H, 2*H)
	y, last := scan(g, f, g.Mul(g.ScaleShift(f, -1, 1), u), active, s[0])
	return c.show(g, y, r, skip), State(g.List(last))
}

// show makes the output from c', the gate r and the input.
func (c *SRU) show(g *grad.Tape, cell, r, skip *grad.Var) *grad.Var {
	return g.Lerp(skip, or(c.Activation, Tanh).Apply(g, cell), r)
}

// sruStep is the form with V after all products: its x is u, f, r, skip.
type sruStep SRU

func (c *sruStep) StateSize() []int { return (*SRU)(c).StateSize() }

func (c *sruStep) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	p, H := g.Split(x, 4), c.V.Dim(1)
	see := func(v *grad.Var, k int) *grad.Var {
		return g.Sigmoid(g.Add(v, g.MulRow(s[0], g.Reshape(g.Slice(c.V, k, k+1), H))))
	}
	f, r := see(p[1], 0), see(p[2], 1)
	next := g.Lerp(p[0], s[0], f) // u + f∘(c-u)
	return (*SRU)(c).show(g, next, r, p[3]), State(g.List(next))
}
