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

// A CellStater is a Cell with memory cells in its state, such as an LSTM's c, which
// Dropout leaves alone and Zoneout keeps with a probability of their own. Memory
// reports whether entry i of the state is one. Cells that wrap another pass it on.
type CellStater interface {
	Cell
	IsCellState(i int) bool
}

// Start starts the cell.
func (d *Dropout) Start(g *grad.Tape, batch int) State { return Start(g, d.Cell, batch) }

// IsCellState asks the cell.
func (d *Dropout) IsCellState(i int) bool { return isCellState(d.Cell, i) }

// SelectRows picks the cell's rows.
func (d *Dropout) SelectRows(g *grad.Tape, rows []int) Cell {
	p := *d
	p.Cell = SelectRows(g, d.Cell, rows)
	return &p
}

// BeginSequence draws the masks of a sequence.
func (d *Dropout) BeginSequence(g *grad.Tape, batch int) Cell {
	p := *d
	p.Cell = BeginSequence(g, d.Cell, batch)
	if !g.Train || !d.PerSequence {
		return &p
	}
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
		if !isCellState(d.Cell, i) {
			kept[i] = g.Dropout(v, d.State)
		}
	}
	return y, kept
}

// Unroll keeps the cell fused where no state is dropped. All of the inputs' masks
// are drawn before those of the outputs.
func (d *Dropout) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	if g.Train && d.State > 0 {
		return run(g, stepped{d}, x, active, s)
	}
	y, last := run(g, d.Cell, g.Dropout(x, d.In), active, s)
	return g.Dropout(y, d.Out), last
}

// stepped hides Unroll and passes SelectRows on.
type stepped struct{ Cell }

func (c stepped) SelectRows(g *grad.Tape, rows []int) Cell {
	return stepped{SelectRows(g, c.Cell, rows)}
}
