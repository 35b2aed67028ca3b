package segrnn

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/tensor"
)

// Predict forecasts the Horizon steps after each of the series. One that was in
// training, by its ID, is scaled as then. It changes nothing of the model and may run in
// several goroutines at once.
func (m *Model) Predict(ctx context.Context, series ...data.Series) ([]forecast.Forecast, error) {
	if err := m.Fits(series...); err != nil {
		return nil, err
	}
	ws := make([]window, len(series))
	for i, s := range series {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		z, err := m.prepare(s)
		if err != nil {
			return nil, err
		}
		ws[i] = window{z, len(s.Y)}
	}
	if m.Mix {
		return m.predictMix(ws), nil
	}
	fs := make([]forecast.Forecast, len(series))
	for i, y := range m.run(ws) {
		scale := ws[i].s.scale
		f := forecast.NewForecast(m.Horizon, m.Levels)
		for k, v := range y {
			p := scale.Mean + v*scale.Std
			f.Point[k] = p
			for l, b := range f.Bands {
				half := m.Widths[l][k] * scale.Std
				b.Lo[k], b.Hi[k] = p-half, p+half
			}
		}
		fs[i] = f
	}
	return fs, nil
}

// prepare scales a series as in training, or by itself if it is new.
func (m *Model) prepare(s data.Series) (*scaled, error) {
	if len(s.Y) == 0 {
		return nil, fmt.Errorf("segrnn: series %q has no values", s.ID)
	}
	c := slices.Index(m.IDs, s.ID)
	bounds := m.bounds(s.Y)
	if c >= 0 {
		bounds = [2]float64{m.Scales[c].Lo, m.Scales[c].Hi}
	}
	z, err := prepare(s, len(s.Y), bounds)
	if err != nil {
		return nil, err
	}
	if c >= 0 {
		was, own := m.Scales[c], z.scale
		for t, v := range z.x {
			z.x[t] = tensor.Float((float64(v)*own.Std + own.Mean - was.Mean) / was.Std)
		}
		z.channel, z.scale = c, was
	}
	return z, nil
}

// A Score is a mean error in the units of the series scaled to deviation 1.
type Score struct{ MSE, MAE float64 }

// Evaluate forecasts, for each step of the last n of the series that has the horizon
// after it, the Horizon steps from there, as the benchmarks of long horizons do
// (Zhou et al. 2021). The mean is over windows, steps and series.
func (m *Model) Evaluate(ctx context.Context, n int, series ...data.Series) (Score, error) {
	var sum Score
	count := 0.0
	for _, s := range series {
		z, err := m.prepare(s)
		if err != nil {
			return Score{}, err
		}
		var ws []window
		for o := max(len(s.Y)-n, m.Window); o+m.Horizon <= len(s.Y); o++ {
			ws = append(ws, window{z, o})
		}
		for part := range slices.Chunk(ws, 256) {
			if err := ctx.Err(); err != nil {
				return Score{}, err
			}
			for i, y := range m.run(part) {
				for k, f := range y {
					if t := part[i].origin + k; z.known[t] {
						e := f - float64(z.x[t])
						sum.MSE += e * e
						sum.MAE += math.Abs(e)
						count++
					}
				}
			}
		}
	}
	if count == 0 {
		return Score{}, fmt.Errorf("segrnn: no series has a window of %d and a horizon of %d to evaluate", m.Window, m.Horizon)
	}
	return Score{sum.MSE / count, sum.MAE / count}, nil
}

// run forecasts windows, [window][horizon], in units of their scale.
func (m *Model) run(ws []window) [][]float64 {
	if m.Mix {
		return m.middles(ws)
	}
	all := make([][]float64, 0, len(ws))
	w := m.Segment
	for part := range slices.Chunk(ws, 256) {
		g := grad.Eval()
		x, _, _ := m.inputs(g, part)
		out := m.Net.forward(g, x, channels(part), 0).Value.Data
		for i, win := range part {
			y := make([]float64, m.Horizon)
			for k := range y {
				y[k] = float64(out[(k/w*len(part)+i)*w+k%w] + win.s.x[win.origin-1])
			}
			all = append(all, y)
		}
	}
	return all
}

// calibrate takes, for each level and step, the error on windows that were held out
// that this share of them does not exceed (split conformal prediction, Vovk et al.
// 2005), not less than that of a step before.
func (m *Model) calibrate(held []window) {
	errs := make([][]float64, m.Horizon)
	for i, y := range m.run(held) {
		z, o := held[i].s, held[i].origin
		for k, f := range y {
			if t := o + k; z.known[t] {
				errs[k] = append(errs[k], math.Abs(f-float64(z.x[t])))
			}
		}
	}
	m.Widths = make([][]float64, len(m.Levels))
	for l, level := range m.Levels {
		m.Widths[l] = make([]float64, m.Horizon)
		least := 0.0
		for k, e := range errs {
			if n := len(e); n > 0 {
				slices.Sort(e)
				least = max(least, e[min(int(math.Ceil(level*float64(n+1)))-1, n-1)])
			}
			m.Widths[l][k] = least
		}
	}
}
