package rnn

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// The shapes of network, apart from the encoder-decoder, which is in package
// seq2seq. Dynamic is all there is to them; the functions differ in the part of
// it that they return.

// SequenceToSequence gives an output for every step of x, such as the price of
// the day after for every day. It is Dynamic from the first state.
func SequenceToSequence(g *grad.Tape, c Cell, x Seq) Seq {
	y, _ := Dynamic(g, c, x, nil)
	return y
}

// SequenceToVector reads x and gives each row's output at its last valid step,
// [batch, out], such as the judgement of a review. A row of length 0 gives zeros.
func SequenceToVector(g *grad.Tape, c Cell, x Seq) *grad.Var {
	y, _ := Dynamic(g, c, x, nil)
	return y.Last(g)
}

// VectorToSequence feeds v [batch, in], such as what is known of an image, at the
// first step and zeros after it, and gives the outputs of the given steps, such as
// its caption. A nil lengths means steps for every row.
func VectorToSequence(g *grad.Tape, c Cell, v *grad.Var, steps int, lengths []int) Seq {
	if v.Shape().Rank() != 2 || steps < 0 {
		panic(&tensor.ShapeError{Op: "rnn.VectorToSequence", Detail: fmt.Sprintf("%v for %d steps, want [batch in]", v.Shape(), steps)})
	}
	batch, in := v.Dim(0), v.Dim(1)
	first := min(steps, 1)
	x := g.ConcatRows(g.Slice(v, 0, first*batch), g.Zeros((steps-first)*batch, in))
	y, _ := Dynamic(g, c, Seq{g.Reshape(x, steps, batch, in), lengths}, nil)
	return y
}
