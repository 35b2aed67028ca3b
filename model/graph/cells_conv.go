package graph

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/rnn"
)

func init() { RegisterCell("conv_lstm", func() Cell { return new(ConvLSTM) }) }

// ConvLSTM is an rnn.ConvLSTM. A step of what it reads is the places of Size, one after
// another, each of the same number of channels. Its forget bias lies in B.
type ConvLSTM struct {
	Filters  int   `json:"filters"`
	Size     []int `json:"size"`
	Window   []int `json:"window"`
	Stride   []int `json:"stride,omitempty"`   // default 1
	Dilation []int `json:"dilation,omitempty"` // default 1
	Valid    bool  `json:"valid,omitempty"`    // windows on x lie within it, else there are zeros around
	Skip     bool  `json:"skip,omitempty"`     // x is put beside h in the output
	NoBias   bool  `json:"no_bias,omitempty"`

	Gate rnn.Activation `json:"gate,omitzero"` // default sigmoid
	Cand rnn.Activation `json:"cand,omitzero"` // default tanh
}

// maxVolume is the largest number of places of a window in space.
const maxVolume = 1 << 12

// options are those of the cell, once they are known to make sense.
func (o *ConvLSTM) options() rnn.ConvLSTMOptions {
	return rnn.ConvLSTMOptions{
		Size: o.Size, Window: o.Window, Stride: o.Stride, Dilation: o.Dilation, Valid: o.Valid, Skip: o.Skip, Gate: o.Gate, Cand: o.Cand,
	}
}

// Plan implements Cell.
func (o *ConvLSTM) Plan(in int) (CellPlan, error) {
	rank := len(o.Size)
	if rank < 1 || rank > 3 || len(o.Window) != rank || o.Stride != nil && len(o.Stride) != rank || o.Dilation != nil && len(o.Dilation) != rank {
		return CellPlan{}, fmt.Errorf("size %v, window %v, stride %v and dilation %v are not of one, two or three dimensions", o.Size, o.Window, o.Stride, o.Dilation)
	}
	if err := size("filters", o.Filters); err != nil {
		return CellPlan{}, err
	}
	places, err1 := volume("size", o.Size, limit)
	window, err2 := volume("window", o.Window, maxVolume)
	_, err3 := volume("stride", o.Stride, limit)
	_, err4 := volume("dilation", o.Dilation, limit)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return CellPlan{}, err
	}
	dims := o.Places()
	if dims == nil {
		return CellPlan{}, fmt.Errorf("a window of %v does not lie within %v places", o.Window, o.Size)
	}
	out, err := volume("output", dims, limit)
	switch {
	case err != nil:
		return CellPlan{}, err
	case in%places != 0:
		return CellPlan{}, fmt.Errorf("steps of %d values are not %v places", in, o.Size)
	case out*o.Filters > limit:
		return CellPlan{}, fmt.Errorf("%v places of %d filters are too many", dims, o.Filters)
	}
	channels := in / places
	p := CellPlan{Width: out * o.Filters, State: []int{out * o.Filters, out * o.Filters}}
	if o.Skip {
		if out != places {
			return CellPlan{}, fmt.Errorf("skip, where the input has %v places and the output %v", o.Size, dims)
		}
		p.Width += out * channels
	}
	p.Params = window * (channels + o.Filters) * 4 * o.Filters
	p.MACs = out * p.Params
	if !o.NoBias {
		p.Params += 4 * o.Filters
	}
	return p, nil
}

// volume is the product of sizes, each from 1 on.
func volume(what string, dims []int, most int) (int, error) {
	n := 1
	for _, d := range dims {
		if err := size(what, d); err != nil {
			return 0, err
		}
		if n *= d; n > most {
			return 0, fmt.Errorf("%s %v is more than %d", what, dims, most)
		}
	}
	return n, nil
}

// New implements Cell.
func (o *ConvLSTM) New(r *rand.Rand, in int) rnn.Cell {
	places, _ := volume("size", o.Size, limit)
	c := o.options().New(r, in/places, o.Filters)
	if o.NoBias {
		c.B = nil
	}
	return c
}

// Places is the places of the output along each dimension, for options that Plan has
// accepted.
func (o *ConvLSTM) Places() []int { return o.options().Places() }
