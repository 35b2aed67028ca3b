package rnn

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// MinGRU is the minimal gated recurrent unit of Feng et al. 2024, "Were RNNs All
// We Needed?":
//
//	z, u = split(x·W + B)
//	h' = (1-σ(z))∘h + σ(z)∘u
//
// Its gate does not see h, so the recurrence is linear: all products are done at
// once for a whole sequence. The state is {h}, the output h'.
type MinGRU struct {
	W *grad.Var `recur:"w"` // [in, 2*hidden]: z, u
	B *grad.Var `recur:"b"` // [2*hidden], nil for none

	// Positive puts u through g(u) = u + 1/2 for u ≥ 0, σ(u) below, which is what
	// the paper's form in logarithms computes.
	Positive bool

	packed *layouts // W of a frozen cell
}

func init() {
	Register("mingru", Spec[MinGRUOptions, *MinGRU]{
		New:  MinGRUOptions.New,
		Kind: true,
		Options: func(c *MinGRU) (MinGRUOptions, int) {
			return MinGRUOptions{NoBias: c.B == nil, Positive: c.Positive}, c.W.Dim(1) / 2
		},
	})
}

// MinGRUOptions are the options of a MinGRU.
type MinGRUOptions struct {
	NoBias   bool `json:"no_bias,omitempty"`
	Positive bool `json:"positive,omitempty"` // see MinGRU
}

// New draws W by Glorot and sets B to zero.
func (o MinGRUOptions) New(r *rand.Rand, in, hidden int) *MinGRU {
	return &MinGRU{W: nn.GlorotGates(r, in, 2, hidden), B: newBias(r, 2*hidden, o.NoBias), Positive: o.Positive}
}

// StateSize is {hidden}.
func (c *MinGRU) StateSize() []int { return []int{c.W.Dim(1) / 2} }

// Widths implements Sizer.
func (c *MinGRU) Widths() (in, out int) { return c.W.Dim(0), c.W.Dim(1) / 2 }

// Step computes one step, which is a sequence of one.
func (c *MinGRU) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	return c.Unroll(g, x, one(g, x.Dim(0)), s)
}

// Freeze implements Freezer.
func (c *MinGRU) Freeze(p Precision) (Cell, error) {
	t := *c
	t.packed = layOut(c.W, p)
	return &t, nil
}

// Unroll runs a whole sequence.
func (c *MinGRU) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	mustLinear("MinGRU", x, c.W, c.B, active, s, 2)
	p := g.Split(c.packed.affine(g, x, c.W, c.B), 2)
	y, last := blend(g, g.Sigmoid(p[0]), positive(g, p[1], c.Positive), active, s[0])
	return y, State(g.List(last))
}

// mustLinear checks the shapes of a cell with w [in, parts*hidden] and b, nil for none.
func mustLinear(op string, x, w, b *grad.Var, active []int, s State, parts int) {
	H := w.Dim(1) / parts
	mustRows(op, "x", x, 0, w.Dim(0))
	must(op, "w", w, tensor.ShapeOf(w.Dim(0), parts*H))
	must(op, "b", b, tensor.ShapeOf(parts*H))
	mustState(op, s, active, H)
}

// positive applies g(x) = x + 1/2 where x ≥ 0, σ(x) below, if it is asked for: in one
// line, max(x, 0) + σ(-max(-x, 0)).
func positive(g *grad.Tape, x *grad.Var, ask bool) *grad.Var {
	if !ask {
		return x
	}
	y := g.NewVar(g.Scratch(x.Shape()), x)
	v, over := y.Value.Data, g.Scratch(x.Shape()).Data
	copy(v, x.Value.Data)
	kernel.Scale(-1, v)
	kernel.ReLU(v, v)
	kernel.Scale(-1, v)
	kernel.Sigmoids(v, v)
	kernel.ReLU(over, x.Value.Data)
	kernel.AddTo(v, over)
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			dx := g.Grad(x).Data
			for i, d := range dy.Data {
				if y := y.Value.Data[i]; x.Value.Data[i] < 0 {
					d *= y * (1 - y)
				}
				dx[i] += d
			}
		})
	}
	return y
}
