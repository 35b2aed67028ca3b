package rnn

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// ConvLSTM is the convolutional LSTM of Shi et al. 2015, without their peepholes, in
// one or more dimensions of space. Every place holds channels, and * is a convolution:
//
//	i, f, u, o = split(x*Wx + h*Wh + B)
//	c' = σ(f)∘c + σ(i)∘tanh(u)
//	h' = σ(o)∘tanh(c')
//
// A row of x holds the channels of one place after another, the last dimension
// fastest, as [batch, ..., channels] lies when it is flattened. That of x takes the
// strides and the padding; that of h keeps the places as they are, with zeros around
// them. The state is {h, c}, the output h', or with Skip [h'; x] place by place.
type ConvLSTM struct {
	ConvLSTMOptions `recur:"-"`

	Wx *grad.Var `recur:"wx"` // [window·in, 4*filters]: for each place of the window the channels; i, f, u, o
	Wh *grad.Var `recur:"wh"` // [window·filters, 4*filters]
	B  *grad.Var `recur:"b"`  // [4*filters], nil for none

	packed *frozen // nil unless from Freeze
}

func init() {
	Register("conv_lstm", Spec[ConvLSTMOptions, *ConvLSTM]{
		Hidden: "filters",
		New: func(o ConvLSTMOptions, r *rand.Rand, in, filters int) *ConvLSTM {
			return o.New(r, in/product(o.Size), filters)
		},
		Options: func(c *ConvLSTM) (ConvLSTMOptions, int) {
			o := c.ConvLSTMOptions
			o.NoBias = c.B == nil
			return o, c.Wh.Dim(1) / 4
		},
		Check: ConvLSTMOptions.check,
	})
}

// ConvLSTMOptions are the options of a ConvLSTM. Lists have an entry for each dimension.
type ConvLSTMOptions struct {
	Size     []int      `json:"size"`               // places of x
	Window   []int      `json:"window"`             // places of the window of both convolutions
	Stride   []int      `json:"stride,omitempty"`   // strides of the convolution of x, nil for 1
	Dilation []int      `json:"dilation,omitempty"` // dilations of the convolution of x, nil for 1
	Valid    bool       `json:"valid,omitempty"`    // windows on x lie within it, else zeros around it make ⌈Size/Stride⌉ outputs
	Skip     bool       `json:"skip,omitempty"`     // x is put beside h' in the output
	NoBias   bool       `json:"no_bias,omitempty"`
	Gate     Activation `json:"gate,omitzero"` // default Sigmoid
	Cand     Activation `json:"cand,omitzero"` // default Tanh; that of c' too
}

// maxVolume is the largest number of places of a window in space.
const maxVolume = 1 << 12

func (o ConvLSTMOptions) check(in, filters int) error {
	rank := len(o.Size)
	if rank < 1 || rank > 3 || len(o.Window) != rank || o.Stride != nil && len(o.Stride) != rank || o.Dilation != nil && len(o.Dilation) != rank {
		return fmt.Errorf("size %v, window %v, stride %v and dilation %v are not of one, two or three dimensions", o.Size, o.Window, o.Stride, o.Dilation)
	}
	places, err1 := volume("size", o.Size, maxHidden)
	_, err2 := volume("window", o.Window, maxVolume)
	_, err3 := volume("stride", o.Stride, maxHidden)
	_, err4 := volume("dilation", o.Dilation, maxHidden)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	dims := o.Places()
	if dims == nil {
		return fmt.Errorf("a window of %v does not lie within %v places", o.Window, o.Size)
	}
	out, err := volume("output", dims, maxHidden)
	switch {
	case err != nil:
		return err
	case in%places != 0:
		return fmt.Errorf("steps of %d values are not %v places", in, o.Size)
	case out*filters > maxHidden:
		return fmt.Errorf("%v places of %d filters are too many", dims, filters)
	case o.Skip && out != places:
		return fmt.Errorf("skip, where the input has %v places and the output %v", o.Size, dims)
	}
	return nil
}

// volume is the product of sizes, each from 1 on.
func volume(what string, dims []int, most int) (int, error) {
	n := 1
	for _, d := range dims {
		if err := CheckSize(what, d); err != nil {
			return 0, err
		}
		if n *= d; n > most {
			return 0, fmt.Errorf("%s %v is more than %d", what, dims, most)
		}
	}
	return n, nil
}

// NewConvLSTM makes a cell of plain convolutions that keep the size. In and filters are
// the channels of a place of x and of h.
func NewConvLSTM(r *rand.Rand, size, window []int, in, filters int) *ConvLSTM {
	return ConvLSTMOptions{Size: size, Window: window}.New(r, in, filters)
}

// New draws both kernels by Glorot and sets B to zero but for a forget bias of 1.
func (o ConvLSTMOptions) New(r *rand.Rand, in, filters int) *ConvLSTM {
	window := product(o.Window)
	c := &ConvLSTM{
		ConvLSTMOptions: o,
		Wx:              nn.GlorotGates(r, window*in, 4, filters), Wh: nn.GlorotGates(r, window*filters, 4, filters),
		B: newBias(r, 4*filters, o.NoBias),
	}
	setUnits(c.B, filters, filters, 1)
	return c
}

// Places is the places of h along each dimension, nil if a window does not fit.
func (o ConvLSTMOptions) Places() []int {
	var out []int
	for d := range o.Size {
		stride, reach := at(o.Stride, d), (o.Window[d]-1)*at(o.Dilation, d)
		n := o.Size[d] + stride - 1
		if o.Valid {
			n -= reach
		}
		if n /= stride; n < 1 {
			return nil
		}
		out = append(out, n)
	}
	return out
}

// at is entry d of an option, 1 where it is not given.
func at(list []int, d int) int {
	if list == nil {
		return 1
	}
	return list[d]
}

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// StateSize is {places·filters, places·filters}.
func (c *ConvLSTM) StateSize() []int {
	n := product(c.Places()) * c.Wh.Dim(1) / 4
	return []int{n, n}
}

// Widths implements Sizer.
func (c *ConvLSTM) Widths() (in, out int) {
	channels := c.Wx.Dim(0) / product(c.Window)
	in, out = product(c.Size)*channels, c.StateSize()[0]
	if c.Skip {
		out += product(c.Places()) * channels
	}
	return in, out
}

// IsCellState reports that c is a memory cell, which dropout leaves alone.
func (c *ConvLSTM) IsCellState(i int) bool { return i == 1 }

// Freeze implements Freezer.
func (c *ConvLSTM) Freeze(p Precision) (Cell, error) {
	t := *c
	t.packed = freeze(c.Wx, c.Wh, c.Wh.Dim(1), p)
	return &t, nil
}

// Step computes one step.
func (c *ConvLSTM) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	out, size, filters := c.Places(), product(c.Size), c.Wh.Dim(1)/4
	in := c.Wx.Dim(0) / product(c.Window)
	if out == nil || x.Dim(1) != size*in {
		panic(&tensor.ShapeError{Op: "ConvLSTM", Detail: fmt.Sprintf("x %v, want %d for %v places of %d channels and a window of %v", x.Shape(), size*in, c.Size, in, c.Window)})
	}
	s.check("ConvLSTM", c, x.Dim(0))
	batch, places := x.Dim(0), product(out)
	before := make([]int, len(out)) // places of zeros before the first
	for d := range out {
		if !c.Valid {
			before[d] = max((out[d]-1)*at(c.Stride, d)+(c.Window[d]-1)*at(c.Dilation, d)+1-c.Size[d], 0) / 2
		}
	}
	w, px := c.packed.weights(), g.Reshape(x, batch*size, in)
	pre := c.around(g, px, w.wx, c.Wx, c.B, batch, windows{c.Size, out, c.Window, c.Stride, c.Dilation, before})
	for d, n := range c.Window {
		before[d] = (n - 1) / 2
	}
	ph := g.Reshape(s[0], batch*places, filters)
	pre = g.Add(pre, c.around(g, ph, w.wh, c.Wh, nil, batch, windows{out, out, c.Window, nil, nil, before}))

	p := g.Split(pre, 4)
	gate, cand := or(c.Gate, Sigmoid), or(c.Cand, Tanh)
	memory := g.Add(g.Mul(gate.Apply(g, p[1]), g.Reshape(s[1], batch*places, filters)), g.Mul(gate.Apply(g, p[0]), cand.Apply(g, p[2])))
	h := g.Mul(gate.Apply(g, p[3]), cand.Apply(g, memory))
	next := State(g.List(g.Reshape(h, batch, places*filters), g.Reshape(memory, batch, places*filters)))
	if c.Skip {
		return g.Reshape(g.Concat(h, px), batch, places*(filters+in)), next
	}
	return next[0], next
}

// around is the convolution of v [batch·size, channels] by w, frozen if l is not nil, with b
// joining it.
func (c *ConvLSTM) around(g *grad.Tape, v *grad.Var, l *layouts, w, b *grad.Var, batch int, k windows) *grad.Var {
	return l.affine(g, g.Reshape(g.GatherRows(v, k.taps(g, batch)), batch*product(k.out), w.Dim(0)), w, b)
}

// windows lie on the places of size, one for each place of out.
type windows struct{ size, out, window, stride, dilation, before []int }

// taps lists for every output of every row the places in its window, -1 for those
// outside.
func (k windows) taps(g *grad.Tape, batch int) []int {
	size, places, window := product(k.size), product(k.out), product(k.window)
	ids := g.Ints(batch * places * window)
	one := ids[:min(len(ids), places*window)] // those of the first row
	for i := range one {
		place, offset := i/window, i%window
		to, step := 0, 1
		for d := len(k.size) - 1; d >= 0; d-- {
			n := place%k.out[d]*at(k.stride, d) + offset%k.window[d]*at(k.dilation, d) - k.before[d]
			if n < 0 || n >= k.size[d] {
				to = -1
				break
			}
			to, step = to+n*step, step*k.size[d]
			place, offset = place/k.out[d], offset/k.window[d]
		}
		one[i] = to
	}
	for i := len(one); i < len(ids); i++ {
		if ids[i] = ids[i-len(one)]; ids[i] >= 0 {
			ids[i] += size
		}
	}
	return ids
}
