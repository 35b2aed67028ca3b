package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
)

// A Freezer is a Cell that has a faster form for inference alone.
type Freezer interface {
	Cell
	Freeze() Cell
}

// Freeze returns c for inference: a cell of the same outputs, bit for bit, that
// holds a copy of its weights in the layouts that products read fastest, at most
// twice as large as they are. Streams and sessions of one frozen cell share that copy. It does not see
// later changes to the weights of c, and panics on a tape that records.
//
// Basic, LSTM and GRU of the usual activations and the wrappers around them are
// Freezers; another cell is returned as it is. Bidirectional is frozen by its two cells.
func Freeze(c Cell) Cell {
	if f, ok := c.(Freezer); ok {
		return f.Freeze()
	}
	return c
}

// frozen holds the weights of a cell; nil for those that it has not.
type frozen struct{ wx, wh, second *layouts }

// layouts is a weight packed for products of many rows, and of one.
type layouts struct{ many, one *kernel.Packed }

// layOut lays out the columns lo to hi of w.
func layOut(w *grad.Var, lo, hi int) *layouts {
	const cached = 1 << 20 // elements that may lie in a cache; reading more is slow in any layout
	k, ld, n, d := w.Dim(0), w.Dim(1), hi-lo, w.Value.Data
	if k*n == 0 {
		return nil
	}
	l := &layouts{many: kernel.PackB(k, n, d[lo:], ld)}
	if k*n <= cached {
		l.one = new(kernel.Packed)
		l.one.PackRow(k, n, d[lo:], ld)
	}
	return l
}

// freeze lays out wx and the columns of wh before n, and if there are more those too.
func freeze(wx, wh *grad.Var, n int) *frozen {
	f := &frozen{wx: layOut(wx, 0, wx.Dim(1)), wh: layOut(wh, 0, n)}
	if n < wh.Dim(1) {
		f.second = layOut(wh, n, wh.Dim(1))
	}
	return f
}

// weights returns the layouts, all nil if f is.
func (f *frozen) weights() (wx, wh, second *layouts) {
	if f == nil {
		return nil, nil, nil
	}
	return f.wx, f.wh, f.second
}

// mustNotTrain panics if a frozen cell is asked for gradients.
func (f *frozen) mustNotTrain(keep bool) {
	if f != nil && keep {
		panic("rnn: a frozen cell has no gradients: train the cell that was given to Freeze, or use grad.Eval")
	}
}

// Freeze returns the cell for inference, as it is if its activation is neither tanh
// nor ReLU.
func (c *Basic) Freeze() Cell {
	if a := or(c.Activation, Tanh); a != Tanh && a != ReLU {
		return c
	}
	t := *c
	t.ready = freeze(c.Wx, c.Wh, c.Wh.Dim(1))
	return &t
}

// Freeze returns the cell for inference, as it is if it is none of the usual forms.
func (c *LSTM) Freeze() Cell {
	if !c.fusable() {
		return c
	}
	t := *c
	t.ready = freeze(c.Wx, c.Wh, c.Wh.Dim(1))
	if c.Wp != nil {
		t.ready.second = layOut(c.Wp, 0, c.Wp.Dim(1))
	}
	return &t
}

// Freeze returns the cell for inference, as it is if it is none of the usual forms.
func (c *GRU) Freeze() Cell {
	if !c.fusable() {
		return c
	}
	t, n := *c, c.Wh.Dim(1)
	if c.Bn == nil { // Wn multiplies r∘h
		n = n / 3 * 2
	}
	t.ready = freeze(c.Wx, c.Wh, n)
	return &t
}

// Freeze freezes every cell.
func (k Stack) Freeze() Cell {
	t := make(Stack, len(k))
	for i, c := range k {
		t[i] = Freeze(c)
	}
	return t
}

// Freeze freezes the cell.
func (c *Residual) Freeze() Cell { return &Residual{Freeze(c.Cell)} }

// Freeze freezes the cell.
func (c *Highway) Freeze() Cell {
	t := *c
	t.Cell = Freeze(c.Cell)
	return &t
}

// Freeze freezes the cell.
func (c *InputProjection) Freeze() Cell {
	t := *c
	t.Cell = Freeze(c.Cell)
	return &t
}

// Freeze freezes the cell.
func (c *OutputProjection) Freeze() Cell {
	t := *c
	t.Cell = Freeze(c.Cell)
	return &t
}

// Freeze freezes the cell.
func (c *Learned) Freeze() Cell {
	t := *c
	t.Cell = Freeze(c.Cell)
	return &t
}

// Freeze freezes the cell. Dropout does nothing on a tape for inference.
func (d *Dropout) Freeze() Cell {
	t := *d
	t.Cell = Freeze(d.Cell)
	return &t
}

// Freeze freezes the cell.
func (z *Zoneout) Freeze() Cell {
	t := *z
	t.Cell = Freeze(z.Cell)
	return &t
}
