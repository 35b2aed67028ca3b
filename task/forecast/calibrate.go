package forecast

import (
	"math"
	"slices"

	"github.com/recur-go/recur/task/forecast/internal/quantile"
)

// scores are the distances of outcomes from the middle of a forecast: for each band
// of a Net, over the distance from the middle to the band's edge on the same side. 1
// is on the edge.
type scores [middle][]float64

// add scores the outcomes y [Horizon] of quantiles q [Horizon][quantiles]; steps
// of unknown outcome, NaN, give none.
func (s *scores) add(q [][]float64, y []float64) {
	for k, q := range q {
		d := y[k] - q[middle]
		if math.IsNaN(d) {
			continue
		}
		for i := range s {
			edge := q[middle+1+i] - q[middle]
			if d < 0 {
				edge = q[middle-1-i] - q[middle]
			}
			s[i] = append(s[i], d/edge)
		}
	}
}

// widen returns, for each band, the score that the band's share of outcomes does
// not exceed. The steps of a window are not independent, so that a window counts
// as one outcome; the fewer there are, the closer the factor stays to 1.
func (s *scores) widen(horizon int) []float64 {
	const (
		doubt = 4  // windows that the nets' own bands weigh as much as
		most  = 10 // what a jump or two in a smooth history may ask for beyond has no end
	)
	f := make([]float64, len(s))
	for i, v := range s {
		f[i] = 1
		if len(v) == 0 {
			continue
		}
		v = slices.Sorted(slices.Values(v))
		n := float64(len(v)) / float64(horizon)
		level := quantiles[middle+1+i] - quantiles[middle-1-i]
		factor := quantile.At(v, min(level*(1+1/n), 1))
		f[i] = math.Pow(min(max(factor, 0.05), most), n/(n+doubt))
	}
	return f
}

func (m *Model) calibrate(s scores) {
	m.scores = s
	m.Widen = s.widen(m.Horizon)
}

// heldOut scores each net on the windows that it did not see.
func (c *Config) heldOut(nets []*Net, own []window) (s scores) {
	const most = 2000 // windows are plenty
	step := (len(own) + most - 1) / most
	for i, n := range nets {
		var ws []window
		for j := 0; j < len(own); j += step {
			w := own[j]
			if lo, hi := c.stretch(w, i); lo <= w.origin && w.origin < hi {
				ws = append(ws, w)
			}
		}
		for j, q := range c.quantiles([]*Net{n}, ws) {
			s.add(q, ws[j].outcome(c.Horizon))
		}
	}
	return s
}

// outcome is what came after the origin, relative to it; NaN is unknown.
func (w window) outcome(horizon int) []float64 {
	y := make([]float64, horizon)
	for k := range y {
		y[k] = math.NaN()
		if t := w.origin + k; t < len(w.p.x) && w.p.known[t] {
			y[k] = w.p.x[t] - w.p.x[w.origin-1]
		}
	}
	return y
}
