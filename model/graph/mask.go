package graph

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
)

// over runs c over x. Steps that are masked do not happen: the others are moved
// together, run with lengths, and put back.
func over(g *grad.Tape, c rnn.Cell, x Value, s rnn.State, backwards, asRead bool, masked MaskedOutput) (Value, rnn.State) {
	T, B := x.X.Dim(0), x.X.Dim(1)
	if x.Mask == nil && !backwards {
		y, last := rnn.Dynamic(g, c, rnn.Seq{X: x.X}, s)
		return Value{X: y.X}, last
	}
	from, lengths := together(g, x.Mask, T, B, backwards)
	flat := g.GatherRows(g.Reshape(x.X, T*B, x.X.Dim(2)), from)
	y, last := rnn.Dynamic(g, c, rnn.Seq{X: g.Reshape(flat, T, B, x.X.Dim(2)), Len: lengths}, s)
	back := apart(g, x.Mask, T, B, backwards, asRead, masked)
	out := g.GatherRows(g.Reshape(y.X, T*B, y.Width()), back)
	return Value{X: g.Reshape(out, T, B, y.Width()), Mask: x.Mask}, last
}

// together lists, for each place [time·batch] of the steps moved together, where its
// step comes from, -1 past the end of a row, and the lengths of the rows.
func together(g *grad.Tape, mask []bool, T, B int, backwards bool) (from, lengths []int) {
	from, lengths = g.Ints(T*B), g.Ints(B)
	for b := range B {
		n := 0
		for k := range T {
			if t := timeOf(k, T, backwards); mask == nil || mask[t*B+b] {
				from[n*B+b] = t*B + b
				n++
			}
		}
		lengths[b] = n
		for ; n < T; n++ {
			from[n*B+b] = -1
		}
	}
	return from, lengths
}

// apart lists, for each place of the outputs, which of the steps moved together it
// takes, -1 for zero.
func apart(g *grad.Tape, mask []bool, T, B int, backwards, asRead bool, masked MaskedOutput) []int {
	back := g.Ints(T * B)
	for b := range B {
		n := 0
		for k := range T {
			t, from := timeOf(k, T, backwards), -1
			if mask == nil || mask[t*B+b] {
				from = n*B + b
				n++
			} else if masked == Repeat && n > 0 {
				from = (n-1)*B + b
			}
			if asRead {
				t = k
			}
			back[t*B+b] = from
		}
	}
	return back
}

func timeOf(k, T int, backwards bool) int {
	if backwards {
		return T - 1 - k
	}
	return k
}

// lastOf gives the output of the last step of each row that is there, or of the first
// one if they were made from the end; zero where there is none.
func lastOf(g *grad.Tape, y Value, first bool) Value {
	T, B, W := y.X.Dim(0), y.X.Dim(1), y.X.Dim(2)
	at := g.Ints(B)
	for b := range B {
		at[b] = -1
		for k := range T {
			if t := timeOf(k, T, first); y.Mask == nil || y.Mask[t*B+b] {
				at[b] = t*B + b
			}
		}
	}
	return Value{X: g.GatherRows(g.Reshape(y.X, T*B, W), at)}
}
