package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// Truncated is Dynamic with back-propagation through time cut every k steps
// (Williams & Peng 1990): the values are the same, but no gradient flows from a
// window of k steps into the one before.
func Truncated(g *grad.Tape, c Cell, x Seq, s State, k int) (y Seq, last State) {
	if k < 1 {
		panic(&tensor.ShapeError{Op: "rnn.Truncated", Detail: "a window has at least one step"})
	}
	x.check("rnn.Truncated")
	c = Draw(g, c, x.Batch())
	if s == nil {
		s = Start(g, c, x.Batch())
	}
	s.check("rnn.Truncated", c, x.Batch())
	T := x.Steps()
	if T <= k {
		return dynamic(g, c, x, s)
	}
	var ys []*grad.Var
	for lo := 0; lo < T; lo += k {
		if lo > 0 {
			s = s.Detach(g)
		}
		var part Seq
		part, s = dynamic(g, c, x.Slice(g, lo, min(lo+k, T)), s)
		ys = append(ys, part.X)
	}
	return Seq{g.Join(ys...), x.Len}, s
}

// A Carry keeps a state from one batch to the next, as Keras's stateful layers
// do: the values survive the tape that made them, and no gradient flows back.
// The zero value starts from nothing.
type Carry struct {
	kept []*tensor.Tensor
}

// Load enters the kept state on the tape, or returns nil, which means Start,
// if there is none.
func (k *Carry) Load(g *grad.Tape) State {
	if k.kept == nil {
		return nil
	}
	s := State{}
	for _, t := range k.kept {
		s = append(s, g.Const(t))
	}
	return s
}

// Store copies s for the next batch.
func (k *Carry) Store(s State) {
	if len(k.kept) != len(s) {
		k.kept = make([]*tensor.Tensor, len(s))
	}
	for i, v := range s {
		if k.kept[i] == nil || k.kept[i].Shape != v.Shape() {
			k.kept[i] = tensor.New(v.Shape().Dims()...)
		}
		copy(k.kept[i].Data, v.Value.Data)
	}
}

// Reset forgets the state.
func (k *Carry) Reset() { k.kept = nil }
