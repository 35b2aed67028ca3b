package rnn

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
)

// A Precision is how a frozen cell keeps its weights.
type Precision int

const (
	// Single keeps them as they are: the outputs are those of the cell, bit for bit.
	Single Precision = iota
	// Half keeps them in 16 bits (IEEE 754 binary16, rounded to even, within ±65504),
	// and widens them as it multiplies: half the memory, more time.
	Half
	// Int8 keeps a byte of each, with a scale for each column; inputs and states become
	// bytes in every step, with a scale for each row of a batch. It takes a quarter of
	// the memory, and is several times as fast where the machine multiplies bytes
	// (AVX512_VNNI); the bits are the same where it does not.
	Int8
)

func (p Precision) String() string {
	if p < Single || p > Int8 {
		return fmt.Sprintf("Precision(%d)", int(p))
	}
	return [...]string{"single", "half", "int8"}[p]
}

// MarshalText writes the name.
func (p Precision) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads single, half or int8.
func (p *Precision) UnmarshalText(b []byte) error {
	for k := Single; k <= Int8; k++ {
		if string(b) == k.String() {
			*p = k
			return nil
		}
	}
	return fmt.Errorf("rnn: precision %q is none of single, half, int8", b)
}

// A Freezer is a Cell that has a faster or smaller form for inference alone.
type Freezer interface {
	Cell
	Freeze(p Precision) Cell
}

// Freeze returns c for inference: a cell that holds a copy of its weights in the
// layouts that products read fastest, at most twice as large as they are, or smaller
// ones in another Precision. Biases, peepholes and all that is not a product stay as
// they are. Streams and sessions of one frozen cell share that copy. It does not see
// later changes to the weights of c, and panics on a tape that records.
//
// Basic, LSTM and GRU of the usual activations and the wrappers around them are
// Freezers; another cell is returned as it is. Bidirectional is frozen by its two
// cells.
func Freeze(c Cell, p Precision) Cell {
	switch t := c.(type) {
	case Freezer:
		return t.Freeze(p)
	case Wrapper:
		return t.With(Freeze(t.Unwrap(), p))
	}
	return c
}

// frozen holds the weights of a cell; nil for those that it has not.
type frozen struct{ wx, wh, second *layouts }

// layouts is a weight packed for products of many rows, and of one.
type layouts struct {
	many, one *kernel.Packed
	small     multiplier // in place of both
}

// layOut lays out the columns lo to hi of w.
func layOut(w *grad.Var, lo, hi int, p Precision) *layouts {
	const cached = 1 << 20 // elements that may lie in a cache; reading more is slow in any layout
	k, ld, n, d := w.Dim(0), w.Dim(1), hi-lo, w.Value.Data
	if k*n == 0 {
		return nil
	}
	switch p {
	case Half:
		return &layouts{small: kernel.PackHalf(k, n, d[lo:], ld)}
	case Int8:
		if q := kernel.PackInt8(k, n, d[lo:], ld); q != nil {
			return &layouts{small: q}
		}
	}
	l := &layouts{many: kernel.PackB(k, n, d[lo:], ld)}
	if k*n <= cached {
		l.one = new(kernel.Packed)
		l.one.PackRow(k, n, d[lo:], ld)
	}
	return l
}

// freeze lays out wx and the columns of wh before n, and if there are more those too.
func freeze(wx, wh *grad.Var, n int, p Precision) *frozen {
	f := &frozen{wx: layOut(wx, 0, wx.Dim(1), p), wh: layOut(wh, 0, n, p)}
	if n < wh.Dim(1) {
		f.second = layOut(wh, n, wh.Dim(1), p)
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

// isSmall is whether products with the weight are of another precision.
func (l *layouts) isSmall() bool { return l != nil && l.small != nil }

// mustNotTrain panics if a frozen cell is asked for gradients.
func (f *frozen) mustNotTrain(keep bool) {
	if f != nil && keep {
		panic("rnn: a frozen cell has no gradients: train the cell that was given to Freeze, or use grad.Eval")
	}
}

// Freeze returns the cell for inference, as it is if its activation is neither tanh
// nor ReLU.
func (c *Basic) Freeze(p Precision) Cell {
	if a := or(c.Activation, Tanh); a != Tanh && a != ReLU {
		return c
	}
	t := *c
	t.ready = freeze(c.Wx, c.Wh, c.Wh.Dim(1), p)
	return &t
}

// Freeze returns the cell for inference, as it is if it is none of the usual forms.
func (c *LSTM) Freeze(p Precision) Cell {
	if !c.fusable() {
		return c
	}
	t := *c
	t.ready = freeze(c.Wx, c.Wh, c.Wh.Dim(1), p)
	if c.Wp != nil {
		t.ready.second = layOut(c.Wp, 0, c.Wp.Dim(1), p)
	}
	return &t
}

// Freeze returns the cell for inference, as it is if it is none of the usual forms.
func (c *GRU) Freeze(p Precision) Cell {
	if !c.fusable() {
		return c
	}
	t, n := *c, c.Wh.Dim(1)
	if c.Bn == nil { // Wn multiplies r∘h
		n = n / 3 * 2
	}
	t.ready = freeze(c.Wx, c.Wh, n, p)
	return &t
}

// Freeze freezes every cell.
func (k Stack) Freeze(p Precision) Cell {
	t := make(Stack, len(k))
	for i, c := range k {
		t[i] = Freeze(c, p)
	}
	return t
}
