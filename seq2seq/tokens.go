// Package seq2seq joins encoders to decoders: sequences in, sequences out, each
// of its own length.
package seq2seq

import (
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// Pad lays rows of ids out in time-major order, [time*batch], with -1 past the
// end of each, and returns their lengths.
func Pad(rows [][]int) (ids, lengths []int) {
	T := 0
	for _, r := range rows {
		T = max(T, len(r))
		lengths = append(lengths, len(r))
	}
	ids = slices.Repeat([]int{-1}, T*len(rows))
	for b, r := range rows {
		for t, id := range r {
			ids[t*len(rows)+b] = id
		}
	}
	return ids, lengths
}

// Embed looks up rows of ids as one padded sequence.
func Embed(g *grad.Tape, e *nn.Embedding, rows [][]int) rnn.Seq { return read(g, e.Forward, rows) }

// read makes one padded sequence of rows of ids, of which input makes the steps.
func read(g *grad.Tape, input func(g *grad.Tape, ids []int) *grad.Var, rows [][]int) rnn.Seq {
	ids, lengths := Pad(rows)
	T := len(ids) / max(len(rows), 1)
	x := input(g, ids)
	return rnn.Seq{X: g.Reshape(x, T, len(rows), x.Dim(1)), Len: lengths}
}

// Shift makes the decoder's lesson of teacher forcing from target rows: it reads
// start and then the target, and must predict the target and then end.
func Shift(rows [][]int, start, end int) (in, want [][]int) {
	for _, r := range rows {
		in = append(in, append([]int{start}, r...))
		want = append(want, append(slices.Clone(r), end))
	}
	return in, want
}
