package rnn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// PyTorch's GRU, and that of the paper and of TensorFlow 1.
func ExampleGRUOptions() {
	r := rand.New(rand.NewPCG(1, 2))
	for _, cell := range []*rnn.GRU{rnn.NewGRU(r, 3, 8), rnn.GRUOptions{ResetBefore: true}.New(r, 3, 8)} {
		g := grad.Eval()
		y, last := rnn.Dynamic(g, cell, rnn.Input(g, tensor.New(10, 2, 3), nil), nil)
		fmt.Println(y.X.Shape(), last[0].Shape(), cell.Bn != nil)
	}
	// Output:
	// [10 2 8] [2 8] true
	// [10 2 8] [2 8] false
}

func TestGRUByHand(t *testing.T) {
	hard := func(x float64) float64 { return math.Max(0, math.Min(1, 0.3*x+0.4)) }
	elu := func(x float64) float64 {
		if x < 0 {
			return 0.7 * math.Expm1(x)
		}
		return x
	}
	for name, o := range map[string]rnn.GRUOptions{
		"reset after":       {},
		"reset before":      {ResetBefore: true},
		"clip":              {Clip: 0.5},
		"clip before":       {Clip: 0.5, ResetBefore: true},
		"activations":       {Gate: rnn.HardSigmoid(0.3, 0.4), Cand: rnn.ELU(0.7)},
		"other activations": {ResetBefore: true, Gate: rnn.HardSigmoid(0.3, 0.4), Cand: rnn.ELU(0.7)},
	} {
		gate, cand := scalar(sigmoid), scalar(math.Tanh)
		if o.Gate != (rnn.Activation{}) {
			gate, cand = hard, elu
		}
		c := noisy(o.New(rng(), 5, 7))
		byHand(t, name, c, gruByHand(c, gate, cand))
		c.B = nil
		byHand(t, name+", no bias", c, gruByHand(c, gate, cand))
	}
}

// A gradient that only one parameter wants is computed, and no other.
func TestGRUOneWanted(t *testing.T) {
	pick := map[string]func(c *rnn.GRU) *grad.Var{
		"wx": func(c *rnn.GRU) *grad.Var { return c.Wx }, "wh": func(c *rnn.GRU) *grad.Var { return c.Wh },
		"b": func(c *rnn.GRU) *grad.Var { return c.B }, "bn": func(c *rnn.GRU) *grad.Var { return c.Bn },
	}
	x := draw(rng(), 4, 2, 3)
	for name, of := range pick {
		run := func(c *rnn.GRU, g *grad.Tape) *tensor.Tensor {
			y, _ := rnn.Dynamic(g, c, rnn.Input(g, x, nil), nil)
			g.Backward(g.Sum(y.X))
			return g.Grad(of(c))
		}
		want := run(noisy(rnn.NewGRU(rng(), 3, 4)), grad.New())
		one, g := noisy(rnn.NewGRU(rng(), 3, 4)), grad.New()
		onlyWants(one, g, of(one))
		near(t, name, run(one, g), want)
		for other, of := range pick {
			if other != name && g.GradIfSet(of(one)) != nil {
				t.Errorf("only %s is wanted, and %s has a gradient", name, other)
			}
		}
	}
}
