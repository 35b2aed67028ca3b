package graph

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
)

func init() {
	RegisterOp("concat", func() Op { return new(Concat) })
	RegisterOp("merge", func() Op { return new(Merge) })
	RegisterOp("last", func() Op { return new(Last) })
	RegisterOp("repeat", func() Op { return new(RepeatVector) })
}

// Concat puts the values of its inputs side by side.
type Concat struct {
	AnyMask bool `json:"any_mask,omitempty"` // mask of any input, as Merge's
}

// Plan implements Op.
func (o *Concat) Plan(in []Spec) (Plan, error) {
	if len(in) < 2 {
		return Plan{}, fmt.Errorf("%d inputs to be joined", len(in))
	}
	out := in[0]
	for _, f := range in[1:] {
		if f.Sequence != out.Sequence {
			return Plan{}, fmt.Errorf("a sequence and a vector cannot be joined")
		}
		out.Width += f.Width
	}
	return Plan{Out: []Spec{out}}, nil
}

// New implements Op.
func (o *Concat) New(*rand.Rand, []Spec) Node {
	return &mergeNode{func(g *grad.Tape, xs []*grad.Var) *grad.Var { return g.Concat(xs...) }, o.AnyMask}
}

// Merge combines its inputs, of the same Spec, value by value. A step is there if it
// is there in all inputs, as in Keras 2, or with AnyMask in any, as in Keras 3.
type Merge struct {
	By      string `json:"by"` // sum, multiply, average, subtract, maximum or minimum
	AnyMask bool   `json:"any_mask,omitempty"`
}

// Plan implements Op.
func (o *Merge) Plan(in []Spec) (Plan, error) {
	if mergers[o.By] == nil {
		return Plan{}, fmt.Errorf("unknown merge %q of inputs", o.By)
	}
	if len(in) < 2 || o.By == "subtract" && len(in) != 2 {
		return Plan{}, fmt.Errorf("%d inputs for %s", len(in), o.By)
	}
	for _, f := range in[1:] {
		if f != in[0] {
			return Plan{}, fmt.Errorf("inputs %v and %v cannot be merged", in[0], f)
		}
	}
	return Plan{Out: in[:1]}, nil
}

var mergers = map[string]mergeFunc{
	"sum": fold((*grad.Tape).Add), "multiply": fold((*grad.Tape).Mul), "subtract": fold((*grad.Tape).Sub),
	"average": func(g *grad.Tape, xs []*grad.Var) *grad.Var {
		return g.Scale(fold((*grad.Tape).Add)(g, xs), 1/float64(len(xs)))
	},
	"maximum": most,
	"minimum": func(g *grad.Tape, xs []*grad.Var) *grad.Var {
		var negative []*grad.Var
		for _, x := range xs {
			negative = append(negative, g.Scale(x, -1))
		}
		return g.Scale(most(g, negative), -1)
	},
}

func fold(f func(g *grad.Tape, a, b *grad.Var) *grad.Var) mergeFunc {
	return func(g *grad.Tape, xs []*grad.Var) *grad.Var {
		y := xs[0]
		for _, x := range xs[1:] {
			y = f(g, y, x)
		}
		return y
	}
}

// most is the largest of xs, value by value.
func most(g *grad.Tape, xs []*grad.Var) *grad.Var {
	s := xs[0].Shape()
	all := g.Reshape(g.ConcatRows(xs...), len(xs), s.Size(), 1)
	y := largest(g, all, 1, func(int, int) (lo, hi int, mask []bool) { return 0, len(xs), nil })
	return g.Reshape(y, s.Dims()...)
}

// New implements Op.
func (o *Merge) New(*rand.Rand, []Spec) Node { return &mergeNode{mergers[o.By], o.AnyMask} }

type mergeFunc func(g *grad.Tape, xs []*grad.Var) *grad.Var

type mergeNode struct {
	merge mergeFunc
	any   bool
}

// Run implements Node.
func (n *mergeNode) Run(g *grad.Tape, in []Value, _ rnn.State) ([]Value, rnn.State) {
	xs, mask := g.NewList(len(in)), in[0].Mask
	for i, v := range in {
		if xs[i] = v.X; i > 0 {
			mask = mergeMasks(mask, v.Mask, n.any)
		}
	}
	in[0] = Value{n.merge(g, xs), mask}
	return in[:1], nil
}

// mergeMasks masks the steps that a or b does, or if any, that both do.
func mergeMasks(a, b []bool, any bool) []bool {
	switch {
	case a == nil && any || b == nil && any:
		return nil
	case a == nil:
		return b
	case b == nil:
		return a
	}
	mask := make([]bool, len(a))
	for i := range mask {
		mask[i] = a[i] && b[i] || any && (a[i] || b[i])
	}
	return mask
}

// Last gives the last step of each row that is there, zeros if there is none.
type Last struct{}

// Plan implements Op.
func (o *Last) Plan(in []Spec) (Plan, error) {
	f, err := single(in)
	return Plan{Out: []Spec{{f.Width, false}}}, cmp.Or(err, unless(f.Sequence, "a vector has no last step"))
}

// New implements Op.
func (o *Last) New(*rand.Rand, []Spec) Node { return o }

// Run implements Node.
func (o *Last) Run(g *grad.Tape, in []Value, _ rnn.State) ([]Value, rnn.State) {
	in[0] = lastOf(g, in[0], false)
	return in[:1], nil
}

// RepeatVector makes a sequence of Steps times the same vector.
type RepeatVector struct {
	Steps int `json:"steps"`
}

// Plan implements Op.
func (o *RepeatVector) Plan(in []Spec) (Plan, error) {
	f, err := single(in)
	err = cmp.Or(err,
		unless(!f.Sequence, "what is repeated is a vector, not a sequence"),
		rnn.CheckSize("steps", o.Steps),
		unless(o.Steps*f.Width <= limit, "%d steps of %d values are too many", o.Steps, f.Width))
	return Plan{Out: []Spec{{f.Width, true}}, Whole: true}, err
}

// New implements Op.
func (o *RepeatVector) New(*rand.Rand, []Spec) Node { return o }

// Run implements Node.
func (o *RepeatVector) Run(g *grad.Tape, in []Value, _ rnn.State) ([]Value, rnn.State) {
	x := in[0].X
	B := x.Dim(0)
	rows := g.Ints(o.Steps * B)
	for i := range rows {
		rows[i] = i % B
	}
	return []Value{{X: g.Reshape(g.GatherRows(x, rows), o.Steps, B, x.Dim(1))}}, nil
}
