package rnn

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
)

// Highway lets a gate choose between a cell's output and its input (Srivastava et
// al. 2015), as TensorFlow's HighwayWrapper does with its gates coupled:
//
//	t = σ(x·Gate.W + Gate.B)
//	y = t∘cell(x) + (1-t)∘x
type Highway struct {
	Cell
	Gate *nn.Linear `recur:"gate"` // [in, in]

	packed *layouts // Gate.W of a frozen cell
}

// NewHighway wraps a cell whose input and output are width wide. The gate's bias
// starts at -1, so that the input is carried at first.
func NewHighway(r *rand.Rand, c Cell, width int) *Highway {
	return &Highway{Cell: c, Gate: &nn.Linear{W: nn.Glorot(r, width, width), B: nn.Constant(-1, width)}}
}

// Unwrap returns the cell.
func (c *Highway) Unwrap() Cell { return c.Cell }

// With returns the same wrapper around cell.
func (c *Highway) With(cell Cell) Cell { return &Highway{cell, c.Gate, c.packed} }

// Widths implements Sizer.
func (c *Highway) Widths() (in, out int) {
	return c.Gate.W.Dim(0), c.Gate.W.Dim(1)
}

// Freeze freezes the cell and the gate.
func (c *Highway) Freeze(p Precision) (Cell, error) {
	cell, err := Freeze(c.Cell, p)
	return &Highway{cell, c.Gate, layOut(c.Gate.W, p)}, err
}

// Step computes one step.
func (c *Highway) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	y, next := c.Cell.Step(g, x, s)
	return c.join(g, x, y), next
}

// Unroll keeps the cell fused.
func (c *Highway) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	y, last := Unroll(g, c.Cell, x, active, s)
	return c.join(g, x, y), last
}

func (c *Highway) join(g *grad.Tape, x, y *grad.Var) *grad.Var {
	sameWidth("rnn.Highway", x, y)
	return g.Lerp(x, y, g.Sigmoid(c.packed.affine(g, x, c.Gate.W, c.Gate.B)))
}
