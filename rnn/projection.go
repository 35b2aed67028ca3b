package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
)

// InputProjection feeds a cell x·In.W + In.B in place of x.
type InputProjection struct {
	In *nn.Linear `recur:"in"`
	Cell

	packed *layouts // In.W of a frozen cell
}

// Unwrap returns the cell.
func (c *InputProjection) Unwrap() Cell { return c.Cell }

// With returns the same wrapper around cell.
func (c *InputProjection) With(cell Cell) Cell { return &InputProjection{c.In, cell, c.packed} }

// Widths implements Sizer.
func (c *InputProjection) Widths() (in, out int) {
	_, out, _ = Widths(c.Cell)
	return c.In.W.Dim(0), out
}

// Freeze freezes the cell and the projection.
func (c *InputProjection) Freeze(p Precision) (Cell, error) {
	cell, err := Freeze(c.Cell, p)
	return &InputProjection{c.In, cell, layOut(c.In.W, p)}, err
}

// Step computes one step.
func (c *InputProjection) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	return c.Cell.Step(g, c.packed.affine(g, x, c.In.W, c.In.B), s)
}

// Unroll projects all inputs in one product and keeps the cell fused.
func (c *InputProjection) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	return Unroll(g, c.Cell, c.packed.affine(g, x, c.In.W, c.In.B), active, s)
}

// OutputProjection gives y·Out.W + Out.B for the output y of a cell. It touches
// the output, never the state.
type OutputProjection struct {
	Cell
	Out        *nn.Linear `recur:"out"`
	Activation Activation `recur:"-"` // activation of the projected output; default none

	packed *layouts // Out.W of a frozen cell
}

// Unwrap returns the cell.
func (c *OutputProjection) Unwrap() Cell { return c.Cell }

// With returns the same wrapper around cell.
func (c *OutputProjection) With(cell Cell) Cell {
	return &OutputProjection{cell, c.Out, c.Activation, c.packed}
}

// Widths implements Sizer.
func (c *OutputProjection) Widths() (in, out int) {
	in, _, _ = Widths(c.Cell)
	return in, c.Out.W.Dim(1)
}

// Freeze freezes the cell and the projection.
func (c *OutputProjection) Freeze(p Precision) (Cell, error) {
	cell, err := Freeze(c.Cell, p)
	return &OutputProjection{cell, c.Out, c.Activation, layOut(c.Out.W, p)}, err
}

// Step computes one step.
func (c *OutputProjection) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	y, next := c.Cell.Step(g, x, s)
	return c.project(g, y), next
}

// Unroll keeps the cell fused and projects all outputs in one product.
func (c *OutputProjection) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	y, last := Unroll(g, c.Cell, x, active, s)
	return c.project(g, y), last
}

func (c *OutputProjection) project(g *grad.Tape, y *grad.Var) *grad.Var {
	return or(c.Activation, Identity).Apply(g, c.packed.affine(g, y, c.Out.W, c.Out.B))
}
