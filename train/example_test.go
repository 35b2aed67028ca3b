package train_test

import (
	"context"
	"fmt"
	"iter"
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

// A line through three points.
func ExampleFit() {
	line := nn.NewLinear(rand.New(rand.NewPCG(1, 2)), 1, 1)
	x := tensor.FromSlice([]tensor.Float{0, 1, 2}, 3, 1)
	y := tensor.FromSlice([]tensor.Float{1, 3, 5}, 3, 1)

	last, err := train.Fit(context.Background(), line, slices.Values([]*tensor.Tensor{x}),
		func(g *grad.Tape, x *tensor.Tensor) *grad.Var {
			return nn.MSE(g, line.Forward(g, g.Const(x)), y)
		},
		train.Options{Epochs: 300, Optimizer: &optim.Adam{LR: 0.1}})
	fmt.Println(last.Steps, err)
	fmt.Printf("y = %.2f·x + %.2f\n", line.W.Value.Data[0], line.B.Value.Data[0])
	// Output:
	// 300 <nil>
	// y = 2.00·x + 1.00
}

// forecaster predicts how a wave goes on.
type forecaster struct {
	Cell *rnn.LSTM
	Out  *nn.Linear
}

// sines yields n batches of 16 waves of 8 steps, and of the value after each.
func sines(n int, seed uint64) iter.Seq[[2]*tensor.Tensor] {
	return func(yield func([2]*tensor.Tensor) bool) {
		r := rand.New(rand.NewPCG(seed, 0))
		for range n {
			x, next := tensor.New(8, 16, 1), tensor.New(16, 1)
			for b := range 16 {
				phase := r.Float64() * 2 * math.Pi
				for t := range 8 {
					x.Data[t*16+b] = tensor.Float(math.Sin(phase + 0.5*float64(t)))
				}
				next.Data[b] = tensor.Float(math.Sin(phase + 0.5*8))
			}
			if !yield([2]*tensor.Tensor{x, next}) {
				return
			}
		}
	}
}

// An LSTM learns a sine, with fresh waves in each epoch, and is validated on
// waves that it has not seen.
func ExampleFitEpochs() {
	r := rand.New(rand.NewPCG(1, 2))
	m := &forecaster{rnn.NewLSTM(r, 1, 16), nn.NewLinear(r, 16, 1)}
	loss := func(g *grad.Tape, b [2]*tensor.Tensor) *grad.Var {
		y, _ := rnn.Dynamic(g, m.Cell, rnn.Input(g, b[0], nil), nil)
		return nn.MSE(g, m.Out.Forward(g, y.Last(g)), b[1])
	}
	const epochs, batches = 8, 40
	last, err := train.FitEpochs(context.Background(), m,
		func(epoch int) iter.Seq[[2]*tensor.Tensor] { return sines(batches, uint64(epoch)) }, loss,
		train.Options{
			Epochs:    epochs,
			Optimizer: &optim.Adam{LR: 1e-2},
			Schedule:  optim.Cosine{Steps: epochs * batches},
			Validate: func(ctx context.Context) (float64, error) {
				return train.Evaluate(ctx, sines(5, 1000), loss)
			},
			Patience: 3,
		})
	fmt.Println("mean squared error below 0.001:", last.Best < 1e-3, err)
	// Output: mean squared error below 0.001: true <nil>
}
