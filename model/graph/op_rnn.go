package graph

import (
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
)

func init() {
	RegisterOp("rnn", func() Op { return new(RNN) })
	RegisterOp("bidirectional", func() Op { return new(Bidirectional) })
}

// RNN runs a stack of cells over a sequence. Its first output is the sequence of the
// last cell's outputs, or the last of them; after it come the entries of its final
// state. Steps that are masked do not happen: the state passes over them.
type RNN struct {
	Cells     rnn.Configs  `json:"cells"`
	Last      bool         `json:"last,omitempty"`      // give the output of the last step that is there
	Backwards bool         `json:"backwards,omitempty"` // read from the end
	AsRead    bool         `json:"as_read,omitempty"`   // outputs in the order they are made, if Backwards last step first, as Keras's go_backwards does
	Masked    MaskedOutput `json:"masked,omitempty"`    // outputs at steps that the mask leaves out
}

// MaskedOutput is the output at a step that is masked.
type MaskedOutput string

const (
	Zero   MaskedOutput = ""       // zero, as in TensorFlow 1, PyTorch and ONNX
	Repeat MaskedOutput = "repeat" // the output before, as in Keras
)

func (p MaskedOutput) check() error {
	if p != Zero && p != Repeat {
		return fmt.Errorf("masked is %q, not empty or %q", string(p), Repeat)
	}
	return nil
}

// Plan implements Op.
func (o *RNN) Plan(in []Spec) (Plan, error) {
	p, err := planRNN(o.Cells, in)
	if err != nil {
		return p, err
	}
	if o.Last {
		p.Out[0].Sequence = false
	}
	if p.Whole = o.Backwards; o.AsRead && !o.Backwards {
		return p, fmt.Errorf("as_read without backwards")
	}
	return p, o.Masked.check()
}

// planRNN plans a stack that reads in[0] and starts from in[1:].
func planRNN(list rnn.Configs, in []Spec) (Plan, error) {
	if len(in) == 0 || !in[0].Sequence {
		return Plan{}, fmt.Errorf("a recurrent layer reads a sequence, not %v", in)
	}
	width, state, params, err := list.Plan(in[0].Width)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Out: []Spec{{width, true}}, State: state, Params: params}
	for _, n := range p.State {
		p.Out = append(p.Out, Spec{n, false})
	}
	return p, checkFirst(in[1:], p.State)
}

// checkFirst checks the specs of the entries of a first state.
func checkFirst(in []Spec, sizes []int) error {
	if len(in) != 0 && len(in) != len(sizes) {
		return fmt.Errorf("%d entries for a first state of %d", len(in), len(sizes))
	}
	for i, f := range in {
		if f.Sequence || f.Width != sizes[i] {
			return fmt.Errorf("entry %d of the first state is %v, want a vector of %d", i, f, sizes[i])
		}
	}
	return nil
}

// New implements Op.
func (o *RNN) New(r *rand.Rand, in []Spec) Node {
	return &rnnNode{o, o.Cells.New(r, in[0].Width), false}
}

type rnnNode struct {
	op *RNN
	rnn.Cell
	frozen bool // for inference alone, and its sequence begun
}

// Start implements rnn.Starter.
func (n *rnnNode) Start(g *grad.Tape, batch int) rnn.State { return rnn.Start(g, n.Cell, batch) }

// Run implements Node.
func (n *rnnNode) Run(g *grad.Tape, in []Value, s rnn.State) ([]Value, rnn.State) {
	x := in[0]
	s = firstState(g, n.Cell, x.X.Dim(1), in[1:], s)
	if x.X.Dim(0) == 1 && !n.op.Backwards && !g.Train && !g.Recording() {
		y, last := n.step(g, x, s)
		return withState(in, y, last), last
	}
	y, last := over(g, n.Cell, x, s, n.op.Backwards, n.op.AsRead, n.op.Masked)
	if n.op.Last {
		y = lastOf(g, y, n.op.Backwards && !n.op.AsRead)
	}
	return withState(in, y, last), last
}

// step runs a sequence of one step, for inference alone. Rows that are masked keep their state, and their output
// is zero; the others do not depend on whether there are any.
func (n *rnnNode) step(g *grad.Tape, x Value, s rnn.State) (Value, rnn.State) {
	rows, cell := x.X.Dim(1), n.Cell
	if !n.frozen {
		cell = rnn.BeginSequence(g, cell, rows)
	}
	y, last := cell.Step(g, g.Reshape(x.X, rows, x.X.Dim(2)), s)
	if x.Mask != nil {
		from, there := g.Ints(rows), g.Ints(rows)
		for i := range rows {
			if from[i], there[i] = i, i; !x.Mask[i] {
				from[i], there[i] = rows+i, -1
			}
		}
		kept := rnn.State(g.NewList(len(last)))
		for i, v := range last {
			kept[i] = g.GatherRows(g.ConcatRows(v, s[i]), from)
		}
		y, last = g.GatherRows(y, there), kept
	}
	if n.op.Last {
		return Value{X: y}, last
	}
	return Value{g.Reshape(y, 1, rows, y.Dim(1)), x.Mask}, last
}

// firstState is the given entries of a first state where there are any, else those
// that other layers give, else the cell's own.
func firstState(g *grad.Tape, c rnn.Cell, batch int, given []Value, s rnn.State) rnn.State {
	first := rnn.State(g.List(s...))
	var own rnn.State
	for i := range first {
		switch {
		case first[i] != nil:
		case len(given) > 0:
			first[i] = given[i].X
		default:
			if own == nil {
				own = rnn.Start(g, c, batch)
			}
			first[i] = own[i]
		}
	}
	return first
}

// withState is y and the entries of a state, in the memory of in as far as there is room.
func withState(in []Value, y Value, last rnn.State) []Value {
	out := append(in[:0], y)
	for _, v := range last {
		out = append(out, Value{X: v})
	}
	return out
}

// Bidirectional runs one stack of cells from the start and one from the end, and
// merges what they give in the order of time. Its final state, which follows in its
// outputs, is that of Fwd and then that of Bwd.
type Bidirectional struct {
	Fwd    rnn.Configs  `json:"fwd"`
	Bwd    rnn.Configs  `json:"bwd"`
	Merge  rnn.Merge    `json:"merge"`
	Last   bool         `json:"last,omitempty"` // merge the last output that each direction made
	Masked MaskedOutput `json:"masked,omitempty"`
}

// Plan implements Op.
func (o *Bidirectional) Plan(in []Spec) (Plan, error) {
	f, err := planRNN(o.Fwd, in[:min(1, len(in))])
	if err != nil {
		return f, fmt.Errorf("fwd: %w", err)
	}
	b, err := planRNN(o.Bwd, in[:1])
	if err != nil {
		return b, fmt.Errorf("bwd: %w", err)
	}
	p := Plan{State: append(f.State, b.State...), Params: f.Params + b.Params, Whole: true}
	wf, wb := f.Out[0].Width, b.Out[0].Width
	switch {
	case o.Merge == rnn.Concat:
		wf += wb
	case wf != wb:
		return p, fmt.Errorf("outputs %d and %d wide cannot be merged by %v", wf, wb, o.Merge)
	}
	p.Out = []Spec{{wf, !o.Last}}
	for _, n := range p.State {
		p.Out = append(p.Out, Spec{n, false})
	}
	if err := checkFirst(in[1:], p.State); err != nil {
		return p, err
	}
	return p, o.Masked.check()
}

// New implements Op.
func (o *Bidirectional) New(r *rand.Rand, in []Spec) Node {
	return &biNode{o, o.Fwd.New(r, in[0].Width), o.Bwd.New(r, in[0].Width)}
}

type biNode struct {
	op  *Bidirectional
	Fwd rnn.Cell `recur:"fwd"`
	Bwd rnn.Cell `recur:"bwd"`
}

// Start implements rnn.Starter.
func (n *biNode) Start(g *grad.Tape, batch int) rnn.State {
	return append(append(rnn.State{}, rnn.Start(g, n.Fwd, batch)...), rnn.Start(g, n.Bwd, batch)...)
}

// StateSize lists the entries of both directions.
func (n *biNode) StateSize() []int {
	return append(append([]int{}, n.Fwd.StateSize()...), n.Bwd.StateSize()...)
}

// Run implements Node.
func (n *biNode) Run(g *grad.Tape, in []Value, s rnn.State) ([]Value, rnn.State) {
	x, k := in[0], len(n.Fwd.StateSize())
	var gf, gb []Value
	if len(in) > 1 {
		gf, gb = in[1:1+k], in[1+k:]
	}
	B := x.X.Dim(1)
	f, lf := over(g, n.Fwd, x, firstState(g, n.Fwd, B, gf, s[:k]), false, false, n.op.Masked)
	b, lb := over(g, n.Bwd, x, firstState(g, n.Bwd, B, gb, s[k:]), true, false, n.op.Masked)
	if n.op.Last {
		f, b = lastOf(g, f, false), lastOf(g, b, true)
	}
	y := Value{Mask: f.Mask}
	switch n.op.Merge {
	case rnn.Concat:
		y.X = g.Concat(f.X, b.X)
	case rnn.Sum:
		y.X = g.Add(f.X, b.X)
	case rnn.Multiply:
		y.X = g.Mul(f.X, b.X)
	case rnn.Average:
		y.X = g.Scale(g.Add(f.X, b.X), 0.5)
	}
	last := append(append(rnn.State{}, lf...), lb...)
	return withState(in, y, last), last
}
