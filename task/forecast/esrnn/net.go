package esrnn

import (
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A Net smooths series, each with rates and a first season of its own, and reads what is
// left with one stack of LSTMs for all. At step t, of a window w(t),
//
//	h(t) = Blocks(w(t))
//	f(k) = l(t) + s(t+k) + (w(t)·Skip)(k) + (h(t)·Out)(k)      k = 1..Horizon
//
// for each quantile. The layers of a block are dilated, and each block but the first
// adds its input to its output.
type Net struct {
	Rates     *grad.Var     `recur:"rates"`     // [1+seasons]: α and each γ of all series, before the sigmoid
	OwnRates  *nn.Embedding `recur:"ownrates"`  // [series, 1+seasons]: added for each series
	OwnSeason *nn.Embedding `recur:"ownseason"` // [series, Σm]: added to the first values of its seasons; nil if none is smoothed
	Cells     rnn.Stack     `recur:"cells"`
	Skip      *nn.Linear    `recur:"skip"` // [window+1, horizon]
	Out       *nn.Linear    `recur:"out"`  // [hidden, horizon·quantiles]
}

func newNet(r *rand.Rand, c *Config) *Net {
	n := &Net{
		Rates:    nn.Constant(-2, 1+len(c.Seasonalities)),
		OwnRates: &nn.Embedding{W: nn.Full(r, 0, c.Series, 1+len(c.Seasonalities))},
		Skip:     nn.NewLinear(r, c.Window+1, c.Horizon),
		Out:      nn.NewLinear(r, c.Hidden, c.Horizon*len(c.quantiles())),
	}
	if len(c.Seasonalities) > 0 {
		n.OwnSeason = &nn.Embedding{W: nn.Full(r, 0, c.Series, c.seasonValues())}
	}
	n.Rates.Value.Data[0] = 0
	clear(n.Skip.W.Value.Data)
	for i := range n.Out.W.Value.Data {
		n.Out.W.Value.Data[i] *= 0.1
	}
	in := c.Window + 1
	for i, dilations := range c.Dilations {
		var block rnn.Stack
		for _, k := range dilations {
			block = append(block, &rnn.Dilated{Cell: rnn.NewLSTM(r, in, c.Hidden), K: k})
			in = c.Hidden
		}
		if i == 0 {
			n.Cells = append(n.Cells, block)
		} else {
			n.Cells = append(n.Cells, &rnn.Residual{Cell: block})
		}
	}
	return n
}

// An origin is a step of a series of a batch from which the net forecasts.
type origin struct{ series, step int }

// forward smooths a batch and forecasts from origins: mid [origins, horizon] of the
// median, and out [origins, horizon·quantiles] to add to it, both above level and season.
func (n *Net) forward(g *grad.Tape, c *Config, b batch, at []origin) (o *smoothed, mid, out *grad.Var) {
	ids := g.Ints(len(b))
	lengths := g.Ints(len(b))
	first := g.NewTensor(tensor.ShapeOf(len(b), c.seasonValues()))
	for i, z := range b {
		ids[i], lengths[i] = z.id, z.hi-z.lo
		copy(row(first, i), z.first)
	}
	rates := g.Sigmoid(g.AddRow(n.OwnRates.Forward(g, ids), n.Rates))
	season := g.Const(first)
	if n.OwnSeason != nil {
		season = g.Add(season, n.OwnSeason.Forward(g, ids))
	}
	o = smooth(g, b, rates, season, c.Seasonalities)
	x := o.windows(g, c.Window)
	h, _ := rnn.Dynamic(g, n.Cells, rnn.Seq{X: x, Len: lengths}, nil)
	rows := g.Ints(len(at))
	for i, a := range at {
		rows[i] = (a.step-b[a.series].lo)*len(b) + a.series
	}
	pick := func(v *grad.Var) *grad.Var {
		return g.GatherRows(g.Reshape(v, o.span*len(b), v.Dim(2)), rows)
	}
	return o, n.Skip.Forward(g, pick(x)), n.Out.Forward(g, pick(h.X))
}

// loss is the mean pinball loss of what forward gives, in which a series counts by its
// weight, and the median as much as all other quantiles together. Targets move with
// level and season, and so does the gradient.
func (o *smoothed) loss(g *grad.Tape, at []origin, mid, out *grad.Var, quantiles []float64) *grad.Var {
	h, q := mid.Dim(1), len(quantiles)
	if mid.Dim(0) != len(at) || len(out.Value.Data) != len(at)*h*q {
		panic(&tensor.ShapeError{Op: "esrnn", Detail: fmt.Sprintf("%d origins, median %v, quantiles %v", len(at), mid.Shape(), out.Shape())})
	}
	slopes := g.Scratch(out.Shape()).Data
	share := func(i int) float64 {
		if i == 0 {
			return 0.5
		}
		return 0.5 / float64(q-1)
	}
	if q == 1 {
		share = func(int) float64 { return 1 }
	}
	var sum, weight float64
	for i, a := range at {
		w := float64(o.batch[a.series].weight)
		for k := range h {
			y, at := o.target(a.series, a.step, k+1), (i*h+k)*q
			clear(slopes[at : at+q])
			if y != y {
				continue
			}
			weight += w
			for j, tau := range quantiles {
				e := float64(y - mid.Value.Data[i*h+k] - out.Value.Data[at+j])
				if e < 0 {
					tau--
				}
				sum += w * share(j) * tau * e
				slopes[at+j] = tensor.Float(-w * share(j) * tau)
			}
		}
	}
	weight = max(weight, 1e-9)
	loss := g.Scalar(sum/weight, append([]*grad.Var{mid, out, o.level}, o.seasons...)...)
	if !g.NeedsGrad(loss) {
		return loss
	}
	g.RecordFrom(loss, func(d *tensor.Tensor) {
		unit := d.Data[0] / tensor.Float(weight)
		dmid, dout := g.Grad(mid).Data, g.Grad(out).Data
		for i, a := range at {
			dl := row(g.Grad(o.level), a.series)
			for k := range h {
				var all tensor.Float
				for j := (i*h + k) * q; j < (i*h+k+1)*q; j++ {
					s := slopes[j] * unit
					dout[j] += s
					all += s
				}
				dmid[i*h+k] += all
				dl[a.step] += all // the forecast is level + season + out
				for s := range o.seasons {
					row(g.Grad(o.seasons[s]), a.series)[o.season(s, a.step, k+1)] += all
				}
			}
		}
	})
	return loss
}
