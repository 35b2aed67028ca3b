package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// Dropout drops inputs, outputs and states of a cell while the tape trains, as
// TensorFlow's DropoutWrapper does, and does nothing otherwise. What is kept is
// scaled by 1/(1-p). The fields are probabilities of dropping.
//
// Masks are fresh at every step, or with PerSequence drawn once for a sequence and
// shared by its steps (Gal & Ghahramani 2016). State dropout touches the state
// that a step hands on, except the memory cells of a CellStater.
//
// Fresh masks are drawn from the tape's Rand in the order input, output, state;
// those of a sequence when it begins.
type Dropout struct {
	Cell
	In, Out, State float64
	PerSequence    bool
}

// Unwrap returns the cell.
func (d *Dropout) Unwrap() Cell { return d.Cell }

// With returns the same wrapper around cell.
func (d *Dropout) With(cell Cell) Cell {
	p := *d
	p.Cell = cell
	return &p
}

// BeginSequence draws the masks of a sequence, if PerSequence, and begins it for the
// cell.
func (d *Dropout) BeginSequence(g *grad.Tape, batch int) Cell {
	cell := BeginSequence(g, d.Cell, batch)
	if !g.Train || !d.PerSequence {
		return d.With(cell)
	}
	p := *d
	p.Cell = cell
	return &masked{drop: p, batch: batch, masks: &masks{seed: g.Rand.Uint64(), of: map[int]*tensor.Tensor{}}}
}

// Step computes one step with fresh masks.
func (d *Dropout) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	y, next := d.Cell.Step(g, g.Dropout(x, d.In), s)
	y = g.Dropout(y, d.Out)
	if !g.Train || d.State <= 0 {
		return y, next
	}
	kept := State(g.List(next...))
	for i, v := range next {
		if !IsCellState(d.Cell, i) {
			kept[i] = g.Dropout(v, d.State)
		}
	}
	return y, kept
}

// Unroll keeps the cell fused where no state is dropped. All of the inputs' masks
// are drawn before those of the outputs.
func (d *Dropout) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	if g.Train && d.State > 0 {
		return stepwise(g, d, x, active, s)
	}
	y, last := Unroll(g, d.Cell, g.Dropout(x, d.In), active, s)
	return g.Dropout(y, d.Out), last
}
