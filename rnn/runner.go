package rnn

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// A Runner steps rows of many sessions together, for package session: it is a
// session.Starter. Each row gets the bits that a Stream of the frozen cell gives it. It
// holds a copy of the weights and no session; any number of goroutines may use it at once,
// and a step allocates nothing once warm.
type Runner struct {
	cell    Cell // frozen
	draws   bool // whether a cell inside begins each batch itself
	in, out int
	sizes   []int
	first   [][]tensor.Float // one row of each entry
	id      [32]byte
	frozen  error
}

// NewRunner freezes c, once: later changes to its weights are not seen. The widths of the
// cell must be known to Widths, and its batch may not be fixed, as that of a cell is which
// holds data for each row, such as the memory that it attends to.
func NewRunner(c Cell, p Precision) (r *Runner, err error) {
	defer tensor.Catch(&err)
	in, out, ok := Widths(c)
	if !ok {
		return nil, fmt.Errorf("rnn: the widths of a %T are input %d and output %d, -1 for one that it does not know: a runner needs both, so give it a method Widths, or Unwrap and With if it wraps a cell", c, in, out)
	}
	if fixed := withRows(c); fixed != nil {
		return nil, fmt.Errorf("rnn: a %T holds data for each row of its batch, which sessions of other rows would mix: step it by a Stream for each sequence", fixed)
	}
	r = &Runner{in: in, out: out, sizes: c.StateSize(), id: SessionID(c), draws: draws(c)}
	r.cell, err = Freeze(c, p)
	if err != nil && !errors.Is(err, ErrNotFrozen) {
		return nil, err
	}
	r.frozen = err
	g := grad.Eval()
	if !r.draws {
		r.cell = BeginSequence(g, r.cell, 1)
	}
	for _, v := range Start(g, r.cell, 1) {
		r.first = append(r.first, slices.Clone(v.Value.Data))
	}
	return r, r.try(2)
}

// try does a step of so many rows and checks what comes of it.
func (r *Runner) try(rows int) error {
	if len(r.first) != len(r.sizes) {
		return fmt.Errorf("rnn: %T starts with %d entries of state, and has %d", r.cell, len(r.first), len(r.sizes))
	}
	states := make([][]tensor.Float, len(r.sizes))
	for i, row := range r.first {
		if len(row) != r.sizes[i] {
			return fmt.Errorf("rnn: entry %d of the state of %T starts with %d values, and has %d", i, r.cell, len(row), r.sizes[i])
		}
		states[i] = slices.Repeat(row, rows)
	}
	return r.Step(context.Background(), rows, make([]tensor.Float, rows*r.in), make([]tensor.Float, rows*r.out), states)
}

// In is the width of the input.
func (r *Runner) In() int { return r.in }

// Out is the width of the output.
func (r *Runner) Out() int { return r.out }

// StateSizes are the widths of the entries of the state.
func (r *Runner) StateSizes() []int { return slices.Clone(r.sizes) }

// ID is the SessionID of the cell that was given, in every precision.
func (r *Runner) ID() [32]byte { return r.id }

// First fills one row of each entry of the state with the cell's first state.
func (r *Runner) First(states [][]tensor.Float) {
	for i, row := range r.first {
		copy(states[i], row)
	}
}

// Frozen is the error of Freeze: it names the cells that have no form for inference alone,
// which run as they are. It is nil if there are none.
func (r *Runner) Frozen() error { return r.frozen }

// Step does one step of each row: it reads x [rows, In], writes y [rows, Out], and replaces
// each states[i] [rows, StateSizes()[i]] by the next, none of which may overlap. An error
// of ctx, or of slices that are too short, changes nothing; after another y and states are
// undefined.
func (r *Runner) Step(ctx context.Context, rows int, x, y []tensor.Float, states [][]tensor.Float) (err error) {
	if err := r.check(rows, x, y, states); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil || rows == 0 {
		return err
	}
	defer tensor.Catch(&err)
	w, cell := borrow(), r.cell
	if r.draws {
		cell = BeginSequence(w.g, cell, rows)
	}
	input := w.enter(x[:rows*r.in], rows, r.sizes, func(i int) []tensor.Float { return states[i][:rows*r.sizes[i]] })
	out, next := cell.Step(w.g, input, w.s)
	if err := r.checkResult(rows, out, next); err != nil {
		return err
	}
	copy(y, out.Value.Data)
	w.leave(next)
	w.giveBack()
	return nil
}

func (r *Runner) check(rows int, x, y []tensor.Float, states [][]tensor.Float) error {
	if rows < 0 || len(x) < rows*r.in || len(y) < rows*r.out || len(states) != len(r.sizes) {
		return fmt.Errorf("rnn: %d rows with %d values of input, %d of output and %d entries of state, want %d, %d and %d",
			rows, len(x), len(y), len(states), rows*r.in, rows*r.out, len(r.sizes))
	}
	for i, n := range r.sizes {
		if len(states[i]) < rows*n {
			return fmt.Errorf("rnn: entry %d of the state has %d values, want %d for %d rows", i, len(states[i]), rows*n, rows)
		}
	}
	return nil
}

// checkResult compares what the cell gave with what it promises.
func (r *Runner) checkResult(rows int, y *grad.Var, next State) error {
	if want := tensor.ShapeOf(rows, r.out); y.Shape() != want {
		return fmt.Errorf("rnn: the output of %T is %v, want %v by its Widths", r.cell, y.Shape(), want)
	}
	if len(next) != len(r.sizes) {
		return fmt.Errorf("rnn: the next state of %T has %d entries, want %d by its StateSize", r.cell, len(next), len(r.sizes))
	}
	for i, n := range r.sizes {
		if want := tensor.ShapeOf(rows, n); next[i].Shape() != want {
			return fmt.Errorf("rnn: entry %d of the next state of %T is %v, want %v by its StateSize", i, r.cell, next[i].Shape(), want)
		}
	}
	return nil
}

// withRows returns the cell in c that holds data for each row of a batch, nil for none.
func withRows(c Cell) Cell {
	switch t := c.(type) {
	case Stack:
		for _, c := range t {
			if fixed := withRows(c); fixed != nil {
				return fixed
			}
		}
	case *layers:
		return withRows(t.Stack)
	case RowSelector:
		return t
	case Wrapper:
		return withRows(t.Unwrap())
	}
	return nil
}

// draws reports whether a cell in c begins sequences in a way that this package does not
// know: its own do nothing on a tape that does not train.
func draws(c Cell) bool {
	switch t := c.(type) {
	case Stack:
		return slices.ContainsFunc(t, draws)
	case *layers:
		return draws(t.Stack)
	case *Dropout:
		return draws(t.Cell)
	case SequenceStarter:
		return true
	case Wrapper:
		return draws(t.Unwrap())
	}
	return false
}
