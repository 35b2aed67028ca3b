package main

import (
	"fmt"
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// newCell makes the cell of the given name with first weights that owncell.py
// makes too.
func newCell(name string, in, hidden int) (rnn.Cell, error) {
	var w waves
	switch name {
	case "layernorm":
		c := &rnn.LSTM{Wx: w.next(in, 4*hidden), Wh: w.next(hidden, 4*hidden)}
		c.Norm = &rnn.LSTMNorm{
			Gain: nn.Constant(1, 4*hidden), Shift: nn.Zeros(4 * hidden),
			CellGain: nn.Constant(1, hidden), CellShift: nn.Zeros(hidden), Eps: 1e-5,
		}
		return c, nil
	case "lstm":
		return &LSTM{w.linear(in, 4*hidden), w.linear(hidden, 4*hidden)}, nil
	case "mgu":
		return &MGU{w.linear(in, hidden), w.linear(hidden, hidden), w.linear(in, hidden), w.linear(hidden, hidden)}, nil
	}
	return nil, fmt.Errorf("there is no cell %q", name)
}

// LSTM is the long short-term memory as a user might write it:
//
//	i, f, u, o = split(x·X + h·H)
//	c' = σ(f)∘c + σ(i)∘tanh(u)
//	h' = σ(o)∘tanh(c')
type LSTM struct{ X, H *nn.Linear }

// StateSize is {hidden, hidden}: h and c.
func (l *LSTM) StateSize() []int { return []int{l.H.W.Dim(0), l.H.W.Dim(0)} }

// Step computes one step.
func (l *LSTM) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	p := g.Split(g.Add(l.X.Forward(g, x), l.H.Forward(g, s[0])), 4)
	i, f, u, o := g.Sigmoid(p[0]), g.Sigmoid(p[1]), g.Tanh(p[2]), g.Sigmoid(p[3])
	c := g.Add(g.Mul(f, s[1]), g.Mul(i, u))
	h := g.Mul(o, g.Tanh(c))
	return h, rnn.State{h, c}
}

// MGU is the minimal gated unit of Zhou et al. 2016:
//
//	f  = σ(x·XF + h·HF)
//	h̃  = tanh(x·XC + (f∘h)·HC)
//	h' = h + f∘(h̃-h)
type MGU struct{ XF, HF, XC, HC *nn.Linear }

// StateSize is {hidden}.
func (c *MGU) StateSize() []int { return []int{c.HF.W.Dim(0)} }

// Step computes one step.
func (c *MGU) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	f := g.Sigmoid(g.Add(c.XF.Forward(g, x), c.HF.Forward(g, s[0])))
	d := g.Tanh(g.Add(c.XC.Forward(g, x), c.HC.Forward(g, g.Mul(f, s[0]))))
	h := g.Lerp(s[0], d, f)
	return h, rnn.State{h}
}

// waves draws values that any language can: value k of all is sin(k²)/8.
type waves struct{ k int }

func (w *waves) next(dims ...int) *grad.Var {
	v := nn.Zeros(dims...)
	for i := range v.Value.Data {
		v.Value.Data[i] = tensor.Float(math.Sin(float64(w.k*w.k)) / 8)
		w.k++
	}
	return v
}

func (w *waves) linear(in, out int) *nn.Linear { return &nn.Linear{W: w.next(in, out), B: w.next(out)} }
