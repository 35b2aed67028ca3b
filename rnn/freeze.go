package rnn

import (
	"errors"
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
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
	// (AVX512_VNNI); the bits are the same where it does not. A weight of more than 65536
	// rows stays as it is.
	Int8
)

var precisions = []string{"single", "half", "int8"}

func (p Precision) String() string { return nameOf(p, "Precision", precisions) }

// MarshalText writes the name.
func (p Precision) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads single, half or int8.
func (p *Precision) UnmarshalText(b []byte) error {
	return parseName(p, b, "precision", precisions)
}

// A Freezer is a Cell that has a faster or smaller form for inference alone. Freeze returns
// an error that wraps ErrNotFrozen for each cell inside that stays as it is.
type Freezer interface {
	Cell
	Freeze(p Precision) (Cell, error)
}

// ErrNotFrozen is wrapped by the error of Freeze.
var ErrNotFrozen = errors.New("has no form for inference alone, and stays as it is")

// Freeze returns c for inference: a cell that holds a copy of its weights in the
// layouts that products read fastest, at most twice as large as they are, or smaller
// ones in another Precision. Biases, peepholes and all that is not a product stay as
// they are. Streams and sessions of one frozen cell share that copy. It does not see
// later changes to the weights of c, and panics on a tape that records.
//
// The cells of this package, and the wrappers around them, are Freezers.
// Bidirectional is frozen by its two cells. A cell that is no Freezer stays as it is, by
// itself, in a Stack or in a Wrapper, and is named in an error that wraps ErrNotFrozen;
// what Freeze returns can be used in any case.
func Freeze(c Cell, p Precision) (Cell, error) {
	switch t := c.(type) {
	case Freezer:
		return t.Freeze(p)
	case Wrapper:
		inner, err := Freeze(t.Unwrap(), p)
		return t.With(inner), err
	}
	return c, fmt.Errorf("rnn: %T %w", c, ErrNotFrozen)
}

// frozen holds the packed weights of a cell, nil for those that it does not have.
type frozen struct {
	wx, wh *layouts
	wp     *layouts // projection of an LSTM; nil for none
	wn     *layouts // Wn of a GRU, where it is not a part of wh
}

// layouts is a weight [k, n] packed for products of many rows, and of one.
type layouts struct {
	k, n      int
	many, one *kernel.Packed
	small     multiplier // weight of another precision, in place of both
}

// layOut lays out w.
func layOut(w *grad.Var, p Precision) *layouts { return layOutColumns(w, 0, w.Dim(1), p) }

// layOutColumns lays out the columns lo to hi of w.
func layOutColumns(w *grad.Var, lo, hi int, p Precision) *layouts {
	const cached = 1 << 20 // elements that may lie in a cache; reading more is slow in any layout
	k, ld, n, d := w.Dim(0), w.Dim(1), hi-lo, w.Value.Data
	if k*n == 0 {
		return nil
	}
	l := &layouts{k: k, n: n}
	switch p {
	case Half:
		l.small = kernel.PackHalf(k, n, d[lo:], ld)
		return l
	case Int8:
		if q := kernel.PackInt8(k, n, d[lo:], ld); q != nil {
			l.small = q
			return l
		}
	}
	l.many = kernel.PackB(k, n, d[lo:], ld)
	if k*n <= cached {
		l.one = new(kernel.Packed)
		l.one.PackRow(k, n, d[lo:], ld)
	}
	return l
}

// freeze lays out wx and the columns of wh before n.
func freeze(wx, wh *grad.Var, n int, p Precision) *frozen {
	return &frozen{wx: layOut(wx, p), wh: layOutColumns(wh, 0, n, p)}
}

// weights returns the packed weights, none if f is nil.
func (f *frozen) weights() frozen {
	if f == nil {
		return frozen{}
	}
	return *f
}

// isSmall is whether products with the weight are of another precision.
func (l *layouts) isSmall() bool { return l != nil && l.small != nil }

// mustNotTrain panics if a frozen cell is asked for gradients.
func (f *frozen) mustNotTrain(keep bool) {
	if f != nil {
		mustNotTrain(keep)
	}
}

func mustNotTrain(keep bool) {
	if keep {
		panic("rnn: a frozen cell has no gradients: train the cell that was given to Freeze, or use grad.Eval")
	}
}

// affine is g.Affine(x, w, b), where l is w if that is frozen.
func (l *layouts) affine(g *grad.Tape, x, w, b *grad.Var) *grad.Var {
	if l == nil {
		return g.Affine(x, w, b)
	}
	if x.Shape().Last() != l.k {
		panic(&tensor.ShapeError{Op: "Affine", Detail: fmt.Sprintf("x %v · w %v", x.Shape(), w.Shape())})
	}
	y := result(g, g.Scratch(x.Shape().WithLast(l.n)), x, w, b)
	mustNotTrain(g.NeedsGrad(y))
	var bias []grad.Float
	if b != nil {
		bias = b.Value.Data
	}
	f := l.stepWeight(l.k, l.n, nil, 0, nil, false)
	f.mul(len(x.Value.Data)/l.k, x.Value.Data, l.k, bias, y.Value.Data, l.n)
	return y
}

// A FrozenLinear is the weight of an nn.Linear for inference alone.
type FrozenLinear struct{ packed *layouts }

// FreezeLinear lays the weight of l out as Freeze does those of cells.
func FreezeLinear(l *nn.Linear, p Precision) *FrozenLinear { return &FrozenLinear{layOut(l.W, p)} }

// Forward is that of l, which was frozen.
func (f *FrozenLinear) Forward(g *grad.Tape, l *nn.Linear, x *grad.Var) *grad.Var {
	return f.packed.affine(g, x, l.W, l.B)
}

// Freeze freezes every cell.
func (k Stack) Freeze(p Precision) (Cell, error) {
	t, errs := make(Stack, len(k)), make([]error, len(k))
	for i, c := range k {
		if t[i], errs[i] = Freeze(c, p); errs[i] != nil {
			errs[i] = fmt.Errorf("cell %d of %d: %w", i, len(k), errs[i])
		}
	}
	return t, errors.Join(errs...)
}
