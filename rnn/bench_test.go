package rnn_test

import (
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// The sizes of the benchmarks: batch, time, inputs, hidden.
const benchB, benchT, benchI, benchH = 32, 64, 64, 128

func benchCells() []struct {
	name string
	cell rnn.Cell
} {
	r := rng()
	return []struct {
		name string
		cell rnn.Cell
	}{
		{"Basic", rnn.NewBasic(r, benchI, benchH)},
		{"LSTM", rnn.NewLSTM(r, benchI, benchH)},
		{"LSTMPeepholes", rnn.LSTMOptions{Peepholes: true, CellClip: 3}.New(r, benchI, benchH)},
		{"LSTMProjection", rnn.LSTMOptions{Projection: benchH / 2}.New(r, benchI, benchH)},
		{"LSTMLayerNorm", rnn.LSTMOptions{LayerNorm: true}.New(r, benchI, benchH)},
		{"LSTMCoupled", rnn.LSTMOptions{Coupled: true}.New(r, benchI, benchH)},
		{"GRU", rnn.NewGRU(r, benchI, benchH)},
		{"GRUResetBefore", rnn.GRUOptions{ResetBefore: true}.New(r, benchI, benchH)},
	}
}

// A forward pass over a batch of sequences, without gradients.
func BenchmarkForward(b *testing.B) {
	x := draw(rng(), benchT, benchB, benchI)
	for _, c := range benchCells() {
		b.Run(c.name, func(b *testing.B) {
			g := grad.Eval()
			b.ReportAllocs()
			for b.Loop() {
				g.Reset()
				rnn.Dynamic(g, c.cell, rnn.Input(g, x, nil), nil)
			}
		})
	}
}

// A forward and a backward pass, with the gradients of all parameters.
func BenchmarkTrain(b *testing.B) {
	x := draw(rng(), benchT, benchB, benchI)
	for _, c := range benchCells() {
		b.Run(c.name, func(b *testing.B) {
			g := grad.New()
			b.ReportAllocs()
			for b.Loop() {
				g.Reset()
				y, _ := rnn.Dynamic(g, c.cell, rnn.Input(g, x, nil), nil)
				g.Backward(g.Sum(y.X))
			}
		})
	}
}

// One step of a stream.
func BenchmarkStream(b *testing.B) {
	x := make([]tensor.Float, benchI)
	for _, c := range benchCells() {
		b.Run(c.name, func(b *testing.B) {
			st := rnn.NewStream(c.cell)
			b.ReportAllocs()
			for b.Loop() {
				st.Push(x)
			}
		})
	}
}
