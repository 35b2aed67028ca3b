package segrnn

import (
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
	"github.com/recur-go/recur/tensor"
)

// probabilities are those of the quantiles that a mix predicts, in rising order: the lower edges
// of the bands, the middle, and the upper ones.
func (c *Config) probabilities() []float64 {
	p := []float64{0.5}
	for _, l := range c.Levels {
		p = append(p, (1-l)/2, (1+l)/2)
	}
	slices.Sort(p)
	return p
}

// mixWindow is a look-back for a mix of many seasons, or fewer for short series.
func (c *Config) mixWindow(series []data.Series) int {
	season := max(c.Season, 1)
	n := season * min(max(400/season, 4), 14)
	if season < 24 {
		n = 8 * season
	}
	if season == 1 {
		n = 96
	}
	var lengths []int
	for _, s := range series {
		lengths = append(lengths, len(s.Y))
	}
	slices.Sort(lengths)
	if k := len(lengths); k > 0 {
		usual := lengths[k/2]
		n = min(n, max((usual-c.heldOut(usual))/2, 8))
	}
	if n > 24 {
		n -= n % 4
	}
	return n
}

// bounds of a series for a mix are far beyond all but the rarest of its values, so that a wrong
// one such as -9999 tells neither scale nor net anything. Else there are none.
func (c *Config) bounds(y []float64) (b [2]float64) {
	var known []float64
	for _, v := range y {
		if !math.IsNaN(v) {
			known = append(known, v)
		}
	}
	if !c.Mix || len(known) == 0 {
		return b
	}
	slices.Sort(known)
	lo, hi := quantile.At(known, 0.02), quantile.At(known, 0.98)
	return [2]float64{lo - 3*(hi-lo), hi + 3*(hi-lo)}
}

func bounded(y []float64, by [2]float64) []float64 {
	b := make([]float64, len(y))
	for i, v := range y {
		b[i] = min(max(v, by[0]), by[1]) // NaN stays
	}
	return b
}

// leastUnit keeps the unit of a flat window from 0, in deviations of the series.
const leastUnit = 0.05

// unit is that of a window: for a mix the mean deviation from its mean, else 1.
func (m *Model) unit(w window) tensor.Float {
	if !m.Mix {
		return 1
	}
	x := w.s.x[max(w.origin-m.Window, 0):w.origin]
	mean, off := 0.0, 0.0
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	for _, v := range x {
		off += math.Abs(float64(v) - mean)
	}
	return tensor.Float(off/float64(len(x)) + leastUnit)
}

// pinball is the mean loss of quantiles y [rows, steps·quantiles] of probabilities p, where
// want [rows, steps] is known, by its weights.
func pinball(g *grad.Tape, y *grad.Var, want, weight *tensor.Tensor, p []float64) *grad.Var {
	Q, sum, all := len(p), 0.0, 0.0
	for i, w := range weight.Data {
		if w == 0 {
			continue
		}
		all += float64(w)
		for j, q := range p {
			e := float64(want.Data[i] - y.Value.Data[i*Q+j])
			sum += float64(w) * max(q*e, (q-1)*e)
		}
	}
	n := max(all, 1e-9) * float64(Q)
	loss := g.Scalar(sum/n, y)
	if !g.NeedsGrad(loss) {
		return loss
	}
	g.RecordFrom(loss, func(dy *tensor.Tensor) {
		d := g.Grad(y).Data
		for i, w := range weight.Data {
			if w == 0 {
				continue
			}
			k := float64(dy.Data[0]) * float64(w) / n
			for j, q := range p {
				if want.Data[i] > y.Value.Data[i*Q+j] {
					d[i*Q+j] -= tensor.Float(k * q)
				} else {
					d[i*Q+j] += tensor.Float(k * (1 - q))
				}
			}
		}
	})
	return loss
}
