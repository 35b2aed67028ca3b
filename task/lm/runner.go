package lm

import (
	"context"
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A Runner steps many texts together, for package session: a step reads the id of a token and
// gives the scores [Size] of the next one, whose softmax are its probabilities.
type Runner struct {
	*rnn.Runner
	size int
}

// Runner makes a runner of the model with frozen weights.
func (m *Model) Runner(p rnn.Precision) (*Runner, error) {
	r, err := rnn.NewRunner(&reader{Net: m.net}, p)
	if err != nil {
		return nil, fmt.Errorf("lm: %w", err)
	}
	return &Runner{r, m.net.Embed.W.Dim(0)}, nil
}

// Step does a step of each row, as that of a rnn.Runner. An id that the vocabulary lacks is an
// error of all rows.
func (r *Runner) Step(ctx context.Context, rows int, x, y []tensor.Float, states [][]tensor.Float) error {
	for i, id := range x[:min(max(rows, 0), len(x))] {
		if !(id >= 0 && id < tensor.Float(r.size) && id == tensor.Float(int(id))) {
			return fault.Errorf(fault.Data, "lm: %v, in row %d, is no token: want a whole number from 0 to %d", id, i, r.size-1)
		}
	}
	return r.Runner.Step(ctx, rows, x, y, states)
}

// reader is a net as a cell, from an id to the scores of the next.
type reader struct {
	Net *net `recur:"net"`

	cells rnn.Cell          `recur:"-"` // frozen; nil before
	out   *nn.Linear        `recur:"-"`
	head  *rnn.FrozenLinear `recur:"-"`
}

// StateSize implements rnn.Cell.
func (c *reader) StateSize() []int { return c.Net.Cells.StateSize() }

// Widths implements rnn.Sizer.
func (c *reader) Widths() (in, out int) { return 1, c.Net.Embed.W.Dim(0) }

// Start implements rnn.Starter.
func (c *reader) Start(g *grad.Tape, batch int) rnn.State { return rnn.Start(g, c.Net.Cells, batch) }

// Step implements rnn.Cell: x is [batch, 1].
func (c *reader) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	ids := g.Ints(x.Dim(0))
	for i, id := range x.Value.Data {
		ids[i] = int(id)
	}
	e := c.Net.Embed.Forward(g, ids)
	if c.cells == nil {
		y, next := c.Net.Cells.Step(g, e, s)
		return c.Net.head(g, y), next
	}
	y, next := c.cells.Step(g, e, s)
	return c.head.Forward(g, c.out, y), next
}

// Freeze implements rnn.Freezer.
func (c *reader) Freeze(p rnn.Precision) (rnn.Cell, error) {
	cells, err := rnn.Freeze(c.Net.Cells, p)
	f := &reader{Net: c.Net, cells: rnn.BeginSequence(grad.Eval(), cells, 1), out: c.Net.Out}
	if f.out == nil { // tied
		w := c.Net.Embed.W
		size, width := w.Dim(0), w.Dim(1)
		t := tensor.New(width, size)
		kernel.Transpose(size, width, w.Value.Data, t.Data, size)
		f.out = &nn.Linear{W: grad.Leaf(t), B: c.Net.Bias}
	}
	f.head = rnn.FreezeLinear(f.out, p)
	return f, err
}
