package graph

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/rnn"
)

func init() {
	RegisterCell("basic", func() Cell { return new(Basic) })
	RegisterCell("lstm", func() Cell { return new(LSTM) })
	RegisterCell("gru", func() Cell { return new(GRU) })
}

// size checks a size.
func size(what string, n int) error {
	if n < 1 || n > limit {
		return fmt.Errorf("%s is %d, which is not from 1 to %d", what, n, limit)
	}
	return nil
}

// notNegative checks limits of clips.
func notNegative(what string, values ...float64) error {
	for _, v := range values {
		if !(v >= 0) {
			return fmt.Errorf("%s is %v, not from 0 on", what, v)
		}
	}
	return nil
}

// Basic is an rnn.Basic.
type Basic struct {
	Hidden     int            `json:"hidden"`
	NoBias     bool           `json:"no_bias,omitempty"`
	Activation rnn.Activation `json:"activation,omitzero"` // default tanh
}

// Plan implements Cell.
func (o *Basic) Plan(in int) (CellPlan, error) {
	if err := size("hidden", o.Hidden); err != nil {
		return CellPlan{}, err
	}
	p := CellPlan{Width: o.Hidden, State: []int{o.Hidden}, MACs: o.Hidden * (in + o.Hidden)}
	p.Params = p.MACs
	if !o.NoBias {
		p.Params += o.Hidden
	}
	return p, nil
}

// New implements Cell.
func (o *Basic) New(r *rand.Rand, in int) rnn.Cell {
	c := rnn.BasicOptions{Activation: o.Activation}.New(r, in, o.Hidden)
	if o.NoBias {
		c.B = nil
	}
	return c
}

// LSTM is an rnn.LSTM. Its forget bias lies in B.
type LSTM struct {
	Hidden     int     `json:"hidden"`
	Projection int     `json:"projection,omitempty"` // width of the output; 0 for none
	NoBias     bool    `json:"no_bias,omitempty"`
	Peepholes  bool    `json:"peepholes,omitempty"`
	Coupled    bool    `json:"coupled,omitempty"`
	LayerNorm  bool    `json:"layer_norm,omitempty"` // as rnn.LSTMNorm
	NormEps    float64 `json:"norm_eps,omitempty"`   // default 1e-12
	Clip       float64 `json:"clip,omitempty"`       // of what goes into the gates
	CellClip   float64 `json:"cell_clip,omitempty"`
	ProjClip   float64 `json:"proj_clip,omitempty"`

	Gate rnn.Activation `json:"gate,omitzero"` // default sigmoid
	Cand rnn.Activation `json:"cand,omitzero"` // default tanh
	Out  rnn.Activation `json:"out,omitzero"`  // default tanh
}

// Plan implements Cell.
func (o *LSTM) Plan(in int) (CellPlan, error) {
	if err := errors.Join(size("hidden", o.Hidden), notNegative("a clip or norm_eps", o.Clip, o.CellClip, o.ProjClip, o.NormEps)); err != nil {
		return CellPlan{}, err
	}
	out, gates := o.Hidden, 4
	if o.Coupled {
		gates = 3
	}
	p := CellPlan{}
	if o.Projection != 0 {
		if err := size("projection", o.Projection); err != nil {
			return p, err
		}
		out = o.Projection
		p.MACs = o.Hidden * out
	}
	p.Width, p.State = out, []int{out, o.Hidden}
	p.MACs += gates * o.Hidden * (in + out)
	p.Params = p.MACs
	switch {
	case o.LayerNorm:
		p.Params += 2*gates*o.Hidden + 2*o.Hidden
	case !o.NoBias:
		p.Params += gates * o.Hidden
	}
	if o.Peepholes {
		p.Params += 3 * o.Hidden
	}
	return p, nil
}

// New implements Cell.
func (o *LSTM) New(r *rand.Rand, in int) rnn.Cell {
	c := rnn.LSTMOptions{
		Peepholes: o.Peepholes, Projection: o.Projection, LayerNorm: o.LayerNorm, Coupled: o.Coupled,
		CellClip: o.CellClip, ProjClip: o.ProjClip, Clip: o.Clip, Gate: o.Gate, Cand: o.Cand, Out: o.Out,
	}.New(r, in, o.Hidden)
	if o.NoBias {
		c.B = nil
	}
	if o.LayerNorm {
		c.Norm.Eps = o.NormEps
	}
	return c
}

// GRU is an rnn.GRU.
type GRU struct {
	Hidden      int     `json:"hidden"`
	ResetBefore bool    `json:"reset_before,omitempty"` // reset h before the product, else after it
	NoBias      bool    `json:"no_bias,omitempty"`      // no B; Bn stays, which a reset after the product has
	Clip        float64 `json:"clip,omitempty"`

	Gate rnn.Activation `json:"gate,omitzero"` // default sigmoid
	Cand rnn.Activation `json:"cand,omitzero"` // default tanh
}

// Plan implements Cell.
func (o *GRU) Plan(in int) (CellPlan, error) {
	if err := errors.Join(size("hidden", o.Hidden), notNegative("clip", o.Clip)); err != nil {
		return CellPlan{}, err
	}
	p := CellPlan{Width: o.Hidden, State: []int{o.Hidden}, MACs: 3 * o.Hidden * (in + o.Hidden)}
	p.Params = p.MACs
	if !o.NoBias {
		p.Params += 3 * o.Hidden
	}
	if !o.ResetBefore {
		p.Params += o.Hidden
	}
	return p, nil
}

// New implements Cell.
func (o *GRU) New(r *rand.Rand, in int) rnn.Cell {
	c := rnn.GRUOptions{ResetBefore: o.ResetBefore, Clip: o.Clip, Gate: o.Gate, Cand: o.Cand}.New(r, in, o.Hidden)
	if o.NoBias {
		c.B = nil
	}
	return c
}
