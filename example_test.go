package recur_test

import (
	"context"
	"fmt"
	"log"
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

// A Model is a struct of cells and layers.
type Model struct {
	RNN  rnn.Cell
	Head *nn.Linear
}

// Forward predicts the value that follows each row of x [steps, rows, 1].
func (m *Model) Forward(g *grad.Tape, x *tensor.Tensor) *grad.Var {
	return m.Head.Forward(g, rnn.SequenceToVector(g, m.RNN, rnn.Input(g, x, nil)))
}

// A Batch is windows of a series and the values that follow them.
type Batch struct{ X, Y *tensor.Tensor } // [steps, rows, 1], [rows, 1]

func draw(r *rand.Rand, steps, rows int) Batch {
	b := Batch{tensor.New(steps, rows, 1), tensor.New(rows, 1)}
	for i := range rows {
		begin := 2 * math.Pi * r.Float64()
		for t := range steps {
			b.X.Data[t*rows+i] = tensor.Float(math.Sin(begin + 0.3*float64(t)))
		}
		b.Y.Data[i] = tensor.Float(math.Sin(begin + 0.3*float64(steps)))
	}
	return b
}

// Train an LSTM to continue a sine.
func Example() {
	r := rand.New(rand.NewPCG(1, 2))
	m := &Model{rnn.NewLSTM(r, 1, 16), nn.NewLinear(r, 16, 1)}

	var batches []Batch
	for range 100 {
		batches = append(batches, draw(r, 20, 32))
	}
	loss := func(g *grad.Tape, b Batch) *grad.Var { return nn.MSE(g, m.Forward(g, b.X), b.Y) }
	_, err := train.Fit(context.Background(), m, slices.Values(batches), loss, train.Options{
		Epochs:    5,
		Optimizer: &optim.Adam{LR: 1e-2},
	})
	if err != nil {
		log.Fatal(err)
	}

	b := draw(r, 20, 1)
	y := m.Forward(grad.Eval(), b.X).Value
	fmt.Printf("predicted %.1f, was %.1f\n", y.Data[0], b.Y.Data[0])
	// Output: predicted -0.8, was -0.8
}
