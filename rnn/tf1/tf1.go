// Package tf1 has the cells of TensorFlow 1's tf.contrib.rnn that package rnn lacks,
// so that checkpoints of them have somewhere to go. Parameters lie as TensorFlow's
// variables do, rows of inputs above rows of the state and gates in TensorFlow's order,
// so a variable of a checkpoint is the value of a field. A forget bias is added at run
// time, as there, and so is no part of any parameter.
//
// Each cell is the equations of one step. States come as in package rnn: {h, c} where
// TensorFlow's tuple is (c, h).
package tf1

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// must panics unless v has the dimensions.
func must(op, what string, v *grad.Var, dims ...int) {
	if want := tensor.ShapeOf(dims...); v.Shape() != want {
		panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("%s is %v, want %v", what, v.Shape(), want)})
	}
}

// mustStep panics unless x [n, in] and s are an input and a state of c.
func mustStep(op string, c rnn.Sizer, x *grad.Var, s rnn.State) {
	if in, _ := c.Widths(); x.Shape().Rank() != 2 || x.Dim(1) != in {
		panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("x is %v, want [n %d]", x.Shape(), in)})
	}
	sizes := c.StateSize()
	if len(s) != len(sizes) {
		panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("state has %d entries, the cell wants %d", len(s), len(sizes))})
	}
	for i, n := range sizes {
		must(op, fmt.Sprintf("state %d", i), s[i], x.Dim(0), n)
	}
}

// linear is concat(xs)·w + b. b may be nil.
func linear(g *grad.Tape, w, b *grad.Var, xs ...*grad.Var) *grad.Var {
	return g.Affine(g.Concat(xs...), w, b)
}

// gate is σ(x + bias).
func gate(g *grad.Tape, x *grad.Var, bias float64) *grad.Var {
	return g.Sigmoid(g.ScaleShift(x, 1, bias))
}

// ones are data.
func ones(g *grad.Tape, dims ...int) *grad.Var { return g.ScaleShift(g.Zeros(dims...), 1, 1) }

// finite checks a number that is added at run time.
func finite(what string, v float64) error {
	if v-v != 0 {
		return fmt.Errorf("%s is %v", what, v)
	}
	return nil
}

// projectable checks the width of a projection, 0 for none.
func projectable(width int) error {
	if width == 0 {
		return nil
	}
	return rnn.CheckSize("projection", width)
}
