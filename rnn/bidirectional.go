package rnn

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// Merge is how a Bidirectional joins the outputs of its directions.
type Merge int

const (
	Concat   Merge = iota // [forward, backward] side by side
	Sum                   // forward + backward
	Multiply              // forward ∘ backward
	Average               // (forward + backward) / 2
)

var merges = []string{"concat", "sum", "multiply", "average"}

func (m Merge) String() string { return nameOf(m, "Merge", merges) }

// MarshalText writes the name.
func (m Merge) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads concat, sum, multiply or average.
func (m *Merge) UnmarshalText(b []byte) error { return parseName(m, b, "merge", merges) }

// Bidirectional reads each sequence from both ends (Schuster & Paliwal 1997).
// The backward cell starts at each row's own last valid step, and its outputs
// are put back in the order of time, as tf.nn.bidirectional_dynamic_rnn does.
//
// It is not a Cell: a step would need the future.
type Bidirectional struct {
	Fwd   Cell  `recur:"fwd"`
	Bwd   Cell  `recur:"bwd"`
	Merge Merge `recur:"-"`
}

// Run returns the merged outputs and the final state: the entries of the forward
// cell, then those of the backward cell, which is the one after reading x[0].
// A nil s is Start; otherwise it has the same order.
func (b *Bidirectional) Run(g *grad.Tape, x Seq, s State) (y Seq, last State) {
	fwd, bwd, last := b.Both(g, x, s)
	y.Len = x.Len
	switch b.Merge {
	case Concat:
		y.X = g.Concat(fwd.X, bwd.X)
	case Sum:
		y.X = g.Add(fwd.X, bwd.X)
	case Multiply:
		y.X = g.Mul(fwd.X, bwd.X)
	case Average:
		y.X = g.Scale(g.Add(fwd.X, bwd.X), 0.5)
	default:
		panic(&tensor.ShapeError{Op: "rnn.Bidirectional", Detail: "unknown merge " + b.Merge.String()})
	}
	return y, last
}

// Both returns the outputs of the two directions unmerged.
func (b *Bidirectional) Both(g *grad.Tape, x Seq, s State) (fwd, bwd Seq, last State) {
	var sf, sb State
	if s != nil {
		n := len(b.Fwd.StateSize())
		if want := n + len(b.Bwd.StateSize()); len(s) != want {
			panic(&tensor.ShapeError{Op: "rnn.Bidirectional", Detail: fmt.Sprintf("state has %d entries, the cells want %d", len(s), want)})
		}
		sf, sb = s[:n], s[n:]
	}
	fwd, lf := Dynamic(g, b.Fwd, x, sf)
	bwd, lb := Dynamic(g, b.Bwd, Reverse(g, x), sb)
	return fwd, Reverse(g, bwd), append(append(State{}, lf...), lb...)
}

// BidirectionalStack feeds each layer the merged outputs of the one before, as
// stack_bidirectional_dynamic_rnn and PyTorch's num_layers do.
type BidirectionalStack []*Bidirectional

// Run returns the outputs of the last layer and the final states of all, layer
// by layer. A nil s is Start; otherwise it has the same order.
func (k BidirectionalStack) Run(g *grad.Tape, x Seq, s State) (y Seq, last State) {
	for _, b := range k {
		var in, out State
		if s != nil {
			n := min(len(b.Fwd.StateSize())+len(b.Bwd.StateSize()), len(s))
			in, s = s[:n:n], s[n:]
		}
		x, out = b.Run(g, x, in)
		last = append(last, out...)
	}
	return x, last
}
