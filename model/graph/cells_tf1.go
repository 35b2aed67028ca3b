package graph

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/tf1"
)

// The cells of TensorFlow 1 that package rnn/tf1 has. Where there is a forget bias, it is
// added at run time and is an option.

func init() {
	RegisterCell("ugrnn", func() Cell { return new(UGRNN) })
	RegisterCell("intersection", func() Cell { return new(Intersection) })
	RegisterCell("nas", func() Cell { return new(NAS) })
	RegisterCell("minimal", func() Cell { return new(Minimal) })
	RegisterCell("cfn", func() Cell { return new(CFN) })
	RegisterCell("indy_gru", func() Cell { return new(IndyGRU) })
	RegisterCell("indy_lstm", func() Cell { return new(IndyLSTM) })
	RegisterCell("glstm", func() Cell { return new(GLSTM) })
	RegisterCell("phased", func() Cell { return new(Phased) })
}

// plain is the plan of a cell with states as wide as hidden, matrices of rows·hidden
// values, and others of as many for each unit.
func plain(hidden, states, rows, others int) (CellPlan, error) {
	if err := size("hidden", hidden); err != nil {
		return CellPlan{}, err
	}
	p := CellPlan{Width: hidden, MACs: rows * hidden}
	for range states {
		p.State = append(p.State, hidden)
	}
	p.Params = p.MACs + others*hidden
	return p, nil
}

// projected is the plan of an LSTM-like cell with a state {out, hidden}, and a
// projection if its width is not 0.
func projected(p CellPlan, hidden, projection int) (CellPlan, error) {
	p.Width = hidden
	if projection != 0 {
		if err := size("projection", projection); err != nil {
			return p, err
		}
		p.Width = projection
		p.Params, p.MACs = p.Params+hidden*projection, p.MACs+hidden*projection
	}
	p.State = []int{p.Width, hidden}
	return p, nil
}

// finite checks numbers that are added at run time.
func finite(what string, v float64) error {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("%s is %v", what, v)
	}
	return nil
}

// UGRNN is a tf1.UGRNN.
type UGRNN struct {
	Hidden     int     `json:"hidden"`
	ForgetBias float64 `json:"forget_bias,omitempty"`
}

// Plan implements Cell.
func (o *UGRNN) Plan(in int) (CellPlan, error) {
	p, err := plain(o.Hidden, 1, 2*(in+o.Hidden), 2)
	return p, errors.Join(err, finite("forget_bias", o.ForgetBias))
}

// New implements Cell.
func (o *UGRNN) New(r *rand.Rand, in int) rnn.Cell {
	c := tf1.NewUGRNN(r, in, o.Hidden)
	c.ForgetBias = o.ForgetBias
	return c
}

// Intersection is a tf1.Intersection.
type Intersection struct {
	Hidden     int     `json:"hidden"`
	ForgetBias float64 `json:"forget_bias,omitempty"`
}

// Plan implements Cell.
func (o *Intersection) Plan(in int) (CellPlan, error) {
	rows, others := 8*o.Hidden, 4
	if in != o.Hidden {
		rows, others = rows+in, others+1
	}
	p, err := plain(o.Hidden, 1, rows, others)
	return p, errors.Join(err, finite("forget_bias", o.ForgetBias))
}

// New implements Cell.
func (o *Intersection) New(r *rand.Rand, in int) rnn.Cell {
	c := tf1.NewIntersection(r, in, o.Hidden)
	c.ForgetBias = o.ForgetBias
	return c
}

// NAS is a tf1.NAS.
type NAS struct {
	Hidden     int  `json:"hidden"`
	Projection int  `json:"projection,omitempty"` // width of the output; 0 for none
	NoBias     bool `json:"no_bias,omitempty"`
}

// Plan implements Cell.
func (o *NAS) Plan(in int) (CellPlan, error) {
	out, others := o.Hidden, 8
	if o.Projection != 0 {
		out = o.Projection
	}
	if o.NoBias {
		others = 0
	}
	p, err := plain(o.Hidden, 2, 8*(in+out), others)
	if err != nil {
		return p, err
	}
	return projected(p, o.Hidden, o.Projection)
}

// New implements Cell.
func (o *NAS) New(r *rand.Rand, in int) rnn.Cell {
	c := tf1.NewNAS(r, in, o.Hidden, o.Projection)
	if o.NoBias {
		c.Bias = nil
	}
	return c
}

// Minimal is a tf1.Minimal.
type Minimal struct {
	Hidden int `json:"hidden"`
}

// Plan implements Cell.
func (o *Minimal) Plan(in int) (CellPlan, error) { return plain(o.Hidden, 1, in+2*o.Hidden, 1) }

// New implements Cell.
func (o *Minimal) New(r *rand.Rand, in int) rnn.Cell { return tf1.NewMinimal(r, in, o.Hidden) }

// CFN is a tf1.CFN.
type CFN struct {
	Hidden int `json:"hidden"`
}

// Plan implements Cell.
func (o *CFN) Plan(in int) (CellPlan, error) { return plain(o.Hidden, 1, 3*in+2*o.Hidden, 2) }

// New implements Cell.
func (o *CFN) New(r *rand.Rand, in int) rnn.Cell { return tf1.NewCFN(r, in, o.Hidden) }

// IndyGRU is a tf1.IndyGRU.
type IndyGRU struct {
	Hidden int `json:"hidden"`
}

// Plan implements Cell.
func (o *IndyGRU) Plan(in int) (CellPlan, error) { return plain(o.Hidden, 1, 3*in, 6) }

// New implements Cell.
func (o *IndyGRU) New(r *rand.Rand, in int) rnn.Cell { return tf1.NewIndyGRU(r, in, o.Hidden) }

// IndyLSTM is a tf1.IndyLSTM.
type IndyLSTM struct {
	Hidden     int     `json:"hidden"`
	ForgetBias float64 `json:"forget_bias,omitempty"`
}

// Plan implements Cell.
func (o *IndyLSTM) Plan(in int) (CellPlan, error) {
	p, err := plain(o.Hidden, 2, 4*in, 8)
	return p, errors.Join(err, finite("forget_bias", o.ForgetBias))
}

// New implements Cell.
func (o *IndyLSTM) New(r *rand.Rand, in int) rnn.Cell {
	c := tf1.NewIndyLSTM(r, in, o.Hidden)
	c.ForgetBias = o.ForgetBias
	return c
}

// GLSTM is a tf1.GLSTM.
type GLSTM struct {
	Hidden     int     `json:"hidden"`
	Projection int     `json:"projection,omitempty"` // width of the output; 0 for none
	Groups     int     `json:"groups"`
	ForgetBias float64 `json:"forget_bias,omitempty"`
}

// Plan implements Cell.
func (o *GLSTM) Plan(in int) (CellPlan, error) {
	out := o.Hidden
	if o.Projection != 0 {
		out = o.Projection
	}
	if n := o.Groups; n < 1 || in%n != 0 || o.Hidden%n != 0 || out%n != 0 {
		return CellPlan{}, fmt.Errorf("%d groups do not divide an input of %d, %d units and an output of %d", n, in, o.Hidden, out)
	}
	p, err := plain(o.Hidden, 2, 4*((in+out)/o.Groups), 4)
	if err = errors.Join(err, finite("forget_bias", o.ForgetBias)); err != nil {
		return p, err
	}
	return projected(p, o.Hidden, o.Projection)
}

// New implements Cell.
func (o *GLSTM) New(r *rand.Rand, in int) rnn.Cell {
	c := tf1.NewGLSTM(r, in, o.Hidden, o.Projection, o.Groups)
	c.ForgetBias = o.ForgetBias
	return c
}

// Phased is a tf1.Phased, the first value of whose input is the time.
type Phased struct {
	Hidden    int     `json:"hidden"`
	Peepholes bool    `json:"peepholes,omitempty"`
	Leak      float64 `json:"leak,omitempty"`
}

// Plan implements Cell.
func (o *Phased) Plan(in int) (CellPlan, error) {
	if in < 2 {
		return CellPlan{}, fmt.Errorf("steps of %d values where the first is the time and others follow", in)
	}
	rows := 4 * (in - 1 + o.Hidden)
	if o.Peepholes {
		rows += 3 * o.Hidden
	}
	p, err := plain(o.Hidden, 2, rows, 7)
	return p, errors.Join(err, finite("leak", o.Leak))
}

// New implements Cell.
func (o *Phased) New(r *rand.Rand, in int) rnn.Cell {
	c := tf1.NewPhased(r, in-1, o.Hidden, o.Peepholes)
	c.Leak = o.Leak
	return c
}

// tf1Of is CellsOf for the cells of this file.
func tf1Of(c rnn.Cell) Cells {
	switch c := c.(type) {
	case *tf1.UGRNN:
		return Cells{&UGRNN{c.Kernel.Dim(1) / 2, c.ForgetBias}}
	case *tf1.Intersection:
		if c.In != nil && c.In.Dim(0) == c.In.Dim(1) {
			return nil // the plan has no such matrix
		}
		return Cells{&Intersection{c.Kernel.Dim(1) / 4, c.ForgetBias}}
	case *tf1.NAS:
		o := &NAS{Hidden: c.Kernel.Dim(1) / 8, NoBias: c.Bias == nil}
		if c.Projection != nil {
			o.Projection = c.Projection.Dim(1)
		}
		return Cells{o}
	case *tf1.Minimal:
		return Cells{&Minimal{c.Kernel.Dim(1)}}
	case *tf1.CFN:
		return Cells{&CFN{c.Recurrent.Dim(0)}}
	case *tf1.IndyGRU:
		return Cells{&IndyGRU{c.Kernel.Dim(1)}}
	case *tf1.IndyLSTM:
		return Cells{&IndyLSTM{c.Kernel.Dim(1) / 4, c.ForgetBias}}
	case *tf1.GLSTM:
		o := &GLSTM{Hidden: c.Bias.Dim(0) / 4, Groups: len(c.Kernels), ForgetBias: c.ForgetBias}
		if c.Projection != nil {
			o.Projection = c.Projection.Dim(1)
		}
		return Cells{o}
	case *tf1.Phased:
		return Cells{&Phased{c.New.Dim(1), c.Mask.Dim(0) > c.New.Dim(0), c.Leak}}
	}
	return nil
}
