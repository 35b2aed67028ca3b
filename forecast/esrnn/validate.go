package esrnn

import (
	"context"
	"math"
	"slices"

	"github.com/recur-go/recur/forecast"
)

// validate forecasts the last steps of the series with a net that was not shown them,
// and sets Share and Widen by that.
func (m *Model) validate(ctx context.Context, n *Net, held, series []forecast.Series) error {
	var past, whole []forecast.Series
	for i, s := range held {
		if known(s.Y) > 0 && known(series[i].Y[len(s.Y):]) > 0 {
			past, whole = append(past, s), append(whole, series[i])
		}
	}
	all, err := m.run(ctx, []*Net{n}, past)
	if err != nil {
		return err
	}
	simple := make([][]float64, len(past))
	for i, s := range past {
		if !m.Alone {
			simple[i] = m.simple(s)
		}
	}
	if !m.Alone {
		best, least := 0.0, math.Inf(1)
		for i := range 11 {
			share := float64(i) / 10
			if e := m.error(share, all, simple, past, whole); e < least {
				best, least = share, e
			}
		}
		m.Share = best / 2 // what one stretch of time says is not all to be believed
	}
	m.widen(all, simple, past, whole)
	return nil
}

func known(y []float64) (n int) {
	for _, v := range y {
		if !math.IsNaN(v) {
			n++
		}
	}
	return n
}

// error is the sum of MASE and of sMAPE with a share of the simple methods, each over
// what it is with them alone.
func (m *Model) error(share float64, all []reading, simple [][]float64, past, whole []forecast.Series) float64 {
	var mase, mase1, smape, smape1 float64
	blend := *m
	blend.Share = share
	for i, r := range all {
		y := whole[i].Y[len(past[i].Y):]
		f := blend.forecast(r, simple[i]).Point
		if e := forecast.MASE(past[i].Y, y, f, m.lag(len(past[i].Y))); !math.IsNaN(e) {
			mase += e
			mase1 += forecast.MASE(past[i].Y, y, simple[i], m.lag(len(past[i].Y)))
		}
		smape += forecast.SMAPE(y, f)
		smape1 += forecast.SMAPE(y, simple[i])
	}
	return mase/mase1 + smape/smape1
}

// widen sets how much the bands have to be widened so that each holds its share of what
// came (conformalised quantile regression, Romano et al. 2019, with ratios).
func (m *Model) widen(all []reading, simple [][]float64, past, whole []forecast.Series) {
	for l, level := range m.Levels {
		var ratios []float64
		for i, r := range all {
			if r.z == nil {
				continue
			}
			y := whole[i].Y[len(past[i].Y):]
			for k, p := range m.forecast(r, simple[i]).Point {
				if k >= len(y) || math.IsNaN(y[k]) {
					continue
				}
				d, q := r.z.units(y[k])-r.z.units(p), r.q[k]
				edge := q[2+2*l] - q[0]
				if d < 0 {
					d, edge = -d, q[0]-q[1+2*l]
				}
				ratios = append(ratios, d/max(edge, 1e-3))
			}
		}
		if n := len(ratios); n > 0 {
			slices.Sort(ratios)
			m.Widen[l] = ratios[min(int(math.Ceil(level*float64(n+1)))-1, n-1)]
		}
	}
}
