package esrnn

import (
	"context"
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task/forecast"
)

// validate forecasts the last steps of the series with a net that was not shown them,
// and sets BaselineWeight and Widen by that.
func (m *Model) validate(ctx context.Context, n *Net, held, series []data.Series) error {
	var past, whole []data.Series
	for i, s := range held {
		if known(s.Y) && known(series[i].Y[len(s.Y):]) {
			past, whole = append(past, s), append(whole, series[i])
		}
	}
	all, err := m.run(ctx, []*Net{n}, past)
	if err != nil {
		return err
	}
	simple := make([][]float64, len(past))
	if !m.NoBaselines {
		for i, s := range past {
			simple[i] = m.simple(s)
		}
		m.BaselineWeight = m.baselineWeight(all, simple, past, whole)
	}
	m.widen(all, simple, past, whole)
	return nil
}

// known reports whether any value of y is known.
func known(y []float64) bool {
	return slices.ContainsFunc(y, func(v float64) bool { return !math.IsNaN(v) })
}

// baselineWeight chooses the weight of the simple methods: the smallest that is not clearly
// worse than the best, by the rule of one standard error (Breiman et al. 1984), and of that
// a half, since the series have all seen the same stretch of time.
func (m *Model) baselineWeight(all []reading, simple [][]float64, past, whole []data.Series) float64 {
	const steps = 10
	var errs [steps + 1][]float64
	best := 0
	for i := range errs {
		errs[i] = m.errors(float64(i)/steps, all, simple, past, whole)
		if sum(errs[i]) < sum(errs[best]) {
			best = i
		}
	}
	for i := range best {
		var d, square float64
		n := float64(len(all))
		for k, e := range errs[i] {
			d += (e - errs[best][k]) / n
			square += (e - errs[best][k]) * (e - errs[best][k]) / n
		}
		if d <= math.Sqrt((square-d*d)/n) {
			best = i
			break
		}
	}
	return float64(best) / steps / 2
}

func sum(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}

// errors are, for each series, the absolute errors with a share of the simple methods in
// units of those of the seasonal naive forecast, and as sMAPE has it, each over the mean
// of what it is with the simple methods alone.
func (m *Model) errors(share float64, all []reading, simple [][]float64, past, whole []data.Series) []float64 {
	mase, smape := make([]float64, len(all)), make([]float64, len(all))
	var mase1, smape1 float64
	blend := *m
	blend.BaselineWeight = share
	for i, r := range all {
		y, p := whole[i].Y[len(past[i].Y):], past[i].Y
		f := blend.forecast(r, simple[i]).Point
		if e := forecast.MASE(p, y, f, m.lag(len(p))); !math.IsNaN(e) {
			mase[i] = e
			mase1 += forecast.MASE(p, y, simple[i], m.lag(len(p)))
		}
		smape[i] = forecast.SMAPE(y, f)
		smape1 += forecast.SMAPE(y, simple[i])
	}
	for i := range mase {
		mase[i] = mase[i]/max(mase1, 1e-9) + smape[i]/max(smape1, 1e-9)
	}
	return mase
}

// widen sets how much the bands have to be widened so that each holds its share of what
// came (conformalised quantile regression, Romano et al. 2019, with ratios).
func (m *Model) widen(all []reading, simple [][]float64, past, whole []data.Series) {
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
