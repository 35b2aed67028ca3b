package tf1

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// Attention lets a cell attend to its own last outputs (Rocktäschel et al. 2016), as
// AttentionCellWrapper has it. With a what was attended to and m1…mL the last outputs,
//
//	q, s' = Cell([x; a]·In + InBias, s)
//	wk = softmax over k of V·tanh(mk·Memory + s'·Query + QueryBias)
//	a' = Σ wk·mk
//	y = [q; a']·Out + OutBias, which takes the place of the oldest m
//
// The state is {a, m1…mL, s…}, the output y. s' is all of the cell's state side by
// side in its order; TensorFlow's LSTM has c before h, so the two blocks of rows of its
// query kernel change places.
type Attention struct {
	Cell      rnn.Cell  `recur:"cell"`
	In        *grad.Var `recur:"in"`        // [in+width, cell's in]
	InBias    *grad.Var `recur:"inbias"`    // [cell's in]
	Memory    *grad.Var `recur:"memory"`    // [width, vec]
	Query     *grad.Var `recur:"query"`     // [sum of the cell's StateSize, vec]
	QueryBias *grad.Var `recur:"querybias"` // [vec]
	V         *grad.Var `recur:"v"`         // [vec]
	Out       *grad.Var `recur:"out"`       // [cell's out + width, width]
	OutBias   *grad.Var `recur:"outbias"`   // [width]
	Length    int       // L
}

func init() {
	rnn.Register("attention", rnn.Spec[AttentionOptions, *Attention]{
		New: AttentionOptions.New,
		Options: func(c *Attention) (AttentionOptions, int) {
			cells, _ := rnn.ConfigsOf(c.Cell) // which ConfigOf has checked
			return AttentionOptions{Cells: cells, In: c.In.Dim(1), Vec: c.V.Dim(0), Length: c.Length}, c.Out.Dim(1)
		},
		Check:  AttentionOptions.check,
		Hidden: "width",
	})
}

// AttentionOptions are the options of an Attention.
type AttentionOptions struct {
	Cells  rnn.Configs `json:"cells"`
	In     int         `json:"in"`     // width of what the first of the cells reads
	Vec    int         `json:"vec"`    // width in which outputs are compared
	Length int         `json:"length"` // number of the last outputs that are attended to
}

// maxDepth is the largest number of Attentions one in another: to plan one, all in it are
// made.
const maxDepth = 16

// depth is the number of Attentions one in another, o itself among them.
func (o AttentionOptions) depth() int {
	inner := 0
	for _, c := range o.Cells {
		if a, ok := c.Options.(AttentionOptions); ok {
			inner = max(inner, a.depth())
		}
	}
	return 1 + inner
}

func (o AttentionOptions) check(_, width int) error {
	if n := o.depth(); n > maxDepth {
		return fmt.Errorf("%d attentions one in another are more than %d", n, maxDepth)
	}
	if err := errors.Join(rnn.CheckSize("in", o.In), rnn.CheckSize("vec", o.Vec), rnn.CheckSize("length", o.Length)); err != nil {
		return err
	}
	if err := rnn.CheckSize("width times length", width*o.Length); err != nil {
		return fmt.Errorf("%d outputs of %d values are too many to attend to: %w", o.Length, width, err)
	}
	return o.Cells.Check(o.In)
}

// New makes the cell for inputs in wide and an output of the given width.
func (o AttentionOptions) New(r *rand.Rand, in, width int) *Attention {
	cell := o.Cells.New(r, o.In)
	_, out, _ := rnn.Widths(cell)
	return newAttention(r, cell, in, o.In, out, width, o.Vec, o.Length)
}

// NewAttention wraps a cell whose input is in and whose output is out wide, and
// attends to its last outputs, as wide, with vectors of that width.
func NewAttention(r *rand.Rand, cell rnn.Cell, in, out, length int) *Attention {
	return newAttention(r, cell, in, in, out, out, out, length)
}

// newAttention wraps a cell from read to out wide in one from in to width.
func newAttention(r *rand.Rand, cell rnn.Cell, in, read, out, width, vec, length int) *Attention {
	state := 0
	for _, n := range cell.StateSize() {
		state += n
	}
	return &Attention{
		Cell: cell, Length: length,
		In: nn.Glorot(r, in+width, read), InBias: nn.Full(r, 0, read),
		Memory: nn.Glorot(r, width, vec), Query: nn.Glorot(r, state, vec), QueryBias: nn.Full(r, 0, vec), V: nn.Uniform(r, 1, vec),
		Out: nn.Glorot(r, out+width, width), OutBias: nn.Full(r, 0, width),
	}
}

// StateSize is {width, L·width} and then the cell's.
func (c *Attention) StateSize() []int {
	width := c.Out.Dim(1)
	return append([]int{width, c.Length * width}, c.Cell.StateSize()...)
}

// Widths implements rnn.Sizer.
func (c *Attention) Widths() (in, out int) { return c.In.Dim(0) - c.Out.Dim(1), c.Out.Dim(1) }

// Start gives zeros and the cell's first state.
func (c *Attention) Start(g *grad.Tape, batch int) rnn.State {
	width := c.Out.Dim(1)
	return append(rnn.State{g.Zeros(batch, width), g.Zeros(batch, c.Length*width)}, rnn.Start(g, c.Cell, batch)...)
}

// IsCellState asks the cell of its entries.
func (c *Attention) IsCellState(i int) bool { return i >= 2 && rnn.IsCellState(c.Cell, i-2) }

// Unwrap returns the cell.
func (c *Attention) Unwrap() rnn.Cell { return c.Cell }

// With returns the same attention around cell.
func (c *Attention) With(cell rnn.Cell) rnn.Cell {
	d := *c
	d.Cell = cell
	return &d
}

// Step computes one step.
func (c *Attention) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	mustStep("Attention", c, x, s)
	q, inner := c.Cell.Step(g, linear(g, c.In, c.InBias, x, s[0]), s[2:])
	a := c.attend(g, g.Concat(inner...), s[1])
	y := linear(g, c.Out, c.OutBias, q, a)
	width := c.Out.Dim(1)
	last := g.Concat(g.Columns(s[1], width, c.Length*width), y)
	return y, append(rnn.State{a, last}, inner...)
}

// attend returns the mean of the outputs m [batch, L·width] by their weights.
func (c *Attention) attend(g *grad.Tape, state, m *grad.Var) *grad.Var {
	batch, L, width, vec := m.Dim(0), c.Length, c.Out.Dim(1), c.V.Dim(0)
	rows := g.Reshape(m, batch*L, width)
	of := g.Ints(batch * L) // the row of the batch that an output belongs to
	for i := range of {
		of[i] = i / L
	}
	query := g.GatherRows(g.Affine(state, c.Query, c.QueryBias), of)
	score := g.Affine(g.Tanh(g.Add(g.Affine(rows, c.Memory, nil), query)), g.Reshape(c.V, vec, 1), nil)
	w := g.Softmax(g.Reshape(score, batch, L))
	parts := g.Split(g.Reshape(g.MulCol(rows, g.Reshape(w, batch*L)), batch, L*width), L)
	sum := parts[0]
	for _, p := range parts[1:] {
		sum = g.Add(sum, p)
	}
	return sum
}
