package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

const (
	waveSteps = 20
	waveEvery = 0.1 // of t
)

func wave(t float64) float64 { return t*math.Sin(t)/3 + 2*math.Sin(5*t) }

// waveNet is the net of examples/waves.
type waveNet struct {
	Cell *rnn.Basic
	Out  *nn.Linear
}

func (m *waveNet) predict(g *grad.Tape, x *tensor.Tensor) *grad.Var {
	y, _ := rnn.Dynamic(g, m.Cell, rnn.Input(g, x, nil), nil)
	return m.Out.Forward(g, y.X)
}

// waves trains the net of examples/waves, and draws what it predicts for a window and
// what it makes up from its own outputs.
func waves() error {
	r := rand.New(rand.NewPCG(1, 0))
	m := &waveNet{rnn.BasicOptions{Activation: rnn.ReLU}.New(r, 1, 100), nn.NewLinear(r, 100, 1)}
	type batch struct{ x, y *tensor.Tensor }
	iterations := 600
	batches := func(yield func(batch) bool) {
		for range iterations {
			const n = 50
			b := batch{tensor.New(waveSteps, n, 1), tensor.New(waveSteps, n, 1)}
			for i := range n {
				t0 := r.Float64() * (30 - waveSteps*waveEvery)
				for k := range waveSteps {
					b.x.Data[k*n+i] = tensor.Float(wave(t0 + waveEvery*float64(k)))
					b.y.Data[k*n+i] = tensor.Float(wave(t0 + waveEvery*float64(k+1)))
				}
			}
			if !yield(b) {
				return
			}
		}
	}
	loss := func(g *grad.Tape, b batch) *grad.Var { return nn.MSE(g, m.predict(g, b.x), b.y) }
	o := train.Options{Optimizer: &optim.Adam{LR: 1e-3}, ClipNorm: -1}
	last, err := train.Fit(context.Background(), m, batches, loss, o)
	if err != nil {
		return err
	}
	fmt.Printf("waves: mean training loss %.3f over %d iterations\n", last.Loss, last.Steps)
	if err := save("waves.svg", waveWindow(m)); err != nil {
		return err
	}
	iterations = 2400 // what it makes up needs a better net
	if _, err := train.Fit(context.Background(), m, batches, loss, o); err != nil {
		return err
	}
	return save("creative.svg", waveCreation(m))
}

// waveWindow draws a window, what comes one step later, and what the net predicts.
func waveWindow(m *waveNet) *chart.Chart {
	const t0 = 12.2
	whole := chart.Line{Name: "t·sin(t)/3 + 2·sin(5t)"}
	for t := t0 - 3; t < t0+4; t += 0.02 {
		whole.X, whole.Y = append(whole.X, t), append(whole.Y, wave(t))
	}
	x := tensor.New(waveSteps, 1, 1)
	input, target, predicted := chart.Line{Name: "window", Dots: true}, chart.Line{Name: "one step later", Dots: true}, chart.Line{Name: "what the net predicts", Dots: true}
	for k := range waveSteps {
		t := t0 + waveEvery*float64(k)
		x.Data[k] = tensor.Float(wave(t))
		input.X, input.Y = append(input.X, t), append(input.Y, wave(t))
		target.X, target.Y = append(target.X, t+waveEvery), append(target.Y, wave(t+waveEvery))
	}
	for k, v := range m.predict(grad.Eval(), x).Value.Data {
		predicted.X, predicted.Y = append(predicted.X, target.X[k]), append(predicted.Y, float64(v))
	}
	return &chart.Chart{Title: "A window of 20 steps and the next", XLabel: "t", Lines: []chart.Line{whole, predicted, input, target}}
}

// waveCreation feeds the net its own outputs, from a seed of 20 steps.
func waveCreation(m *waveNet) *chart.Chart {
	seq := make([]tensor.Float, waveSteps, waveSteps+100)
	for k := range seq {
		seq[k] = tensor.Float(wave(waveEvery * float64(k)))
	}
	for len(seq) < cap(seq) {
		x := tensor.FromSlice(seq[len(seq)-waveSteps:], waveSteps, 1, 1)
		y := m.predict(grad.Eval(), x).Value.Data
		seq = append(seq, y[waveSteps-1])
	}
	seed, made := chart.Line{Name: "seed"}, chart.Line{Name: "made up"}
	for k, v := range seq {
		l := &made
		if k < waveSteps {
			l = &seed
		}
		l.X, l.Y = append(l.X, float64(k)), append(l.Y, float64(v))
	}
	return &chart.Chart{Title: "The net goes on by itself", XLabel: "step", Lines: []chart.Line{seed, made}}
}
