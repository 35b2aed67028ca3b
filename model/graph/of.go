package graph

import (
	"fmt"

	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/tf1"
	"github.com/recur-go/recur/tensor"
)

// A network of a task hands itself on by a method
//
//	Graph() (*graph.Net, error)
//
// which makes a Net with the same numbers. CellsOf, Values and Fill are for writing it.

// CellsOf is the options of a cell, or of each cell of a Stack. Dropout is passed over,
// and weights that are normalised at every step are plain ones from here on.
// It is an error if a cell is of a kind that the package does not know.
func CellsOf(c rnn.Cell) (Cells, error) {
	switch c := c.(type) {
	case rnn.Stack:
		var list Cells
		for _, part := range c {
			more, err := CellsOf(part)
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
		}
		return list, nil
	case *rnn.Dropout:
		return CellsOf(c.Cell)
	case *rnn.Basic:
		return Cells{&Basic{Hidden: c.Wh.Dim(0), NoBias: c.B == nil, Activation: c.Activation}}, nil
	case *rnn.GRU:
		return Cells{&GRU{Hidden: c.Wh.Dim(0), ResetBefore: c.Bn == nil, NoBias: c.B == nil, Clip: c.Clip, Gate: c.Gate, Cand: c.Cand}}, nil
	case *rnn.LSTM:
		o := &LSTM{
			Hidden: c.StateSize()[1], NoBias: c.B == nil && c.Norm == nil, Peepholes: c.P != nil, Coupled: c.Coupled, LayerNorm: c.Norm != nil,
			Clip: c.Clip, CellClip: c.CellClip, ProjClip: c.ProjClip, Gate: c.Gate, Cand: c.Cand, Out: c.Out,
		}
		if c.Wp != nil {
			o.Projection = c.Wp.Dim(1)
		}
		if c.Norm != nil {
			o.NormEps = c.Norm.Eps
		}
		return Cells{o}, nil
	case *rnn.ConvLSTM:
		return Cells{&ConvLSTM{
			Filters: c.Wh.Dim(1) / 4, Size: c.Size, Window: c.Window, Stride: c.Stride, Dilation: c.Dilation, Valid: c.Valid,
			Skip: c.Skip, NoBias: c.B == nil, Gate: c.Gate, Cand: c.Cand,
		}}, nil
	case *tf1.WeightNorm:
		return CellsOf(c.Plain())
	case *tf1.Attention:
		return attentionOf(c)
	}
	for _, of := range []func(rnn.Cell) Cells{linearOf, tf1Of} {
		if list := of(c); list != nil {
			return list, nil
		}
	}
	return nil, fmt.Errorf("graph: there is no plain form of a cell %T", c)
}

// Values are values of parameters by name, for Fill.
type Values map[string]*tensor.Tensor

// Add adds the parameters of part under name, the name of its layer. Those of a Stack
// of one cell, and of a cell within Dropout, have the names that the cell alone would
// have.
func (v Values) Add(name string, part any) {
	switch c := part.(type) {
	case rnn.Stack:
		if len(c) == 1 {
			v.Add(name, c[0])
			return
		}
		for i, cell := range c {
			v.Add(fmt.Sprintf("%s.%d", name, i), cell)
		}
		return
	case *rnn.Dropout:
		v.Add(name, c.Cell)
		return
	case *tf1.WeightNorm:
		v.Add(name, c.Plain())
		return
	}
	for _, p := range nn.Params(part) {
		v[name+"."+p.Name] = p.Value
	}
}

// FromCell makes a network of a cell whose inputs are in wide: one sequence x in, one
// layer rnn, the outputs of all steps out, all time-major. Its parameters are copies.
func FromCell(c rnn.Cell, in int) (*Net, error) {
	list, err := CellsOf(c)
	if err != nil {
		return nil, err
	}
	net, err := New(&Config{
		TimeMajor: true,
		Inputs:    []Input{{Name: "x", Width: in, Sequence: true}},
		Layers:    []Layer{{Name: "rnn", Op: &RNN{Cells: list}}},
	}, nil)
	if err != nil {
		return nil, err
	}
	values := Values{}
	values.Add("rnn", c)
	return net, net.Fill(values)
}
