package graph

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

func init() {
	RegisterCell("indrnn", func() Cell { return new(IndRNN) })
	RegisterCell("sru", func() Cell { return new(SRU) })
	RegisterCell("mingru", func() Cell { return new(MinGRU) })
	RegisterCell("minlstm", func() Cell { return new(MinLSTM) })
}

// one is the plan of a cell with a state of one entry, a matrix of the inputs by parts
// times hidden, and other parameters of the given number of values for each unit.
func one(in, hidden, parts, others int) (CellPlan, error) {
	if err := size("hidden", hidden); err != nil {
		return CellPlan{}, err
	}
	p := CellPlan{Width: hidden, State: []int{hidden}, MACs: parts * in * hidden}
	p.Params = p.MACs + others*hidden
	return p, nil
}

// IndRNN is an rnn.IndRNN.
type IndRNN struct {
	Hidden     int            `json:"hidden"`
	NoBias     bool           `json:"no_bias,omitempty"`
	Activation rnn.Activation `json:"activation,omitzero"` // default ReLU
}

// Plan implements Cell.
func (o *IndRNN) Plan(in int) (CellPlan, error) {
	others := 2
	if o.NoBias {
		others = 1
	}
	return one(in, o.Hidden, 1, others)
}

// New implements Cell.
func (o *IndRNN) New(r *rand.Rand, in int) rnn.Cell {
	c := rnn.IndRNNOptions{Activation: o.Activation}.New(r, in, o.Hidden)
	if o.NoBias {
		c.B = nil
	}
	return c
}

// SRU is an rnn.SRU.
type SRU struct {
	Hidden     int            `json:"hidden"`
	SeesState  bool           `json:"sees_state,omitempty"`
	Through    bool           `json:"through,omitempty"`   // x goes through a matrix where it is as wide as the state too, as in TensorFlow
	Scale      float64        `json:"scale,omitempty"`     // of the input in the output; default 1
	Activation rnn.Activation `json:"activation,omitzero"` // default tanh
}

// Plan implements Cell.
func (o *SRU) Plan(in int) (CellPlan, error) {
	parts, others := o.Parts(in), 2
	if o.SeesState {
		others = 4
	}
	p, err := one(in, o.Hidden, parts, others)
	if o.Scale-o.Scale != 0 {
		err = errors.Join(err, fmt.Errorf("scale is %v", o.Scale))
	}
	return p, err
}

// Parts is how many matrices lie side by side in W, for inputs in wide.
func (o *SRU) Parts(in int) int {
	if o.Through || in != o.Hidden {
		return 4
	}
	return 3
}

// New implements Cell.
func (o *SRU) New(r *rand.Rand, in int) rnn.Cell {
	c := rnn.SRUOptions{SeesState: o.SeesState, Scale: o.Scale, Activation: o.Activation}.New(r, in, o.Hidden)
	if c.W.Dim(1) < o.Parts(in)*o.Hidden {
		c.W = nn.Beside(c.W, nn.Glorot(r, in, o.Hidden))
	}
	return c
}

// MinGRU is an rnn.MinGRU.
type MinGRU struct {
	Hidden   int  `json:"hidden"`
	NoBias   bool `json:"no_bias,omitempty"`
	Positive bool `json:"positive,omitempty"`
}

// Plan implements Cell.
func (o *MinGRU) Plan(in int) (CellPlan, error) {
	if o.NoBias {
		return one(in, o.Hidden, 2, 0)
	}
	return one(in, o.Hidden, 2, 2)
}

// New implements Cell.
func (o *MinGRU) New(r *rand.Rand, in int) rnn.Cell {
	c := rnn.NewMinGRU(r, in, o.Hidden)
	if c.Positive = o.Positive; o.NoBias {
		c.B = nil
	}
	return c
}

// MinLSTM is an rnn.MinLSTM.
type MinLSTM struct {
	Hidden   int  `json:"hidden"`
	NoBias   bool `json:"no_bias,omitempty"`
	Positive bool `json:"positive,omitempty"`
}

// Plan implements Cell.
func (o *MinLSTM) Plan(in int) (CellPlan, error) {
	if o.NoBias {
		return one(in, o.Hidden, 3, 0)
	}
	return one(in, o.Hidden, 3, 3)
}

// New implements Cell.
func (o *MinLSTM) New(r *rand.Rand, in int) rnn.Cell {
	c := rnn.NewMinLSTM(r, in, o.Hidden)
	if c.Positive = o.Positive; o.NoBias {
		c.B = nil
	}
	return c
}

// linearOf is CellsOf for the cells of this file.
func linearOf(c rnn.Cell) Cells {
	switch c := c.(type) {
	case *rnn.IndRNN:
		return Cells{&IndRNN{Hidden: c.U.Dim(0), NoBias: c.B == nil, Activation: c.Activation}}
	case *rnn.SRU:
		return Cells{&SRU{Hidden: c.B.Dim(0) / 2, Through: c.W.Dim(0) == c.B.Dim(0)/2 && c.W.Dim(1) == 2*c.B.Dim(0), SeesState: c.V != nil, Scale: c.Scale, Activation: c.Activation}}
	case *rnn.MinGRU:
		return Cells{&MinGRU{Hidden: c.W.Dim(1) / 2, NoBias: c.B == nil, Positive: c.Positive}}
	case *rnn.MinLSTM:
		return Cells{&MinLSTM{Hidden: c.W.Dim(1) / 3, NoBias: c.B == nil, Positive: c.Positive}}
	}
	return nil
}
