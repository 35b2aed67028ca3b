package rnn

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// A Seq is a batch of sequences.
type Seq struct {
	X   *grad.Var // [time, batch, width]
	Len []int     // valid steps of each row; nil if every row is full
}

// Input enters x [time, batch, width] on the tape as data. lengths may be nil.
func Input(g *grad.Tape, x *tensor.Tensor, lengths []int) Seq {
	q := Seq{g.Const(x), lengths}
	q.check("rnn.Input")
	return q
}

// BatchMajor makes a sequence of x [batch, time, width], the layout of
// tf.nn.dynamic_rnn and Keras. lengths may be nil.
func BatchMajor(g *grad.Tape, x *grad.Var, lengths []int) Seq {
	if x.Shape().Rank() != 3 {
		panic(&tensor.ShapeError{Op: "rnn.BatchMajor", Detail: fmt.Sprintf("x %v, want [batch time width]", x.Shape())})
	}
	q := Seq{g.TransposeBatch(x), lengths}
	q.check("rnn.BatchMajor")
	return q
}

// FromSteps puts a list of steps, each [batch, width], into one sequence.
func FromSteps(g *grad.Tape, xs []*grad.Var) Seq {
	x := g.ConcatRows(xs...)
	return Seq{X: g.Reshape(x, len(xs), xs[0].Dim(0), xs[0].Dim(1))}
}

// BatchMajor returns the values as [batch, time, width].
func (q Seq) BatchMajor(g *grad.Tape) *grad.Var { return g.TransposeBatch(q.X) }

// Unstack takes the sequence apart into a list of steps, each [batch, width].
func (q Seq) Unstack(g *grad.Tape) []*grad.Var {
	T, B := q.Steps(), q.Batch()
	flat := g.Reshape(q.X, T*B, q.X.Dim(2))
	xs := make([]*grad.Var, T)
	for t := range xs {
		xs[t] = g.Slice(flat, t*B, (t+1)*B)
	}
	return xs
}

// Steps is the number of time steps, padding included.
func (q Seq) Steps() int { return q.X.Dim(0) }

// Batch is the number of rows.
func (q Seq) Batch() int { return q.X.Dim(1) }

// Width is the number of values in a step of a row.
func (q Seq) Width() int { return q.X.Dim(2) }

// Slice returns steps lo to hi, with the lengths that remain.
func (q Seq) Slice(g *grad.Tape, lo, hi int) Seq {
	s := Seq{X: g.Slice(q.X, lo, hi)}
	if q.Len != nil {
		s.Len = g.Ints(len(q.Len))
		for i, n := range q.Len {
			s.Len[i] = min(max(n-lo, 0), hi-lo)
		}
	}
	return s
}

// Last returns each row's last valid step [batch, width]; a row of length 0
// gives zeros.
func (q Seq) Last(g *grad.Tape) *grad.Var {
	T, B := q.Steps(), q.Batch()
	at := g.Ints(B)
	for i := range at {
		n := T
		if q.Len != nil {
			n = q.Len[i]
		}
		at[i] = (n-1)*B + i
		if n == 0 {
			at[i] = -1
		}
	}
	return g.GatherRows(g.Reshape(q.X, T*B, q.Width()), at)
}

// Reverse turns each row around within its own length, as tf.reverse_sequence
// does; what lies past the length becomes zero.
func Reverse(g *grad.Tape, q Seq) Seq {
	q.check("rnn.Reverse")
	T, B := q.Steps(), q.Batch()
	from := g.Ints(T * B)
	for i := range B {
		n := T
		if q.Len != nil {
			n = q.Len[i]
		}
		for t := range T {
			from[t*B+i] = -1
			if t < n {
				from[t*B+i] = (n-1-t)*B + i
			}
		}
	}
	x := g.GatherRows(g.Reshape(q.X, T*B, q.Width()), from)
	return Seq{g.Reshape(x, T, B, q.Width()), q.Len}
}

// full reports whether no row is padded.
func (q Seq) full() bool {
	for _, n := range q.Len {
		if n != q.Steps() {
			return false
		}
	}
	return true
}

func (q Seq) check(op string) {
	if q.X.Shape().Rank() != 3 {
		panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("x %v, want [time batch width]", q.X.Shape())})
	}
	if q.Len != nil {
		checkLengths(op, q.Len, q.Steps(), q.Batch())
	}
}
