package esrnn

import (
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// smoothed is a batch of series after exponential smoothing.
type smoothed struct {
	batch
	steps   int         // steps of the longest piece, up to its end
	span    int         // steps of the longest piece, from its beginning
	level   *grad.Var   // [batch, steps]: after each step
	seasons []*grad.Var // [batch, steps+m] each: of each step
}

// smooth runs exponential smoothing over the series of a batch, each with its own
// rates: the level a, and a season s of m steps for each of periods, by Holt and
// Winters, with the logarithm x of a value (see scaled), so that what they multiply is
// added here:
//
//	S(t)   = Σ s(t)                                  over the seasons
//	l(t)   = l(t-1) + α·(x(t) - S(t) - l(t-1))
//	s(t+m) = s(t) + γ·(x(t) - S(t) - l(t))           for each season
//
// from l(0) = x(0) - S(0). A missing value changes nothing. rates [batch, 1+len(periods)]
// holds α and each γ, first [batch, Σm] the first m values of each season.
func smooth(g *grad.Tape, b batch, rates, first *grad.Var, periods []int) *smoothed {
	n := len(periods)
	o := &smoothed{batch: b, seasons: make([]*grad.Var, n)}
	for _, p := range b {
		o.steps, o.span = max(o.steps, p.hi), max(o.span, p.hi-p.lo)
	}
	T := o.steps
	o.level = g.NewVar(g.NewTensor(tensor.ShapeOf(len(b), T)), rates, first)
	for i, m := range periods {
		o.seasons[i] = g.NewVar(g.NewTensor(tensor.ShapeOf(len(b), T+m)), rates, first)
	}
	s, ds := make([][]tensor.Float, n), make([][]tensor.Float, n)
	for k, z := range b {
		at := k * first.Dim(1)
		for i, m := range periods {
			s[i] = row(o.seasons[i].Value, k)
			copy(s[i], first.Value.Data[at:at+m])
			at += m
		}
		r, l := row(rates.Value, k), row(o.level.Value, k)
		for t, x := range z.x[:z.hi] {
			if !z.known[t] {
				l[t] = l[t-1]
				for i, m := range periods {
					s[i][t+m] = s[i][t]
				}
				continue
			}
			x -= total(s, t)
			l[t] = x
			if t > 0 {
				l[t] = l[t-1] + r[0]*(x-l[t-1])
			}
			for i, m := range periods {
				s[i][t+m] = s[i][t] + r[1+i]*(x-l[t])
			}
		}
	}
	if !g.NeedsGrad(o.level) {
		return o
	}
	g.Record(func() {
		for k, z := range b {
			for i := range periods {
				s[i], ds[i] = row(o.seasons[i].Value, k), row(g.Grad(o.seasons[i]), k)
			}
			l, dl := row(o.level.Value, k), row(g.Grad(o.level), k)
			r, dr := row(rates.Value, k), row(g.Grad(rates), k)
			for t := z.hi - 1; t >= 0; t-- {
				if !z.known[t] {
					dl[t-1] += dl[t]
					for i, m := range periods {
						ds[i][t] += ds[i][t+m]
					}
					continue
				}
				x := z.x[t] - total(s, t)
				var de tensor.Float // gradient of x - l(t), which moves the seasons
				for i, m := range periods {
					d := ds[i][t+m]
					ds[i][t] += d
					dr[1+i] += d * (x - l[t])
					de += d * r[1+i]
				}
				d := dl[t] - de
				dx := de + d
				if t > 0 {
					dr[0] += d * (x - l[t-1])
					dl[t-1] += d * (1 - r[0])
					dx = de + d*r[0]
				}
				for i := range periods {
					ds[i][t] -= dx
				}
			}
			at := k * first.Dim(1)
			df := g.Grad(first).Data
			for i, m := range periods {
				for j, d := range ds[i][:m] {
					df[at+j] += d
				}
				at += m
			}
		}
	})
	return o
}

func row(t *tensor.Tensor, i int) []tensor.Float {
	w := t.Shape.Last()
	return t.Data[i*w : (i+1)*w]
}

// total is the sum of the seasons at step t.
func total(s [][]tensor.Float, t int) (sum tensor.Float) {
	for _, s := range s {
		sum += s[t]
	}
	return sum
}

// windows are the inputs of the net, [span, batch, w+1]: at step t of a series, which is
// step t-lo of its piece, the values of the last w steps less their seasons and the level
// of step t, 0 where one is missing, and the scale of the series. The gradient goes on to
// level and seasons.
func (o *smoothed) windows(g *grad.Tape, w int) *grad.Var {
	B, n := len(o.batch), w+1
	from := append([]*grad.Var{o.level}, o.seasons...)
	x := g.NewVar(g.NewTensor(tensor.ShapeOf(o.span, B, n)), from...)
	s := make([][]tensor.Float, len(o.seasons))
	rest := g.Scratch(tensor.ShapeOf(o.steps)).Data // x - S of each step
	for k, z := range o.batch {
		for i := range s {
			s[i] = row(o.seasons[i].Value, k)
		}
		for t := range z.hi {
			rest[t] = z.x[t] - total(s, t)
		}
		l := row(o.level.Value, k)
		for t := z.lo; t < z.hi; t++ {
			in := row2(x.Value, t-z.lo, k)
			for i := max(w-1-t, 0); i < w; i++ {
				if u := t - w + 1 + i; z.known[u] {
					in[i] = (rest[u] - l[t]) * unit
				}
			}
			in[w] = z.size
		}
	}
	if !g.NeedsGrad(x) {
		return x
	}
	g.RecordFrom(x, func(dx *tensor.Tensor) {
		sum := g.Scratch(tensor.ShapeOf(o.steps)).Data // sum of the gradients of x - S
		for k, z := range o.batch {
			dl := row(g.Grad(o.level), k)
			clear(sum)
			for t := z.lo; t < z.hi; t++ {
				d := row2(dx, t-z.lo, k)
				for i := max(w-1-t, 0); i < w; i++ {
					if u := t - w + 1 + i; z.known[u] {
						dl[t] -= d[i] * unit
						sum[u] += d[i] * unit
					}
				}
			}
			for i := range o.seasons {
				ds := row(g.Grad(o.seasons[i]), k)
				for u, d := range sum[:z.hi] {
					ds[u] -= d
				}
			}
		}
	})
	return x
}

// row2 is row j of block i of a tensor of three dimensions.
func row2(t *tensor.Tensor, i, j int) []tensor.Float {
	return row(t, i*t.Dim(1)+j)
}

// unit brings values in units of a series' seasonal changes near to 1.
const unit = 0.5

// target is the value of a series k steps after t, above its level and season as they are
// known at t, NaN if it is missing.
func (o *smoothed) target(series, t, k int) tensor.Float {
	z := o.batch[series]
	if t+k >= len(z.x) || !z.known[t+k] {
		return tensor.Float(math.NaN())
	}
	v := z.x[t+k] - row(o.level.Value, series)[t]
	for i := range o.seasons {
		v -= row(o.seasons[i].Value, series)[o.season(i, t, k)]
	}
	return v
}

// season is the step whose value of season i is the last known at step t for k steps
// after it.
func (o *smoothed) season(i, t, k int) int {
	m := o.seasons[i].Dim(1) - o.steps
	return t + 1 + (k-1)%m
}
