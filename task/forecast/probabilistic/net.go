package probabilistic

import (
	"math/rand/v2"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A Net gives for each step
//
//	h = Cells([x, Embed(categories)])
//	d = h·Head
//	d₀ = d₀ + [last value, values and changes of lags]·Skip / unit
//
// and d are the parameters of the prediction for the step; see Output. Skip carries the
// last value and those of the seasons before straight to the forecast, so that the cells
// only have to learn what differs from a linear forecast; see begin. The unit is that of
// the series; see Scale.
type Net struct {
	Embed []*nn.Embedding `recur:"embed"` // [categories+1, width] for each covariate with categories; the last row is for missing ones
	Cells rnn.Stack       `recur:"cells"`
	Head  *nn.Linear      `recur:"head"` // [hidden, parameters]
	Skip  *nn.Linear      `recur:"skip"` // [1+2·lags, 1]
}

func newNet(r *rand.Rand, c *Config) *Net {
	n, in := new(Net), c.layout().numbers
	for _, v := range c.Covariates {
		if !isNumeric(v) {
			w := embedWidth(v)
			n.Embed = append(n.Embed, &nn.Embedding{W: nn.Normal(r, 0.3, len(v.Categories)+1, w)})
			in += w
		}
	}
	for range c.Layers {
		n.Cells = append(n.Cells, &rnn.Dropout{Cell: c.Cell.New(r, in, c.Hidden), In: c.Dropout})
		in = c.Hidden
	}
	n.Head = nn.NewLinear(r, c.Hidden, c.Output.parameters())
	head := n.Head.W.Value.Data
	for i := 0; i < len(head); i += c.Output.parameters() { // the first parameter begins as that of Skip alone
		head[i] = 0
	}
	n.Skip = nn.NewLinear(nil, 1+2*len(c.Lags), 1)
	return n
}

// embedWidth grows with the number of categories.
func embedWidth(v data.Covariate) int { return min(16, (len(v.Categories)+2)/2) }

// output is the last part of the net: h [rows, hidden] and x [rows, numbers] to
// [rows, parameters], in units [rows] of the series' scales.
func (n *Net) output(g *grad.Tape, h, x *grad.Var, lags int, units *tensor.Tensor) *grad.Var {
	d := n.Head.Forward(g, h)
	direct := []*grad.Var{g.Columns(x, anchor, anchor+1)}
	for i := range lags {
		at := fixed + perLag*i
		direct = append(direct, g.Columns(x, at+before, at+before+1), g.Columns(x, at+change, at+change+1))
	}
	inverse := g.Scratch(units.Shape)
	for i, u := range units.Data {
		inverse.Data[i] = 1 / u
	}
	first := g.Add(g.Columns(d, 0, 1), g.MulCol(n.Skip.Forward(g, g.Concat(direct...)), g.Const(inverse)))
	if d.Dim(1) == 1 {
		return first
	}
	return g.Concat(first, g.Columns(d, 1, d.Dim(1)))
}
