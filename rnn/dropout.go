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
// that a step hands on, except the memory cells of a Memorer.
//
// Fresh masks are drawn from the tape's Rand in the order input, output, state;
// those of a sequence when it begins.
type Dropout struct {
	Cell
	In, Out, State float64
	PerSequence    bool
}

// A Memorer is a Cell with memory cells in its state, such as an LSTM's c, which
// Dropout leaves alone and Zoneout keeps with a probability of their own. Memory
// reports whether entry i of the state is one. Cells that wrap another pass it on.
type Memorer interface {
	Cell
	Memory(i int) bool
}

// Start starts the cell.
func (d *Dropout) Start(g *grad.Tape, batch int) State { return Start(g, d.Cell, batch) }

// Memory asks the cell.
func (d *Dropout) Memory(i int) bool { return isMemory(d.Cell, i) }

// Pick picks the cell's rows.
func (d *Dropout) Pick(g *grad.Tape, rows []int) Cell {
	p := *d
	p.Cell = Pick(g, d.Cell, rows)
	return &p
}

// Draw draws the masks of a sequence.
func (d *Dropout) Draw(g *grad.Tape, batch int) Cell {
	p := *d
	p.Cell = Draw(g, d.Cell, batch)
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
		if !isMemory(d.Cell, i) {
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

// stepped hides Unroll and passes Pick on.
type stepped struct{ Cell }

func (c stepped) Pick(g *grad.Tape, rows []int) Cell { return stepped{Pick(g, c.Cell, rows)} }
