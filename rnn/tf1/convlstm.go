package tf1

import (
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// ConvLSTM is the convolutional LSTM of Shi et al. 2015, without their peepholes, in
// one, two or three dimensions, as Conv1DLSTMCell, Conv2DLSTMCell and Conv3DLSTMCell
// have it. Every place holds channels, and * is a convolution that keeps the size,
// with zeros around it:
//
//	i, j, f, o = split([x; h]*Kernel + Bias)
//	c' = σ(f + ForgetBias)∘c + σ(i)∘tanh(j)
//	h' = σ(o)∘tanh(c')
//
// A row of x holds the channels of one place after another, the last dimension
// fastest, as TensorFlow's [batch, ..., channels] does when it is flattened. The state
// is {h, c}, the output h', or with Skip [h'; x] place by place.
type ConvLSTM struct {
	Size   []int     `recur:"-"` // places along each dimension
	Window []int     `recur:"-"` // of the kernel along each dimension
	Kernel *grad.Var // [window·(in+channels), 4*channels], as TensorFlow's [..., in+channels, 4*channels]
	Bias   *grad.Var // [4*channels], nil for none

	ForgetBias float64
	Skip       bool // TensorFlow's skip_connection; h' alone is carried
}

// NewConvLSTM draws the kernel by Glorot and has a forget bias of 1. In and channels
// are those of a place.
func NewConvLSTM(r *rand.Rand, size, window []int, in, channels int) *ConvLSTM {
	return &ConvLSTM{
		Size: size, Window: window, ForgetBias: 1,
		Kernel: kernel(r, product(window)*(in+channels), 4, channels), Bias: nn.Zeros(4 * channels),
	}
}

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// StateSize is {places·channels, places·channels}.
func (c *ConvLSTM) StateSize() []int {
	n := product(c.Size) * c.Kernel.Dim(1) / 4
	return []int{n, n}
}

// Memory reports that c is a memory cell, which dropout leaves alone.
func (c *ConvLSTM) Memory(i int) bool { return i == 1 }

// Step computes one step.
func (c *ConvLSTM) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	mustState("ConvLSTM", c, x, s)
	batch, places, channels := x.Dim(0), product(c.Size), c.Kernel.Dim(1)/4
	in := c.Kernel.Dim(0)/product(c.Window) - channels
	if len(c.Size) != len(c.Window) || x.Dim(1) != places*in {
		panic(&tensor.ShapeError{Op: "ConvLSTM", Detail: fmt.Sprintf("x %v, want %d for %v places of %d channels and a window of %v", x.Shape(), places*in, c.Size, in, c.Window)})
	}
	at := func(v *grad.Var, n int) *grad.Var { return g.Reshape(v, batch*places, n) }
	px, ph := at(x, in), at(s[0], channels)
	around := g.Rows(g.Concat(px, ph), c.neighbours(g, batch))
	p := g.Split(g.Affine(g.Reshape(around, batch*places, c.Kernel.Dim(0)), c.Kernel, c.Bias), 4)
	h, next := remember(g, p, at(s[1], channels), c.ForgetBias)
	for i, v := range next {
		next[i] = g.Reshape(v, batch, places*channels)
	}
	if c.Skip {
		return g.Reshape(g.Concat(h, px), batch, places*(channels+in)), next
	}
	return next[0], next
}

// neighbours lists for every place of every row the places in its window, -1 for
// those outside. As TensorFlow's SAME, a window of even width reaches further ahead.
func (c *ConvLSTM) neighbours(g *grad.Tape, batch int) []int {
	places, window := product(c.Size), product(c.Window)
	ids := g.Ints(batch * places * window)
	for i := range ids {
		row, place, offset := i/(places*window), i/window%places, i%window
		at, stride := 0, 1
		for d := len(c.Size) - 1; d >= 0; d-- {
			k := place%c.Size[d] + offset%c.Window[d] - (c.Window[d]-1)/2
			if k < 0 || k >= c.Size[d] {
				at = -1
				break
			}
			at += k * stride
			stride *= c.Size[d]
			place /= c.Size[d]
			offset /= c.Window[d]
		}
		if ids[i] = -1; at >= 0 {
			ids[i] = row*places + at
		}
	}
	return ids
}
