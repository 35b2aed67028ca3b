package rnn

import (
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// Fold runs c over x in segments and returns the sum of what f makes of each
// segment's outputs, such as a loss, and the final state. It equals
//
//	y, last := Dynamic(g, c, x, s)
//	total = f(g, y)
//
// for an f that sums over steps, but keeps only the states between segments and
// runs each segment again in Backward, so that training memory grows with the
// square root of the steps when segment is 0, which picks it so
// (Chen et al. 2016; Gruslys et al. 2016). lo is the first step of the segment.
// f must use the tape that it is given; a nil f gives a nil total.
//
// An s that is nil is Start. The price is one more forward pass.
func Fold(g *grad.Tape, c Cell, x Seq, s State, segment int, f func(g *grad.Tape, y Seq, lo int) *grad.Var) (total *grad.Var, last State) {
	parts, last := segments("rnn.Fold", g, c, x, s, segment, func(g *grad.Tape, y Seq, lo int) *grad.Var {
		if f == nil {
			return g.Zeros(1)
		}
		v := f(g, y, lo)
		if v.Shape() != tensor.ShapeOf(1) {
			panic(&tensor.ShapeError{Op: "rnn.Fold", Detail: "f gave " + v.Shape().String() + ", want [1]"})
		}
		return v
	})
	if f == nil {
		return nil, last
	}
	return g.Sum(g.ConcatRows(parts...)), last
}

// Recomputed is Dynamic by way of segments that are run again in Backward: the
// outputs are kept, the inner values of the cell are not. segment is as in Fold.
func Recomputed(g *grad.Tape, c Cell, x Seq, s State, segment int) (y Seq, last State) {
	parts, last := segments("rnn.Recomputed", g, c, x, s, segment, func(_ *grad.Tape, y Seq, _ int) *grad.Var { return y.X })
	return Seq{g.ConcatRows(parts...), x.Len}, last
}

// segments collects what made gives for each segment of the run.
func segments(op string, g *grad.Tape, c Cell, x Seq, s State, segment int, made func(g *grad.Tape, y Seq, lo int) *grad.Var) (parts []*grad.Var, last State) {
	c, s = begin(op, g, c, x, s)
	T := x.Steps()
	if segment <= 0 {
		segment = int(math.Ceil(math.Sqrt(float64(T))))
	}
	for lo := 0; lo < max(T, 1); lo += max(segment, 1) {
		part := x.Slice(g, lo, min(lo+segment, T))
		outs := g.Recompute(func(g *grad.Tape, in []*grad.Var) []*grad.Var {
			y, last := dynamic(g, c, Seq{in[0], part.Len}, in[1:])
			return append([]*grad.Var{made(g, y, lo)}, last...)
		}, append([]*grad.Var{part.X}, s...)...)
		parts, s = append(parts, outs[0]), outs[1:]
	}
	return parts, s
}
