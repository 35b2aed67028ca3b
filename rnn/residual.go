package rnn

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// Residual adds a cell's input to its output, which must be as wide (He et al.
// 2016), as TensorFlow's ResidualWrapper does.
type Residual struct{ Cell }

// Unwrap returns the cell.
func (c *Residual) Unwrap() Cell { return c.Cell }

// With returns the same wrapper around cell.
func (c *Residual) With(cell Cell) Cell { return &Residual{cell} }

// Step computes one step.
func (c *Residual) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	y, next := c.Cell.Step(g, x, s)
	sameWidth("rnn.Residual", x, y)
	return g.Add(y, x), next
}

// Unroll keeps the cell fused.
func (c *Residual) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	y, last := Unroll(g, c.Cell, x, active, s)
	sameWidth("rnn.Residual", x, y)
	return g.Add(y, x), last
}

func sameWidth(op string, x, y *grad.Var) {
	if x.Dim(1) != y.Dim(1) {
		panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("the input is %d wide, the output %d", x.Dim(1), y.Dim(1))})
	}
}
