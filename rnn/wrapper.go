package rnn

// A Wrapper is a Cell around another, such as Dropout. What it does not have itself of
// the optional interfaces Starter, CellStater, SequenceStarter, RowSelector, Freezer and
// Sizer is that of the cell inside: Start, IsCellState, BeginSequence, SelectRows, Freeze
// and Widths go on to it, and put a cell that they get from it into the wrapper by With.
// So a wrapper has only what it changes. One with entries of its own in the state has its
// own Start and IsCellState, one whose input or output has another width its own Widths.
//
// Without Unwrap and With a struct that embeds a Cell hides all of these: a learned first
// state becomes zeros, a mask is not drawn. rnntest.Cell reports it. Unroll is not passed
// on, since it would go around the wrapper's Step.
type Wrapper interface {
	Cell
	Unwrap() Cell     // the cell inside
	With(c Cell) Cell // the same wrapper around c
}

// As returns the first of c and the cells inside it that is a T, such as an Attender of
// package seq2seq, going in by Unwrap as errors.As does.
func As[T any](c Cell) (t T, ok bool) {
	for {
		if t, ok = c.(T); ok {
			return t, true
		}
		w, ok := c.(Wrapper)
		if !ok {
			return t, false
		}
		c = w.Unwrap()
	}
}
