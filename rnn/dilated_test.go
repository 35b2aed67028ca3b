package rnn_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/rnntest"
	"github.com/recur-go/recur/tensor"
)

// Two layers of which the second looks back four steps.
func ExampleDilated() {
	r := rand.New(rand.NewPCG(1, 2))
	net := rnn.Stack{rnn.NewLSTM(r, 3, 8), &rnn.Dilated{Cell: rnn.NewLSTM(r, 8, 8), K: 4}}
	fmt.Println(len(rnn.NewStream(net).Push([]tensor.Float{1, 2, 3})), len(net.StateSize()))
	// Output: 8 10
}

func TestDilated(t *testing.T) {
	r := rng()
	for name, c := range map[string]rnn.Cell{
		"One":      &rnn.Dilated{Cell: noisy(rnn.NewLSTM(r, 5, 7)), K: 1},
		"LSTM":     &rnn.Dilated{Cell: noisy(rnn.NewLSTM(r, 5, 7)), K: 2},
		"GRU":      &rnn.Dilated{Cell: noisy(rnn.NewGRU(r, 5, 7)), K: 3},
		"Far":      &rnn.Dilated{Cell: noisy(rnn.NewLSTM(r, 5, 4)), K: 40},
		"Residual": &rnn.Residual{Cell: &rnn.Dilated{Cell: noisy(rnn.NewLSTM(r, 5, 5)), K: 2}},
		"Learned":  &rnn.Dilated{Cell: noisy(rnn.NewLearned(rnn.NewGRU(r, 5, 3))), K: 2},
		"Stack":    rnn.Stack{noisy(rnn.NewLSTM(r, 5, 4)), &rnn.Dilated{Cell: noisy(rnn.NewLSTM(r, 4, 4)), K: 2}, &rnn.Dilated{Cell: noisy(rnn.NewGRU(r, 4, 3)), K: 4}},
	} {
		t.Run(name, func(t *testing.T) { rnntest.Cell(t, c, 5) })
	}
}

// Each of K interleaved sequences is what the cell makes of it alone.
func TestDilatedInterleaves(t *testing.T) {
	const T, B, K = 11, 3, 4
	r := rng()
	cell := rnn.NewLSTM(r, 2, 3)
	x := tensor.New(T, B, 2)
	for i := range x.Data {
		x.Data[i] = tensor.Float(r.NormFloat64())
	}
	g := grad.Eval()
	y, _ := rnn.Dynamic(g, &rnn.Dilated{Cell: cell, K: K}, rnn.Input(g, x, nil), nil)
	for j := range K {
		var xs []*grad.Var
		for t := j; t < T; t += K {
			xs = append(xs, g.Reshape(g.Slice(g.Const(x), t, t+1), B, 2))
		}
		ys, _ := rnn.Static(g, cell, xs, nil)
		for i, want := range ys {
			at := (j + i*K) * B * 3
			for k, w := range want.Value.Data {
				if got := y.X.Value.Data[at+k]; got-w > 1e-6 || w-got > 1e-6 {
					t.Fatalf("sequence %d, step %d: %v, want %v", j, i, got, w)
				}
			}
		}
	}
}

func TestDilatedParams(t *testing.T) {
	c := &rnn.Dilated{Cell: rnn.NewLSTM(rng(), 5, 7), K: 24}
	if got, want := nn.Count(nn.Params(c)), 4*7*(5+7+1); got != want {
		t.Errorf("%d parameters, want %d: those of one cell", got, want)
	}
	defer func() {
		if _, ok := recover().(*tensor.ShapeError); !ok {
			t.Error("K 0 does not panic with a *tensor.ShapeError")
		}
	}()
	rnn.Start(grad.Eval(), &rnn.Dilated{Cell: c.Cell}, 1)
}
