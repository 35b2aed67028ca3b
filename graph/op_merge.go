package graph

import (
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
type Concat struct{}

// Plan implements Op.
func (o *Concat) Plan(in []Form) (Plan, error) {
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
	return Plan{Out: []Form{out}}, nil
}

// New implements Op.
func (o *Concat) New(*rand.Rand, []Form) Node {
	return mergeFunc(func(g *grad.Tape, xs []*grad.Var) *grad.Var { return g.Concat(xs...) })
}

// Merge combines its inputs, of the same form, value by value.
type Merge struct {
	By string `json:"by"` // sum, multiply, average, subtract, maximum or minimum
}

// Plan implements Op.
func (o *Merge) Plan(in []Form) (Plan, error) {
	if mergers[o.By] == nil {
		return Plan{}, fmt.Errorf("inputs cannot be merged by %q", o.By)
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
	"maximum": fold(func(g *grad.Tape, a, b *grad.Var) *grad.Var { return g.Add(a, g.ReLU(g.Sub(b, a))) }),
	"minimum": fold(func(g *grad.Tape, a, b *grad.Var) *grad.Var { return g.Sub(a, g.ReLU(g.Sub(a, b))) }),
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

// New implements Op.
func (o *Merge) New(*rand.Rand, []Form) Node { return mergers[o.By] }

type mergeFunc func(g *grad.Tape, xs []*grad.Var) *grad.Var

// Run implements Node. A step is there if it is there in all inputs.
func (f mergeFunc) Run(g *grad.Tape, in []Value, _ rnn.State) ([]Value, rnn.State) {
	var xs []*grad.Var
	var mask []bool
	for _, v := range in {
		xs = append(xs, v.X)
		switch {
		case v.Mask == nil:
		case mask == nil:
			mask = v.Mask
		default:
			both := make([]bool, len(mask))
			for i := range both {
				both[i] = mask[i] && v.Mask[i]
			}
			mask = both
		}
	}
	return []Value{{f(g, xs), mask}}, nil
}

// Last gives the last step of each row that is there, zeros if there is none.
type Last struct{}

// Plan implements Op.
func (o *Last) Plan(in []Form) (Plan, error) {
	f, err := single(in)
	if err == nil && !f.Sequence {
		err = fmt.Errorf("a vector has no last step")
	}
	return Plan{Out: []Form{{f.Width, false}}}, err
}

// New implements Op.
func (o *Last) New(*rand.Rand, []Form) Node { return lastNode{} }

type lastNode struct{}

// Run implements Node.
func (lastNode) Run(g *grad.Tape, in []Value, _ rnn.State) ([]Value, rnn.State) {
	return []Value{lastOf(g, in[0], false)}, nil
}

// RepeatVector makes a sequence of Steps times the same vector.
type RepeatVector struct {
	Steps int `json:"steps"`
}

// Plan implements Op.
func (o *RepeatVector) Plan(in []Form) (Plan, error) {
	f, err := single(in)
	if err == nil && f.Sequence {
		err = fmt.Errorf("what is repeated is a vector, not a sequence")
	}
	if err == nil {
		err = size("steps", o.Steps)
	}
	return Plan{Out: []Form{{f.Width, true}}, Whole: true}, err
}

// New implements Op.
func (o *RepeatVector) New(*rand.Rand, []Form) Node { return &repeatNode{o.Steps} }

type repeatNode struct{ steps int }

// Run implements Node.
func (n *repeatNode) Run(g *grad.Tape, in []Value, _ rnn.State) ([]Value, rnn.State) {
	x := in[0].X
	B := x.Dim(0)
	rows := g.Ints(n.steps * B)
	for i := range rows {
		rows[i] = i % B
	}
	return []Value{{X: g.Reshape(g.Rows(x, rows), n.steps, B, x.Dim(1))}}, nil
}
