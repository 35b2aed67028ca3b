package rnn_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/rnntest"
	"github.com/recur-go/recur/tensor"
)

func ExampleBasicOptions() {
	cell := rnn.BasicOptions{Activation: rnn.ReLU}.New(rand.New(rand.NewPCG(1, 2)), 3, 5)
	g := grad.Eval()
	y, _ := rnn.Dynamic(g, cell, rnn.Input(g, tensor.New(4, 2, 3), []int{4, 1}), nil)
	fmt.Println(y.X.Shape(), cell.Activation)
	// Output: [4 2 5] relu
}

func ExampleParseActivation() {
	a, err := rnn.ParseActivation("HardSigmoid(0.25, 0.5)")
	g := grad.Eval()
	y := a.Apply(g, g.Const(tensor.FromSlice([]tensor.Float{-3, 0, 1, 3}, 4)))
	fmt.Println(a, err, y.Value.Data)
	_, err = rnn.ParseActivation("swish")
	fmt.Println(err)
	// Output:
	// hardsigmoid(0.25, 0.5) <nil> [0 0.5 0.75 1]
	// rnn: unknown activation "swish"
}

// An activation of one's own is built from operations of the tape, and so has its
// gradient.
func ExampleActivationFunc() {
	swish := rnn.ActivationFunc("swish", func(g *grad.Tape, x *grad.Var) *grad.Var { return g.Mul(x, g.Sigmoid(x)) })
	cell := rnn.LSTMOptions{Cand: swish}.New(rand.New(rand.NewPCG(1, 2)), 3, 5)
	fmt.Println(len(rnntest.Check(cell, 3)), cell.Cand)
	// Output: 0 swish
}

func TestBasicByHand(t *testing.T) {
	for name, a := range map[string]struct {
		a   rnn.Activation
		phi scalar
	}{
		"default":  {rnn.Activation{}, math.Tanh},
		"tanh":     {rnn.Tanh, math.Tanh},
		"relu":     {rnn.ReLU, func(x float64) float64 { return max(x, 0) }},
		"softplus": {rnn.Softplus, func(x float64) float64 { return math.Log1p(math.Exp(x)) }},
		"leaky":    {rnn.LeakyReLU(0.1), func(x float64) float64 { return max(x, 0.1*x) }},
	} {
		c := noisy(rnn.BasicOptions{Activation: a.a}.New(rng(), 5, 7))
		byHand(t, name, c, basicByHand(c, a.phi))
	}
	c := noisy(rnn.NewBasic(rng(), 5, 7))
	c.B = nil
	byHand(t, "no bias", c, basicByHand(c, math.Tanh))
}

// Weights that do not fit are reported by name, whichever is wrong.
func TestCellShapes(t *testing.T) {
	r := rng()
	for name, c := range map[string]func() rnn.Cell{
		"Basic": func() rnn.Cell { return rnn.NewBasic(r, 5, 7) },
		"LSTM":  func() rnn.Cell { return rnn.LSTMOptions{Peepholes: true}.New(r, 5, 7) },
		"LSTMP": func() rnn.Cell { return rnn.LSTMOptions{Projection: 3}.New(r, 5, 7) },
		"LSTMN": func() rnn.Cell { return rnn.LSTMOptions{LayerNorm: true}.New(r, 5, 7) },
		"LSTMC": func() rnn.Cell { return rnn.LSTMOptions{Coupled: true}.New(r, 5, 7) },
		"GRU":   func() rnn.Cell { return rnn.NewGRU(r, 5, 7) },
	} {
		for i, p := range nn.Params(c()) {
			cell := c()
			v := nn.Params(cell)[i].Var
			dims := v.Shape().Dims()
			dims[len(dims)-1]++
			v.Value = tensor.New(dims...)
			for way, f := range map[string]func(g *grad.Tape) rnn.State{
				"Dynamic": func(g *grad.Tape) rnn.State {
					_, last := rnn.Dynamic(g, cell, rnn.Input(g, draw(r, 3, 2, 5), nil), nil)
					return last
				},
				"Static": func(g *grad.Tape) rnn.State {
					_, last := rnn.Static(g, cell, rnn.Input(g, draw(r, 3, 2, 5), nil).Unstack(g), nil)
					return last
				},
			} {
				err := func() (err error) {
					defer tensor.Catch(&err)
					f(grad.New())
					return nil
				}()
				var shape *tensor.ShapeError
				if !errors.As(err, &shape) {
					t.Errorf("%s by %s, %s %v: %v", name, way, p.Name, dims, err)
				}
			}
		}
	}
	for name, s := range map[string]rnn.State{
		"no entries": {}, "one entry": {grad.Leaf(tensor.New(2, 7))},
		"few rows":     {grad.Leaf(tensor.New(1, 7)), grad.Leaf(tensor.New(2, 7))},
		"wrong width":  {grad.Leaf(tensor.New(2, 7)), grad.Leaf(tensor.New(2, 6))},
		"not a matrix": {grad.Leaf(tensor.New(2, 7)), grad.Leaf(tensor.New(14))},
	} {
		err := func() (err error) {
			defer tensor.Catch(&err)
			g := grad.Eval()
			rnn.NewLSTM(r, 5, 7).Step(g, g.Zeros(2, 5), s)
			return nil
		}()
		var shape *tensor.ShapeError
		if !errors.As(err, &shape) {
			t.Errorf("state with %s: %v", name, err)
		}
	}
}

// NaN goes through, so that a loss shows it; Inf saturates.
func TestCellsKeepNaN(t *testing.T) {
	nan, inf := tensor.Float(math.NaN()), tensor.Float(math.Inf(1))
	r := rng()
	for name, c := range map[string]rnn.Cell{
		"Basic": rnn.NewBasic(r, 2, 20), "BasicReLU": rnn.BasicOptions{Activation: rnn.ReLU}.New(r, 2, 20),
		"LSTM": rnn.NewLSTM(r, 2, 20), "LSTMCellClip": rnn.LSTMOptions{CellClip: 1}.New(r, 2, 20),
		"LSTMPeepholes": rnn.LSTMOptions{Peepholes: true}.New(r, 2, 20),
		"GRU":           rnn.NewGRU(r, 2, 20), "GRUResetBefore": rnn.GRUOptions{ResetBefore: true}.New(r, 2, 20),
	} {
		g := grad.Eval()
		x := tensor.FromSlice([]tensor.Float{1, nan, 1, 1, inf, 1}, 1, 3, 2)
		y, _ := rnn.Dynamic(g, c, rnn.Input(g, x, nil), nil)
		for j := range 20 {
			if v := y.X.Value.At(0).At(0).Data[j]; v == v {
				t.Errorf("%s: NaN gives %v", name, v)
			}
			if v := y.X.Value.At(0).At(1).Data[j]; v != v {
				t.Errorf("%s: the row beside NaN gives %v", name, v)
			}
			if v := y.X.Value.At(0).At(2).Data[j]; v != v {
				t.Errorf("%s: Inf gives %v", name, v)
			}
		}
	}
}
