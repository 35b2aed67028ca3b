package segrnn

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A Net forecasts the segments after a window of n segments x(i), from which the
// window's last value is taken off first:
//
//	h(i) = GRU(relu(x(i)·In), h(i-1))            i = 1..n
//	y(j) = GRU([Place(j), Channel], h(n))·Out    j = 1..m, each by itself
//
// The m steps of the second line are parallel, so that no error of one feeds the next.
type Net struct {
	In      *nn.Linear    `recur:"in"`      // [segment, hidden]
	Cell    *rnn.GRU      `recur:"cell"`    // [hidden, hidden]
	Place   *nn.Embedding `recur:"place"`   // [m, hidden/2]
	Channel *nn.Embedding `recur:"channel"` // [channels, hidden/2]
	Out     *nn.Linear    `recur:"out"`     // [hidden, segment], or [hidden, segment·quantiles]
}

func newNet(r *rand.Rand, c *Config) *Net {
	w, d := c.Segment, c.Hidden
	n := &Net{
		In: nn.TorchLinear(r, w, d), Cell: rnn.NewGRU(r, d, d), Out: nn.TorchLinear(r, d, w*c.outputs()),
		Place:   &nn.Embedding{W: nn.Normal(r, 1, c.writes(), d/2)},
		Channel: &nn.Embedding{W: nn.Normal(r, 1, c.Channels, d/2)},
	}
	return n
}

// forward takes x [n, batch, segment] of the given channels to [m·batch, segment], or with
// quantiles to [m·batch, segment·quantiles]. A
// channel of -1, one that was not in training, is the mean of all.
func (n *Net) forward(g *grad.Tape, x *tensor.Tensor, channels []int, dropout float64) *grad.Var {
	steps, B, w := x.Dim(0), x.Dim(1), x.Dim(2)
	in := g.ReLU(n.In.Forward(g, g.Reshape(g.Const(x), steps*B, w)))
	_, s := rnn.Dynamic(g, n.Cell, rnn.Seq{X: g.Reshape(in, steps, B, n.In.W.Dim(1))}, nil)
	y := n.decode(g, s[0], n.places(g), channels)
	return n.Out.Forward(g, g.Dropout(y, dropout))
}

// places is the input of the second line for every segment of every channel and, as
// the last channel, their mean, multiplied by Wx: [m·(channels+1), 3·hidden]. It is
// the same for all windows.
func (n *Net) places(g *grad.Tape) *grad.Var {
	m, C := n.Place.W.Dim(0), n.Channel.W.Dim(0)
	mean := tensor.New(1, C)
	for i := range mean.Data {
		mean.Data[i] = 1 / tensor.Float(C)
	}
	channel := g.ConcatRows(n.Channel.W, g.Affine(g.Const(mean), n.Channel.W, nil))
	place, of := g.Ints(m*(C+1)), g.Ints(m*(C+1))
	for i := range place {
		place[i], of[i] = i/(C+1), i%(C+1)
	}
	return g.Affine(g.Concat(n.Place.Forward(g, place), g.GatherRows(channel, of)), n.Cell.Wx, n.Cell.B)
}

// decode makes one step of the cell from h [batch, hidden] for each segment, giving
// [m·batch, hidden]. The product h·Wh is the same for all segments and done once.
func (n *Net) decode(g *grad.Tape, h, places *grad.Var, channels []int) *grad.Var {
	B, H, C := h.Dim(0), h.Dim(1), n.Channel.W.Dim(0)
	m := n.Place.W.Dim(0)
	hw := g.AddRow(g.Affine(h, n.Cell.Wh, nil), g.Reshape(g.Concat(g.Zeros(1, 2*H), g.Reshape(n.Cell.Bn, 1, H)), 3*H))
	at := func(j, b int) int { // row of places
		c := channels[b]
		if c < 0 {
			c = C
		}
		return j*(C+1) + c
	}
	out := g.NewVar(g.Scratch(tensor.ShapeOf(m*B, H)), h, hw, places)
	keep := g.NeedsGrad(out)
	rows := 1
	if keep {
		rows = m * B
	}
	gates, q := g.Scratch(tensor.ShapeOf(rows, 3*H)).Data, g.Scratch(tensor.ShapeOf(1, H)).Data
	for i := range m * B {
		j, b := i/B, i%B
		a := gates[:3*H]
		if keep {
			a = gates[i*3*H : (i+1)*3*H]
		}
		p := at(j, b)
		copy(a, places.Value.Data[p*3*H:(p+1)*3*H])
		kernel.GRUUnits(H, 0, H, a, hw.Value.Data[b*3*H:(b+1)*3*H], h.Value.Data[b*H:(b+1)*H], q, out.Value.Data[i*H:(i+1)*H])
	}
	if !keep {
		return out
	}
	g.RecordFrom(out, func(dy *tensor.Tensor) {
		dh, dhw, dp := g.Grad(h).Data, g.Grad(hw).Data, g.Grad(places).Data
		d := g.Scratch(tensor.ShapeOf(7 * H)).Data
		de, da, dw := d[:H], d[H:4*H], d[4*H:]
		for i := range m * B {
			j, b := i/B, i%B
			p := at(j, b)
			copy(de, dy.Data[i*H:(i+1)*H])
			kernel.GRUUnitsGrad(H, 0, H, gates[i*3*H:(i+1)*3*H], h.Value.Data[b*H:(b+1)*H], hw.Value.Data[(b*3+2)*H:(b*3+3)*H], de, da, dw)
			kernel.AddTo(dh[b*H:(b+1)*H], de)
			kernel.AddTo(dhw[b*3*H:(b+1)*3*H], dw)
			kernel.AddTo(dp[p*3*H:(p+1)*3*H], da)
		}
	})
	return out
}
