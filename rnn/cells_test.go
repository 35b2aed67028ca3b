package rnn_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/race"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/rnntest"
	"github.com/recur-go/recur/tensor"
)

// noisy makes every parameter random, biases and gains too, so that none of them
// can be mistaken for another.
func noisy[C rnn.Cell](c C) C {
	r := rand.New(rand.NewPCG(9, 9))
	for _, p := range nn.Params(c) {
		for i := range p.Value.Data {
			p.Value.Data[i] += tensor.Float(0.3 * r.NormFloat64())
		}
	}
	return c
}

func cells() map[string]rnn.Cell {
	r := rng()
	zero := 0.0
	return map[string]rnn.Cell{
		"Basic":             noisy(rnn.NewBasic(r, 5, 7)),
		"BasicReLU":         noisy(rnn.BasicOptions{Activation: rnn.ReLU}.New(r, 5, 7)),
		"BasicSoftsign":     noisy(rnn.BasicOptions{Activation: rnn.Softsign}.New(r, 5, 7)),
		"LSTM":              noisy(rnn.NewLSTM(r, 5, 9)),
		"LSTMNoForgetBias":  noisy(rnn.LSTMOptions{ForgetBias: &zero}.New(r, 5, 3)),
		"LSTMPeepholes":     noisy(rnn.LSTMOptions{Peepholes: true}.New(r, 5, 7)),
		"LSTMProjection":    noisy(rnn.LSTMOptions{Projection: 3}.New(r, 5, 7)),
		"LSTMCellClip":      noisy(rnn.LSTMOptions{CellClip: 0.3}.New(r, 5, 7)),
		"LSTMProjClip":      noisy(rnn.LSTMOptions{Projection: 4, ProjClip: 0.2}.New(r, 5, 7)),
		"LSTMAll":           noisy(rnn.LSTMOptions{Peepholes: true, Projection: 4, ProjClip: 0.3, CellClip: 0.5}.New(r, 5, 7)),
		"LSTMClip":          noisy(rnn.LSTMOptions{Clip: 0.6, Peepholes: true}.New(r, 5, 7)),
		"LSTMCoupled":       noisy(rnn.LSTMOptions{Coupled: true}.New(r, 5, 7)),
		"LSTMCoupledPeep":   noisy(rnn.LSTMOptions{Coupled: true, Peepholes: true, Projection: 2}.New(r, 5, 7)),
		"LSTMLayerNorm":     noisy(rnn.LSTMOptions{LayerNorm: true}.New(r, 5, 7)),
		"LSTMActivations":   noisy(rnn.LSTMOptions{Gate: rnn.HardSigmoid(0.2, 0.5), Cand: rnn.Softsign, Out: rnn.ScaledTanh(0.9, 1.1)}.New(r, 5, 7)),
		"GRU":               noisy(rnn.NewGRU(r, 5, 7)),
		"GRUResetBefore":    noisy(rnn.GRUOptions{ResetBefore: true}.New(r, 5, 7)),
		"GRUClip":           noisy(rnn.GRUOptions{Clip: 0.5}.New(r, 5, 7)),
		"GRUActivations":    noisy(rnn.GRUOptions{ResetBefore: true, Gate: rnn.HardSigmoid(0.3, 0.4), Cand: rnn.ELU(0.7)}.New(r, 5, 7)),
		"SCLSTM":            noisy(rnn.NewSCLSTM(r, 5, 7, 4)),
		"Stack":             rnn.Stack{noisy(rnn.NewLSTM(r, 5, 8)), noisy(rnn.NewBasic(r, 8, 6))},
		"User":              gated{nn.NewLinear(r, 5, 7), nn.NewLinear(r, 5, 7)},
		"StackOfUserCells":  rnn.Stack{gated{nn.NewLinear(r, 5, 4), nn.NewLinear(r, 5, 4)}, noisy(rnn.NewGRU(r, 4, 3))},
		"ProjectionStacked": rnn.Stack{noisy(rnn.LSTMOptions{Projection: 3}.New(r, 5, 7)), noisy(rnn.NewLSTM(r, 3, 4))},
	}
}

// kinked cells have limits or a ReLU, across which a difference in float32 steps
// too often to be of use; their gradients are checked in the recur_f64 build.
var kinked = []string{"BasicReLU", "LSTMCellClip", "LSTMProjClip", "LSTMAll", "LSTMClip", "LSTMActivations", "GRUClip", "GRUActivations", "IndRNN", "MinLSTMLog", "MinGRUPositive"}

func conform(t *testing.T, name string, c rnn.Cell) {
	t.Run(name, func(t *testing.T) {
		for _, f := range nn.Untagged(c) {
			if strings.HasPrefix(f, "rnn.") {
				t.Errorf("field %s has no tag", f)
			}
		}
		for _, err := range rnntest.Check(c, 5) {
			single := tensor.Float(1)+1e-12 == 1
			if single && slices.Contains(kinked, name) && strings.HasPrefix(err.Error(), "gradients") {
				continue
			}
			t.Error(err)
		}
	})
}

func TestCells(t *testing.T) {
	for name, c := range cells() {
		conform(t, name, c)
	}
}

// The cells as their equations have them. Each inherits Unroll from the fused
// cell, so that rnntest compares the two.
type (
	bookLSTM struct{ *rnn.LSTM }
	bookGRU  struct{ *rnn.GRU }
	bookRNN  struct{ *rnn.Basic }
)

func (c bookRNN) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	h := g.Add(g.Affine(x, c.Wx, c.B), g.Affine(s[0], c.Wh, nil))
	if c.Activation == rnn.ReLU {
		h = g.ReLU(h)
	} else {
		h = g.Tanh(h)
	}
	return h, rnn.State{h}
}

func (c bookLSTM) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	limit := func(v *grad.Var, at float64) *grad.Var {
		if at == 0 {
			return v
		}
		return g.Clip(v, -at, at)
	}
	peep := func(v *grad.Var, k int, cell *grad.Var) *grad.Var {
		if c.P == nil {
			return v
		}
		return g.Add(v, g.MulRow(cell, g.Reshape(g.Slice(c.P, k, k+1), c.P.Dim(1))))
	}
	p := g.Split(g.Add(g.Affine(x, c.Wx, c.B), g.Affine(s[0], c.Wh, nil)), 4)
	i, f, u := g.Sigmoid(peep(p[0], 0, s[1])), g.Sigmoid(peep(p[1], 1, s[1])), g.Tanh(p[2])
	cell := limit(g.Add(g.Mul(f, s[1]), g.Mul(i, u)), c.CellClip)
	o := g.Sigmoid(peep(p[3], 2, cell))
	h := g.Mul(o, g.Tanh(cell))
	if c.Wp != nil {
		h = limit(g.Affine(h, c.Wp, nil), c.ProjClip)
	}
	return h, rnn.State{h, cell}
}

func (c bookGRU) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	h, H := s[0], c.Wh.Dim(0)
	p, w := g.Split(g.Affine(x, c.Wx, c.B), 3), g.Split(c.Wh, 3)
	r := g.Sigmoid(g.Add(p[0], g.Affine(h, w[0], nil)))
	z := g.Sigmoid(g.Add(p[1], g.Affine(h, w[1], nil)))
	n := g.Affine(g.Mul(r, h), w[2], nil)
	if c.Bn != nil {
		n = g.Mul(r, g.Affine(h, w[2], g.Reshape(c.Bn, H)))
	}
	n = g.Tanh(g.Add(p[2], n))
	h = g.Add(g.Mul(g.ScaleShift(z, -1, 1), n), g.Mul(z, h))
	return h, rnn.State{h}
}

// Their Freeze would be that of the fused cell.
func (c bookRNN) Freeze()  {}
func (c bookLSTM) Freeze() {}
func (c bookGRU) Freeze()  {}

func TestFusedIsTheBook(t *testing.T) {
	for name, c := range cells() {
		switch c := c.(type) {
		case *rnn.Basic:
			if name != "BasicSoftsign" {
				conform(t, name, bookRNN{c})
			}
		case *rnn.LSTM:
			if !c.Coupled && c.Norm == nil && c.Clip == 0 && c.Gate == (rnn.Activation{}) {
				conform(t, name, bookLSTM{c})
			}
		case *rnn.GRU:
			if c.Clip == 0 && c.Gate == (rnn.Activation{}) {
				conform(t, name, bookGRU{c})
			}
		}
	}
}

// A step of a stream allocates nothing.
func TestStreamAllocatesNothing(t *testing.T) {
	if race.Enabled {
		t.Skip("a sync.Pool forgets at random under the race detector")
	}
	r := rng()
	x := make([]tensor.Float, 5)
	for name, c := range map[string]rnn.Cell{
		"Basic": rnn.NewBasic(r, 5, 7), "LSTM": rnn.NewLSTM(r, 5, 20), "GRU": rnn.NewGRU(r, 5, 20),
		"GRUResetBefore": rnn.GRUOptions{ResetBefore: true}.New(r, 5, 20),
		"LSTMProjection": rnn.LSTMOptions{Projection: 4, Peepholes: true}.New(r, 5, 20),
		"Stack":          rnn.Stack{rnn.NewLSTM(r, 5, 7), rnn.NewGRU(r, 7, 3)},
		"User":           gated{nn.NewLinear(r, 5, 7), nn.NewLinear(r, 5, 7)},
	} {
		st := rnn.NewStream(c)
		if n := testing.AllocsPerRun(100, func() { st.Push(x) }); n > 0 && name != "User" || n > 1 {
			t.Errorf("%s: %v allocations a step", name, n)
		}
	}
}

func TestActivations(t *testing.T) {
	x := grad.Leaf(tensor.FromSlice([]tensor.Float{-2.3, -0.7, -0.2, 0.3, 0.6, 1.7}, 6))
	for s, want := range map[string]float64{ // at 0.6
		"Tanh": 0.5370496, "Sigmoid": 0.6456563, "ReLU": 0.6, "Identity": 0.6, "Softplus": 1.0374880, "Softsign": 0.375,
		"LeakyRelu(0.1)": 0.6, "ThresholdedRelu(0.5)": 0.6, "ThresholdedRelu": 0, "Elu(2)": 0.6,
		"ScaledTanh(2, 0.5)": 0.5826252, "HardSigmoid": 0.62, "HardSigmoid(0.3,0.1)": 0.28, "Affine(2, 1)": 2.2,
	} {
		a, err := rnn.ParseActivation(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if got := float64(a.Apply(grad.Eval(), x).Value.Data[4]); got < want-1e-6 || got > want+1e-6 {
			t.Errorf("%s(0.6) = %v, want %v", s, got, want)
		}
		if err := grad.Check(func(g *grad.Tape) *grad.Var { return g.Sum(g.Square(a.Apply(g, x))) }, x); err != nil {
			t.Errorf("%s: %v", s, err)
		}
		text, err := json.Marshal(a)
		var b rnn.Activation
		if again := json.Unmarshal(text, &b); err != nil || again != nil || a != b {
			t.Errorf("%s is written %s, %v, and read as %v, %v", s, text, err, b, again)
		}
	}
	for _, s := range []string{"", "swish", "tanh(1)", "elu(x)", "elu(1", "elu(NaN)", "scaledtanh(1,2,3)"} {
		if a, err := rnn.ParseActivation(s); err == nil {
			t.Errorf("%q was read as %v", s, a)
		}
	}
}

func TestShapeError(t *testing.T) {
	r := rng()
	for name, f := range map[string]func(g *grad.Tape){
		"input width": func(g *grad.Tape) { rnn.Dynamic(g, rnn.NewLSTM(r, 5, 7), rnn.Input(g, tensor.New(3, 2, 4), nil), nil) },
		"rank":        func(g *grad.Tape) { rnn.Input(g, tensor.New(3, 2), nil) },
		"lengths":     func(g *grad.Tape) { rnn.Input(g, tensor.New(3, 2, 4), []int{1}) },
		"too long":    func(g *grad.Tape) { rnn.Input(g, tensor.New(3, 2, 4), []int{1, 4}) },
		"state": func(g *grad.Tape) {
			rnn.Dynamic(g, rnn.NewLSTM(r, 4, 7), rnn.Input(g, tensor.New(3, 2, 4), nil), rnn.State{g.Zeros(2, 7)})
		},
		"state width": func(g *grad.Tape) {
			rnn.Dynamic(g, rnn.NewBasic(r, 4, 7), rnn.Input(g, tensor.New(3, 2, 4), nil), rnn.State{g.Zeros(2, 6)})
		},
		"window": func(g *grad.Tape) {
			rnn.Truncated(g, rnn.NewBasic(r, 4, 7), rnn.Input(g, tensor.New(3, 2, 4), nil), nil, 0)
		},
	} {
		err := func() (err error) {
			defer tensor.Catch(&err)
			f(grad.New())
			return nil
		}()
		var shape *tensor.ShapeError
		if !errors.As(err, &shape) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
