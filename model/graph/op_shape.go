package graph

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

func init() {
	RegisterOp("affine", func() Op { return new(Affine) })
	RegisterOp("mask", func() Op { return new(Mask) })
	RegisterOp("flatten", func() Op { return new(Flatten) })
	RegisterOp("steps", func() Op { return new(Steps) })
}

// Affine is gain∘x + shift for every step: what a batch normalisation is at inference.
// Its parameters are gain and shift.
type Affine struct{}

// Plan implements Op.
func (o *Affine) Plan(in []Spec) (Plan, error) {
	f, err := single(in)
	return Plan{Out: []Spec{f}, Params: 2 * f.Width}, err
}

// New implements Op.
func (o *Affine) New(_ *rand.Rand, in []Spec) Node {
	return &affine{Gain: nn.Constant(1, in[0].Width), Shift: nn.Zeros(in[0].Width)}
}

type affine struct {
	Gain  *grad.Var `recur:"gain"`
	Shift *grad.Var `recur:"shift"`
}

// Run implements Node.
func (n *affine) Run(g *grad.Tape, in []Value, _ rnn.State) ([]Value, rnn.State) {
	return each(in, func(x *grad.Var) *grad.Var { return g.AddRow(g.MulRow(x, n.Gain), n.Shift) })
}

// Mask gives its first input with the mask of its second, or without one if that has
// none or there is no second.
type Mask struct{}

// Plan implements Op.
func (o *Mask) Plan(in []Spec) (Plan, error) {
	if len(in) < 1 || len(in) > 2 || !in[0].Sequence || !in[len(in)-1].Sequence {
		return Plan{}, fmt.Errorf("a mask goes from a sequence to a sequence, not %v", in)
	}
	return Plan{Out: in[:1]}, nil
}

// New implements Op.
func (o *Mask) New(*rand.Rand, []Spec) Node { return o }

// Run implements Node.
func (o *Mask) Run(_ *grad.Tape, in []Value, _ rnn.State) ([]Value, rnn.State) {
	v := Value{X: in[0].X}
	if len(in) == 2 {
		if v.Mask = in[1].Mask; v.Mask != nil && len(v.Mask) != v.X.Dim(0)*v.X.Dim(1) {
			panic(&tensor.ShapeError{Op: "graph.Mask", Detail: fmt.Sprintf("a mask of %d steps for %v", len(v.Mask), v.X.Shape())})
		}
	}
	return []Value{v}, nil
}

// Flatten puts the steps of a sequence, of which there must be Steps, side by side.
type Flatten struct {
	Steps int `json:"steps"`
}

// Plan implements Op.
func (o *Flatten) Plan(in []Spec) (Plan, error) {
	f, err := single(in)
	err = cmp.Or(err, unless(f.Sequence, "what is flattened is a sequence, not a vector"), rnn.CheckSize("steps", o.Steps))
	return Plan{Out: []Spec{{f.Width * o.Steps, false}}, Whole: true}, err
}

// New implements Op.
func (o *Flatten) New(*rand.Rand, []Spec) Node { return o }

// Run implements Node.
func (o *Flatten) Run(g *grad.Tape, in []Value, _ rnn.State) ([]Value, rnn.State) {
	x := in[0].X
	if x.Dim(0) != o.Steps {
		panic(&tensor.ShapeError{Op: "graph.Flatten", Detail: fmt.Sprintf("%d steps where there must be %d", x.Dim(0), o.Steps)})
	}
	return []Value{{X: g.Reshape(g.TransposeBatch(x), x.Dim(1), o.Steps*x.Dim(2))}}, nil
}

// Steps cuts a vector into a sequence of Steps steps: Flatten the other way round.
type Steps struct {
	Steps int `json:"steps"`
}

// Plan implements Op.
func (o *Steps) Plan(in []Spec) (Plan, error) {
	f, err := single(in)
	n := max(o.Steps, 1)
	err = cmp.Or(err,
		unless(!f.Sequence, "what is cut into steps is a vector, not a sequence"),
		rnn.CheckSize("steps", o.Steps),
		unless(f.Width%n == 0, "%d values cannot be cut into %d steps", f.Width, o.Steps))
	return Plan{Out: []Spec{{f.Width / n, true}}, Whole: true}, err
}

// New implements Op.
func (o *Steps) New(*rand.Rand, []Spec) Node { return o }

// Run implements Node.
func (o *Steps) Run(g *grad.Tape, in []Value, _ rnn.State) ([]Value, rnn.State) {
	x := in[0].X
	return []Value{{X: g.TransposeBatch(g.Reshape(x, x.Dim(0), o.Steps, x.Dim(1)/o.Steps))}}, nil
}
