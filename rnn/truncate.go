package rnn

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/ieee"
	"github.com/recur-go/recur/tensor"
)

// Truncated is Dynamic with back-propagation through time cut every k steps
// (Williams & Peng 1990): the values are the same, but no gradient flows from a
// window of k steps into the one before.
func Truncated(g *grad.Tape, c Cell, x Seq, s State, k int) (y Seq, last State) {
	if k < 1 {
		panic(&tensor.ShapeError{Op: "rnn.Truncated", Detail: "a window has at least one step"})
	}
	c, s = begin("rnn.Truncated", g, c, x, s)
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
	return Seq{g.ConcatRows(ys...), x.Len}, s
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

// MarshalBinary implements encoding.BinaryMarshaler, so that a checkpoint of package
// train keeps a Carry: the number of entries, then of each its rows, width and values.
func (k *Carry) MarshalBinary() ([]byte, error) {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(k.kept)))
	for _, t := range k.kept {
		b = binary.LittleEndian.AppendUint32(b, uint32(t.Dim(0)))
		b = binary.LittleEndian.AppendUint32(b, uint32(t.Dim(1)))
		b = ieee.Append(b, t.Data)
	}
	return b, nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (k *Carry) UnmarshalBinary(b []byte) error {
	number := func() (n int) {
		if len(b) < 4 {
			return -1
		}
		n, b = int(binary.LittleEndian.Uint32(b)), b[4:]
		return n
	}
	const floatBytes = int(unsafe.Sizeof(tensor.Float(0)))
	entries := number()
	var kept []*tensor.Tensor
	for i := range entries {
		rows, width := number(), number()
		if rows < 0 || width < 0 || rows > len(b) || width > len(b) || rows*width*floatBytes > len(b) {
			return fmt.Errorf("rnn: entry %d of a carried state is cut short", i)
		}
		t := tensor.New(rows, width)
		ieee.Decode(t.Data, b[:rows*width*floatBytes], ieee.Native[tensor.Float]())
		b = b[rows*width*floatBytes:]
		kept = append(kept, t)
	}
	if entries < 0 || len(b) != 0 {
		return fmt.Errorf("rnn: a carried state of %d entries leaves %d bytes over", entries, len(b))
	}
	k.kept = kept
	return nil
}
