package graph

import (
	"fmt"

	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	_ "github.com/recur-go/recur/rnn/tf1" // its cells may be in any file
	"github.com/recur-go/recur/tensor"
)

// A network of a task hands itself on by a method
//
//	Graph() (*graph.Net, error)
//
// which makes a Net with the same numbers. rnn.ConfigsOf, Values and Fill are for writing it.

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
	case interface{ Plain() *rnn.LSTM }: // as rnn.ConfigsOf has it
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
	list, err := rnn.ConfigsOf(c)
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
