package main

import (
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// vanishing shows the gradient of the last output by the input of each step
// before, for untrained cells of 64 units.
func vanishing() error {
	const T, in, H = 100, 8, 64
	r := rand.New(rand.NewPCG(4, 4))
	glorot := rnn.NewBasic(r, in, H)
	glorot.Wh = nn.Glorot(r, H, H)
	c := &chart.Chart{Title: "Gradient of the last output by the input some steps before", XLabel: "steps back", YLabel: "norm, relative to the last step", LogY: true}
	for _, cell := range []struct {
		name string
		c    rnn.Cell
	}{
		{"Basic, Glorot", glorot},
		{"Basic, orthogonal", rnn.NewBasic(r, in, H)},
		{"GRU", rnn.NewGRU(r, in, H)},
		{"LSTM, forget bias 1", rnn.NewLSTM(r, in, H)},
		{"LSTM, forget bias 3", remembering(r, in, H)},
	} {
		x := nn.Normal(r, 0.5, T, 16, in)
		g := grad.New()
		y, _ := rnn.Dynamic(g, cell.c, rnn.Seq{X: x}, nil)
		g.Backward(g.Sum(g.Mul(g.Slice(y.X, T-1, T), g.Const(nn.Normal(r, 1, 1, 16, H).Value))))
		dx := g.Grad(x)
		line := chart.Line{Name: cell.name}
		last := norm(dx.At(T - 1))
		for back := range T {
			if n := norm(dx.At(T-1-back)) / last; n > 1e-10 { // below, nothing is left to see
				line.X, line.Y = append(line.X, float64(back)), append(line.Y, n)
			}
		}
		c.Lines = append(c.Lines, line)
	}
	return save("vanishing.svg", c)
}

func remembering(r *rand.Rand, in, hidden int) *rnn.LSTM {
	bias := 3.0
	return rnn.LSTMOptions{ForgetBias: &bias}.New(r, in, hidden)
}

func norm(t *tensor.Tensor) float64 {
	var s float64
	for _, v := range t.Data {
		s += float64(v) * float64(v)
	}
	return math.Sqrt(s)
}
