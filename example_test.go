package recur_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

// A Model predicts the next value of a series: any cell, and a layer on top.
type Model struct {
	RNN  rnn.Cell
	Head *nn.Linear
}

func (m *Model) Predict(g *grad.Tape, window []tensor.Float) *grad.Var {
	x := tensor.FromSlice(window, len(window), 1, 1) // steps, sequences, inputs
	return m.Head.Forward(g, rnn.SequenceToVector(g, m.RNN, rnn.Input(g, x, nil)))
}

func Example() {
	sine := make([]tensor.Float, 400)
	for t := range sine {
		sine[t] = tensor.Float(math.Sin(0.3 * float64(t)))
	}
	r := rand.New(rand.NewPCG(1, 2))
	m := &Model{rnn.NewLSTM(r, 1, 16), nn.NewLinear(r, 16, 1)}
	loss := func(g *grad.Tape, t int) *grad.Var { // of the value that follows 20 others
		return nn.MSE(g, m.Predict(g, sine[t:t+20]), tensor.FromSlice(sine[t+20:t+21], 1, 1))
	}
	options := train.Options{Epochs: 5, Optimizer: &optim.Adam{LR: 1e-2}}
	if _, err := train.Fit(context.Background(), m, slices.Values(r.Perm(300)), loss, options); err != nil {
		panic(err)
	}
	next := m.Predict(grad.Eval(), sine[370:390]).Value.Data[0]
	fmt.Printf("predicted %.1f, was %.1f\n", next, sine[390])
	// Output: predicted -0.7, was -0.7
}
