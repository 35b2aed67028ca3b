package graph

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/tf1"
)

func init() { RegisterCell("attention", func() Cell { return new(Attention) }) }

// Attention is a tf1.Attention: cells that attend to the last outputs.
type Attention struct {
	Cells  Cells `json:"cells"`
	In     int   `json:"in"`     // width of what the first of the cells reads
	Width  int   `json:"width"`  // of the output
	Vec    int   `json:"vec"`    // width in which outputs are compared
	Length int   `json:"length"` // how many of the last outputs are attended to
}

// Plan implements Cell.
func (o *Attention) Plan(in int) (CellPlan, error) {
	if err := errors.Join(size("in", o.In), size("width", o.Width), size("vec", o.Vec), size("length", o.Length)); err != nil {
		return CellPlan{}, err
	}
	if o.Width*o.Length > limit {
		return CellPlan{}, fmt.Errorf("%d outputs of %d values are too many to attend to", o.Length, o.Width)
	}
	inner, err := planRNN(o.Cells, []Spec{{o.In, true}})
	if err != nil {
		return CellPlan{}, err
	}
	state, out := 0, inner.Out[0].Width
	for _, n := range inner.State {
		state += n
	}
	p := CellPlan{Width: o.Width, State: append([]int{o.Width, o.Width * o.Length}, inner.State...)}
	once := (in+o.Width)*o.In + state*o.Vec + (out+o.Width)*o.Width
	p.MACs = inner.MACs + once + o.Length*(o.Width*o.Vec+o.Vec+o.Width)
	p.Params = inner.Params + once + o.In + o.Width*o.Vec + 2*o.Vec + o.Width
	return p, nil
}

// New implements Cell.
func (o *Attention) New(r *rand.Rand, in int) rnn.Cell {
	inner, _ := planRNN(o.Cells, []Spec{{o.In, true}})
	state, out := 0, inner.Out[0].Width
	for _, n := range inner.State {
		state += n
	}
	return &tf1.Attention{
		Cell: newStack(r, o.Cells, o.In), Length: o.Length,
		In: nn.Glorot(r, in+o.Width, o.In), InBias: nn.Zeros(o.In),
		Memory: nn.Glorot(r, o.Width, o.Vec), Query: nn.Glorot(r, state, o.Vec), QueryBias: nn.Zeros(o.Vec), V: nn.Uniform(r, 1, o.Vec),
		Out: nn.Glorot(r, out+o.Width, o.Width), OutBias: nn.Zeros(o.Width),
	}
}

// attentionOf is CellsOf for it.
func attentionOf(c *tf1.Attention) (Cells, error) {
	list, err := CellsOf(c.Cell)
	if err != nil {
		return nil, err
	}
	return Cells{&Attention{Cells: list, In: c.In.Dim(1), Width: c.Out.Dim(1), Vec: c.V.Dim(0), Length: c.Length}}, nil
}
