package forecast

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
	"github.com/recur-go/recur/tensor"
)

// A Net reads a window with one cell, first its known steps and then, in the same
// run, the steps to forecast, whose inputs are what is known of them in advance.
// Each of the latter gives the quantiles of its value:
//
//	h = LSTM(x)
//	d = h·Head + x·Skip      the middle and the gaps between quantiles
//	q = middle ± sums of softplus(gaps)
//
// The sums keep the quantiles in order. Skip carries the season before straight
// to the forecast, so that the cell only has to learn what differs.
type Net struct {
	Cell *rnn.LSTM  `recur:"cell"`
	Head *nn.Linear `recur:"head"` // [hidden, quantiles]
	Skip *nn.Linear `recur:"skip"` // [features, 1]
}

// quantiles are those that a Net forecasts: the edges of the 50, 80 and 95 %
// bands around the median.
var quantiles = []float64{0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975}

const middle = 3 // of quantiles

func newNet(r *rand.Rand, hidden int) *Net {
	n := &Net{rnn.NewLSTM(r, features, hidden), nn.NewLinear(r, hidden, len(quantiles)), nn.NewLinear(r, features, 1)}
	clear(n.Skip.W.Value.Data)
	return n
}

// forward takes x [Window+Horizon, batch, features] to [Horizon·batch, quantiles]. The
// cell is the net's own or its frozen form.
func (n *Net) forward(g *grad.Tape, cell rnn.Cell, x *tensor.Tensor, horizon int) *grad.Var {
	steps, batch := x.Dim(0), x.Dim(1)
	h, _ := rnn.Dynamic(g, cell, rnn.Input(g, x, nil), nil)
	rows := func(v *grad.Var) *grad.Var { // the steps to forecast
		return g.Reshape(g.Slice(v, steps-horizon, steps), horizon*batch, v.Dim(2))
	}
	d := n.Head.Forward(g, rows(h.X))
	mid := g.Add(g.Columns(d, 0, 1), n.Skip.Forward(g, rows(g.Const(x))))
	gaps := g.Softplus(g.Columns(d, 1, len(quantiles)))
	return g.Affine(g.Concat(mid, gaps), g.Const(ladder), nil)
}

var ladder = quantile.Ladder(len(quantiles))
