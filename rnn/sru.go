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
		New: SRUOptions.New,
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
	RegisterKind("sru", SRUOptions{})
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
		y, last = c.seeing(g, u, f, v[0], active, s[0])
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

// seeing runs c' = f∘c + (1-f)∘u with f = σ(pre + v∘c) over packed rows from s. It
// returns y and the last c.
func (c *SRU) seeing(g *grad.Tape, u, pre, v *grad.Var, active []int, s *grad.Var) (*grad.Var, *grad.Var) {
	y := g.NewVar(g.Scratch(u.Shape()), u, pre, v, s)
	last := carried(g, s, y)
	f := g.Scratch(u.Shape())
	r := sruRun{H: u.Dim(1), active: active, v: v.Value.Data, u: u.Value.Data, pre: pre.Value.Data, f: f.Data, y: y.Value.Data, c: last.Value.Data}
	keep := g.NeedsGrad(y)
	if keep {
		r.before = g.Scratch(u.Shape()).Data
	}
	if cuts := splitRows(active, indCost*r.H); cuts != nil {
		r := r // only this escapes, and only here
		inRanges(cuts, active, r.forward)
	} else {
		r.forward(0, batch(active))
	}
	if keep {
		r := r
		g.Record(func() {
			r.c = g.NewTensor(s.Shape()).Data
			dy, ok := reached(g, y, last, r.c)
			if !ok {
				return
			}
			r.dy, r.du, r.df = dataOf(dy), g.Scratch(u.Shape()).Data, g.NewTensor(u.Shape()).Data
			inRanges(splitRows(active, indCost*r.H), active, r.backward)
			addGrad(g, u, r.du)
			addGrad(g, pre, r.df)
			addGrad(g, s, r.c)
			if g.NeedsGrad(v) {
				kernel.Mul(r.df, r.df, r.before)
				kernel.ColSums(u.Dim(0), r.H, r.df, r.H, g.Grad(v).Data)
			}
		})
	}
	return y, last
}

// sruRun is a run of the loop with V. Row r of its matrices belongs to row r of the
// packed sequence.
type sruRun struct {
	H      int
	active []int

	v, u, pre []grad.Float
	f, y      []grad.Float
	before    []grad.Float // c before each step; nil if there is no way back
	c         []grad.Float // state of the batch; on the way back its gradient

	dy, du, df []grad.Float // gradients by y, nil for none; by u; by pre + v∘c, at first 0
}

func (r *sruRun) forward(lo, hi int) {
	H := r.H
	for at, n := range forwards(r.active, lo, hi) {
		c, f := block(r.c, lo, n, H), block(r.f, at, n, H)
		if r.before != nil {
			copy(block(r.before, at, n, H), c)
		}
		for i := range n {
			kernel.Mul(block(f, i, 1, H), block(c, i, 1, H), r.v)
		}
		kernel.AddTo(f, block(r.pre, at, n, H))
		kernel.Sigmoids(f, f)
		kernel.Lerp(c, block(r.u, at, n, H), c, f)
		copy(block(r.y, at, n, H), c)
	}
}

func (r *sruRun) backward(lo, hi int) {
	H := r.H
	for at, n := range backwards(r.active, lo, hi) {
		d, du, df, f := block(r.c, lo, n, H), block(r.du, at, n, H), block(r.df, at, n, H), block(r.f, at, n, H)
		if r.dy != nil {
			kernel.AddTo(d, block(r.dy, at, n, H))
		}
		kernel.Sub(du, block(r.before, at, n, H), block(r.u, at, n, H))
		kernel.Mul(du, du, d)
		kernel.SigmoidGrad(df, du, f)
		copy(du, d)
		kernel.Mul(d, d, f) // by c, and the rest of it by u
		kernel.Sub(du, du, d)
		for i := range n {
			kernel.MulAdd(block(d, i, 1, H), block(df, i, 1, H), r.v)
		}
	}
}
