package rnn_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

func ExampleNewLSTM() {
	r := rand.New(rand.NewPCG(1, 2))
	cell := rnn.NewLSTM(r, 3, 8) // 3 inputs, 8 units
	g := grad.Eval()
	y, last := rnn.Dynamic(g, cell, rnn.Input(g, tensor.New(10, 2, 3), nil), nil)
	fmt.Println(y.X.Shape(), "h", last[0].Shape(), "c", last[1].Shape())
	// Output: [10 2 8] h [2 8] c [2 8]
}

// Options can be kept as JSON. Fields that are not given have their defaults.
func ExampleLSTMOptions() {
	var o rnn.LSTMOptions
	err := json.Unmarshal([]byte(`{"Peepholes": true, "Projection": 4, "CellClip": 3, "Out": "ScaledTanh(1.7, 0.66)"}`), &o)
	cell := o.New(rand.New(rand.NewPCG(1, 2)), 3, 8)
	fmt.Println(err, cell.P.Shape(), cell.Wp.Shape(), cell.StateSize(), cell.Out)
	// Output: <nil> [3 8] [8 4] [4 8] scaledtanh(1.7, 0.66)
}

func TestLSTMByHand(t *testing.T) {
	hard := func(x float64) float64 { return math.Max(0, math.Min(1, 0.2*x+0.5)) }
	softsign := func(x float64) float64 { return x / (1 + math.Abs(x)) }
	scaled := func(x float64) float64 { return 0.9 * math.Tanh(1.1*x) }
	zero := 0.0
	for name, o := range map[string]rnn.LSTMOptions{
		"plain":          {},
		"no forget bias": {ForgetBias: &zero},
		"peepholes":      {Peepholes: true},
		"projection":     {Projection: 3},
		"cell clip":      {CellClip: 0.3},
		"projected clip": {Projection: 4, ProjClip: 0.2},
		"usual":          {Peepholes: true, Projection: 4, ProjClip: 0.3, CellClip: 0.5},
		"clip":           {Clip: 0.6},
		"clip peepholes": {Clip: 0.6, Peepholes: true},
		"coupled":        {Coupled: true},
		"coupled, most":  {Coupled: true, Peepholes: true, Projection: 2, CellClip: 0.4, Clip: 0.9},
		"normalised":     {LayerNorm: true},
		"normalised all": {LayerNorm: true, Peepholes: true, Projection: 3, CellClip: 0.5, Clip: 0.8, Coupled: true},
		"activations":    {Gate: rnn.HardSigmoid(0.2, 0.5), Cand: rnn.Softsign, Out: rnn.ScaledTanh(0.9, 1.1)},
	} {
		gate, cand, out := scalar(sigmoid), scalar(math.Tanh), scalar(math.Tanh)
		if name == "activations" {
			gate, cand, out = hard, softsign, scaled
		}
		c := noisy(o.New(rng(), 5, 7))
		byHand(t, name, c, lstmByHand(c, gate, cand, out))
	}
	c := noisy(rnn.NewLSTM(rng(), 5, 7))
	c.B = nil
	byHand(t, "no bias", c, lstmByHand(c, sigmoid, math.Tanh, math.Tanh))
}

func TestNewLSTM(t *testing.T) {
	c := rnn.NewLSTM(rng(), 3, 6)
	for j, b := range c.B.Value.Data {
		if want := map[bool]tensor.Float{true: 1}[j/6 == 1]; b != want {
			t.Errorf("bias %d is %v, want %v", j, b, want)
		}
	}
	half := 0.5
	if b := (rnn.LSTMOptions{ForgetBias: &half}).New(rng(), 3, 6).B; b.Value.Data[6] != 0.5 {
		t.Errorf("forget bias 0.5 is %v", b.Value.Data[6])
	}
	n := rnn.LSTMOptions{LayerNorm: true}.New(rng(), 3, 6)
	if n.B != nil || n.Norm.Shift.Value.Data[6] != 1 || n.Norm.Gain.Value.Data[0] != 1 {
		t.Error("normalised: want no bias, gain 1 and the forget bias as shift")
	}
	if c := (rnn.LSTMOptions{Coupled: true}).New(rng(), 3, 6); c.Wx.Dim(1) != 18 || c.B.Value.Data[6] != 0 {
		t.Error("coupled: want three gates without a forget bias")
	}
}

// Layer normalisation, coupled gates and gate clips differ from the plain cell by
// more than rounding: an option that is ignored would pass for it.
func TestLSTMOptionsMatter(t *testing.T) {
	x := draw(rng(), 6, 2, 5)
	run := func(o rnn.LSTMOptions) *tensor.Tensor {
		g := grad.Eval()
		y, _ := rnn.Dynamic(g, noisy(o.New(rng(), 5, 7)), rnn.Input(g, x, nil), nil)
		return y.X.Value
	}
	plain := run(rnn.LSTMOptions{})
	for name, o := range map[string]rnn.LSTMOptions{
		"cell clip": {CellClip: 0.3}, "clip": {Clip: 0.5}, "coupled": {Coupled: true}, "norm": {LayerNorm: true},
		"peepholes": {Peepholes: true}, "gate": {Gate: rnn.HardSigmoid(0.2, 0.5)}, "cand": {Cand: rnn.Softsign}, "out": {Out: rnn.Identity},
	} {
		var most float64
		for i, v := range run(o).Data {
			most = max(most, math.Abs(float64(v-plain.Data[i])))
		}
		if most < 1e-2 {
			t.Errorf("%s changes outputs by %v at most", name, most)
		}
	}
}

// Beyond a limit the gradient is zero, as that of tf.clip_by_value.
func TestLSTMClipGradient(t *testing.T) {
	o := rnn.LSTMOptions{CellClip: 1e-3, Projection: 2}
	c := noisy(o.New(rng(), 3, 4))
	g := grad.New()
	x := grad.Leaf(draw(rng(), 1, 2, 3))
	s := rnn.State{grad.Leaf(draw(rng(), 2, 2)), grad.Leaf(tensor.FromSlice([]tensor.Float{9, 9, 9, 9, -9, -9, -9, -9}, 2, 4))}
	_, last := rnn.Dynamic(g, c, rnn.Seq{X: x}, s)
	g.Backward(g.Sum(last[1]))
	for _, v := range last[1].Value.Data {
		if math.Abs(float64(v)) != float64(tensor.Float(1e-3)) {
			t.Fatalf("c is %v, want the limit", v)
		}
	}
	for _, v := range append(rnn.State{x}, s...) {
		for _, d := range g.Grad(v).Data {
			if d != 0 {
				t.Fatalf("a gradient of %v passes the limit", d)
			}
		}
	}
}

// A gradient that only one parameter wants is computed, and no other.
func TestLSTMOneWanted(t *testing.T) {
	pick := map[string]func(c *rnn.LSTM) *grad.Var{
		"wx": func(c *rnn.LSTM) *grad.Var { return c.Wx }, "wh": func(c *rnn.LSTM) *grad.Var { return c.Wh },
		"b": func(c *rnn.LSTM) *grad.Var { return c.B }, "p": func(c *rnn.LSTM) *grad.Var { return c.P },
		"wp": func(c *rnn.LSTM) *grad.Var { return c.Wp },
	}
	x := draw(rng(), 4, 2, 3)
	for name, of := range pick {
		make := func() *rnn.LSTM {
			return noisy(rnn.LSTMOptions{Peepholes: true, Projection: 2}.New(rng(), 3, 4))
		}
		run := func(c *rnn.LSTM, g *grad.Tape) *tensor.Tensor {
			y, _ := rnn.Dynamic(g, c, rnn.Input(g, x, nil), nil)
			g.Backward(g.Sum(y.X))
			return g.Grad(of(c))
		}
		all := make()
		want := run(all, grad.New())
		one, g := make(), grad.New()
		onlyWants(one, g, of(one))
		near(t, name, run(one, g), want)
		for other, of := range pick {
			if other != name && g.GradIfSet(of(one)) != nil {
				t.Errorf("only %s is wanted, and %s has a gradient", name, other)
			}
		}
	}
}
