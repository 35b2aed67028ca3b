// Command waves learns to continue t·sin(t)/3 + 2·sin(5t) from 20 steps of it:
// 100 ReLU neurons, Adam 1e-3, batches of 50, 600 iterations.
//
//	go run ./examples/waves
//
// Each of the 20 outputs is one step ahead of its input. The 100 neurons become one
// output in two ways that give the same numbers: a projection around the cell, applied
// at each step, or one product over the stacked outputs of all steps.
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

const (
	steps      = 20
	neurons    = 100
	batchSize  = 50
	iterations = 600
	resolution = 0.1
	tMax       = 30
)

func wave(t float64) float64 { return t*math.Sin(t)/3 + 2*math.Sin(5*t) }

// A batch is windows of the wave, each with itself one step later.
type batch struct{ x, y *tensor.Tensor } // [steps, batch, 1]

func draw(r *rand.Rand, n int) batch {
	b := batch{tensor.New(steps, n, 1), tensor.New(steps, n, 1)}
	for i := range n {
		t0 := r.Float64() * (tMax - steps*resolution)
		for k := range steps {
			b.x.Data[k*n+i] = tensor.Float(wave(t0 + resolution*float64(k)))
			b.y.Data[k*n+i] = tensor.Float(wave(t0 + resolution*float64(k+1)))
		}
	}
	return b
}

// A model maps windows [steps, batch, 1] to predictions of the same shape.
type model interface {
	predict(g *grad.Tape, x rnn.Seq) *grad.Var
}

// stacked lays the outputs of all steps on one another, [steps·batch, neurons],
// for one product.
type stacked struct {
	Cell *rnn.Basic
	Out  *nn.Linear
}

func (m *stacked) predict(g *grad.Tape, x rnn.Seq) *grad.Var {
	y, _ := rnn.Dynamic(g, m.Cell, x, nil)
	flat := g.Reshape(y.X, x.Steps()*x.Batch(), neurons)
	return g.Reshape(m.Out.Forward(g, flat), x.Steps(), x.Batch(), 1)
}

// projected wraps the cell, so that each step's output is one number. The state
// stays 100 wide.
type projected struct {
	Cell *rnn.OutputProjection
}

func (m *projected) predict(g *grad.Tape, x rnn.Seq) *grad.Var {
	y, _ := rnn.Dynamic(g, m.Cell, x, nil)
	return y.X
}

func newModel(kind string, r *rand.Rand) model {
	cell, out := rnn.BasicOptions{Activation: rnn.ReLU}.New(r, 1, neurons), nn.NewLinear(r, neurons, 1)
	if kind == "projected" {
		return &projected{&rnn.OutputProjection{Cell: cell, Out: out}}
	}
	return &stacked{cell, out}
}

// learn trains a model and returns its mean squared error on 1,000 new windows.
func learn(kind string, seed uint64, report func(iteration int, mse float64)) (model, float64, error) {
	r := rand.New(rand.NewPCG(seed, 0))
	m := newModel(kind, r)
	loss := func(g *grad.Tape, b batch) *grad.Var {
		return nn.MSE(g, m.predict(g, rnn.Input(g, b.x, nil)), b.y)
	}
	batches := func(yield func(batch) bool) {
		for range iterations {
			if !yield(draw(r, batchSize)) {
				return
			}
		}
	}
	_, err := train.Fit(context.Background(), m, batches, loss, train.Options{
		Optimizer: &optim.Adam{LR: 1e-3},
		ClipNorm:  -1,
		Seed:      seed,
		OnStep: func(p train.Progress) {
			if report != nil && p.Step%100 == 1 {
				report(p.Step-1, p.Loss)
			}
		},
	})
	if err != nil {
		return nil, 0, err
	}
	test := loss(grad.Eval(), draw(rand.New(rand.NewPCG(seed, 1)), 1000))
	return m, float64(test.Value.Data[0]), nil
}

func main() {
	seed := flag.Uint64("seed", 1, "seed of weights and batches")
	flag.Parse()
	for _, kind := range []string{"stacked", "projected"} {
		fmt.Println(kind)
		_, mse, err := learn(kind, *seed, func(i int, mse float64) { fmt.Printf("  iteration %3d  MSE %.4f\n", i, mse) })
		if err != nil {
			fmt.Fprintln(os.Stderr, "waves:", err)
			os.Exit(1)
		}
		fmt.Printf("  after %d: MSE %.4f on 1000 new windows\n", iterations, mse)
	}
}
