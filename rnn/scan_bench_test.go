package rnn_test

import (
	"fmt"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// The linear cells at the sizes of BenchmarkForward and BenchmarkTrain, and over one
// long narrow sequence.
func BenchmarkLinear(b *testing.B) {
	for _, size := range []struct{ T, B, in, hidden int }{{benchT, benchB, benchI, benchH}, {1 << 15, 1, 8, 16}} {
		r := rng()
		x := draw(r, size.T, size.B, size.in)
		for _, c := range []struct {
			name string
			cell rnn.Cell
		}{
			{"LSTM", rnn.NewLSTM(r, size.in, size.hidden)},
			{"GRU", rnn.NewGRU(r, size.in, size.hidden)},
			{"MinGRU", rnn.NewMinGRU(r, size.in, size.hidden)},
			{"MinGRUPositive", func() rnn.Cell { c := rnn.NewMinGRU(r, size.in, size.hidden); c.Positive = true; return c }()},
			{"MinLSTM", rnn.NewMinLSTM(r, size.in, size.hidden)},
			{"IndRNN", rnn.NewIndRNN(r, size.in, size.hidden)},
			{"IndRNNLinear", func() rnn.Cell { c := rnn.NewIndRNN(r, size.in, size.hidden); c.Activation = rnn.Identity; return c }()},
			{"SRU", rnn.NewSRU(r, size.in, size.hidden)},
			{"SRUSeesState", rnn.SRUOptions{SeesState: true}.New(r, size.in, size.hidden)},
		} {
			name := fmt.Sprintf("%s/T=%d,B=%d", c.name, size.T, size.B)
			b.Run("Forward/"+name, func(b *testing.B) {
				g := grad.Eval()
				b.ReportAllocs()
				for b.Loop() {
					g.Reset()
					rnn.Dynamic(g, c.cell, rnn.Input(g, x, nil), nil)
				}
			})
			b.Run("Train/"+name, func(b *testing.B) {
				g := grad.New()
				b.ReportAllocs()
				for b.Loop() {
					g.Reset()
					y, _ := rnn.Dynamic(g, c.cell, rnn.Input(g, x, nil), nil)
					g.Backward(g.Sum(y.X))
				}
			})
			b.Run("Stream/"+name, func(b *testing.B) {
				st, x := rnn.NewStream(c.cell), make([]tensor.Float, size.in)
				b.ReportAllocs()
				for b.Loop() {
					st.Push(x)
				}
			})
		}
	}
}
