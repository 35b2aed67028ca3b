package rnn

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// SCLSTM is the semantically conditioned LSTM of Wen et al. 2015, for texts about given
// facts. Beside h and c its state has the vector d, at first a 1 for every fact to
// mention; a reading gate r takes out of it what has been mentioned, and what is left is
// fed to the memory cell:
//
//	i, f, o, r = split(σ(x·Wx + h·Wh + d·Wd + B))
//	u = tanh(x·Wx + h·Wh + B), the columns after those
//	d' = r∘d
//	c' = f∘c + i∘u + tanh(d'·Wc)
//	h' = o∘tanh(c')
//
// The paper has no d·Wd; the authors' own program, RNNLG, has. The state is {h, c, d}
// and the output is h'. A first state of zeros has no facts: give one with d.
type SCLSTM struct {
	Wx *grad.Var `recur:"wx"` // [in, 4*hidden+facts]: i, f, o, r, u, where r is as wide as d
	Wh *grad.Var `recur:"wh"` // [hidden, 4*hidden+facts]
	Wd *grad.Var `recur:"wd"` // [facts, 3*hidden+facts]: i, f, o, r
	Wc *grad.Var `recur:"wc"` // [facts, hidden]
	B  *grad.Var `recur:"b"`  // [4*hidden+facts]

	wx, wh, wd, wc *layouts // nil unless from Freeze
}

// NewSCLSTM makes a cell for vectors d of width facts. Matrices are drawn by Glorot, the
// forget bias is 1, and that of the reading gate 2, so that at first little of d is
// lost.
func NewSCLSTM(r *rand.Rand, in, hidden, facts int) *SCLSTM {
	c := &SCLSTM{
		Wx: nn.Glorot(r, in, 4*hidden+facts), Wh: nn.Glorot(r, hidden, 4*hidden+facts),
		Wd: nn.Glorot(r, facts, 3*hidden+facts), Wc: nn.Glorot(r, facts, hidden),
		B: nn.Full(r, 0, 4*hidden+facts),
	}
	setUnits(c.B, hidden, hidden, 1)
	setUnits(c.B, 3*hidden, facts, 2)
	return c
}

// StateSize is {hidden, hidden, facts}.
func (c *SCLSTM) StateSize() []int { return []int{c.Wc.Dim(1), c.Wc.Dim(1), c.Wc.Dim(0)} }

// Widths implements Sizer.
func (c *SCLSTM) Widths() (in, out int) { return c.Wx.Dim(0), c.Wc.Dim(1) }

// IsCellState reports that c and d are memories, which dropout leaves alone.
func (c *SCLSTM) IsCellState(i int) bool { return i > 0 }

// Freeze implements Freezer.
func (c *SCLSTM) Freeze(p Precision) (Cell, error) {
	t := *c
	t.wx, t.wh, t.wd, t.wc = layOut(c.Wx, p), layOut(c.Wh, p), layOut(c.Wd, p), layOut(c.Wc, p)
	return &t, nil
}

// Step computes one step.
func (c *SCLSTM) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	H, D := c.Wc.Dim(1), c.Wc.Dim(0)
	mustRows("SCLSTM", "x", x, 0, c.Wx.Dim(0))
	must("SCLSTM", "Wx", c.Wx, tensor.ShapeOf(c.Wx.Dim(0), 4*H+D))
	p := g.Add(c.wx.affine(g, x, c.Wx, c.B), c.wh.affine(g, s[0], c.Wh, nil))
	gates := g.Sigmoid(g.Add(g.Columns(p, 0, 3*H+D), c.wd.affine(g, s[2], c.Wd, nil)))
	i, f, o := g.Columns(gates, 0, H), g.Columns(gates, H, 2*H), g.Columns(gates, 2*H, 3*H)
	d := g.Mul(g.Columns(gates, 3*H, 3*H+D), s[2])
	u := g.Tanh(g.Columns(p, 3*H+D, 4*H+D))
	cell := g.Add(g.Add(g.Mul(f, s[1]), g.Mul(i, u)), g.Tanh(c.wc.affine(g, d, c.Wc, nil)))
	h := g.Mul(o, g.Tanh(cell))
	return h, State(g.List(h, cell, d))
}
