package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
)

// InputProjection feeds a cell x·In.W + In.B in place of x.
type InputProjection struct {
	In *nn.Linear
	Cell
}

// Start starts the cell.
func (c *InputProjection) Start(g *grad.Tape, batch int) State { return Start(g, c.Cell, batch) }

// IsCellState asks the cell.
func (c *InputProjection) IsCellState(i int) bool { return isCellState(c.Cell, i) }

// SelectRows picks the cell's rows.
func (c *InputProjection) SelectRows(g *grad.Tape, rows []int) Cell {
	return &InputProjection{c.In, SelectRows(g, c.Cell, rows)}
}

// BeginSequence draws for the cell.
func (c *InputProjection) BeginSequence(g *grad.Tape, batch int) Cell {
	return &InputProjection{c.In, BeginSequence(g, c.Cell, batch)}
}

// Step computes one step.
func (c *InputProjection) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	return c.Cell.Step(g, c.In.Forward(g, x), s)
}

// Unroll projects all inputs in one product and keeps the cell fused.
func (c *InputProjection) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	return run(g, c.Cell, c.In.Forward(g, x), active, s)
}

// OutputProjection gives y·Out.W + Out.B for the output y of a cell. It touches
// the output, never the state.
type OutputProjection struct {
	Cell
	Out        *nn.Linear
	Activation Activation `recur:"-"` // of the projected output; default none
}

// Start starts the cell.
func (c *OutputProjection) Start(g *grad.Tape, batch int) State { return Start(g, c.Cell, batch) }

// IsCellState asks the cell.
func (c *OutputProjection) IsCellState(i int) bool { return isCellState(c.Cell, i) }

// SelectRows picks the cell's rows.
func (c *OutputProjection) SelectRows(g *grad.Tape, rows []int) Cell {
	return &OutputProjection{SelectRows(g, c.Cell, rows), c.Out, c.Activation}
}

// BeginSequence draws for the cell.
func (c *OutputProjection) BeginSequence(g *grad.Tape, batch int) Cell {
	return &OutputProjection{BeginSequence(g, c.Cell, batch), c.Out, c.Activation}
}

// Step computes one step.
func (c *OutputProjection) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	y, next := c.Cell.Step(g, x, s)
	return c.project(g, y), next
}

// Unroll keeps the cell fused and projects all outputs in one product.
func (c *OutputProjection) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	y, last := run(g, c.Cell, x, active, s)
	return c.project(g, y), last
}

func (c *OutputProjection) project(g *grad.Tape, y *grad.Var) *grad.Var {
	return or(c.Activation, Identity).Apply(g, c.Out.Forward(g, y))
}
