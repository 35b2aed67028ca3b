package forecast

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
	"github.com/recur-go/recur/tensor"
)

// Predict forecasts the Horizon steps after each of the series. It changes
// nothing of the model and may run in several goroutines at once.
func (m *Model) Predict(ctx context.Context, series ...data.Series) ([]Forecast, error) {
	if err := m.Fits(series...); err != nil {
		return nil, err
	}
	ws := make([]window, len(series))
	for i, s := range series {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := check(s); err != nil {
			return nil, err
		}
		if len(s.Y) < 2 {
			return nil, fmt.Errorf("forecast: series%s has %d values, want at least 2", quoted(s.ID), len(s.Y))
		}
		p := prepare(s.Y, m.Season)
		ws[i] = window{p, len(p.x)}
	}
	fs := make([]Forecast, len(series))
	for i, q := range m.quantiles(m.Nets, ws) {
		fs[i] = m.forecast(ws[i], q, m.Widen)
	}
	return fs, nil
}

// quantiles returns, for each window and step, the medians of the nets' quantiles
// relative to the value at the origin.
func (c *Config) quantiles(nets []*Net, ws []window) [][][]float64 {
	all, cells := make([][][]float64, 0, len(ws)), make([]rnn.Cell, len(nets))
	for i, n := range nets {
		cells[i], _ = rnn.Freeze(n.Cell, c.Weights) // an LSTM always has a frozen form
	}
	at := max(1, min(256, 1<<19/(c.Window+c.Horizon))) // windows at a time; memory grows with their steps
	for part := range slices.Chunk(ws, at) {
		B := len(part)
		x := tensor.New(c.Window+c.Horizon, B, features)
		for b, w := range part {
			c.inputs(w, x, b)
		}
		outs := make([][]tensor.Float, len(nets))
		for i, n := range nets {
			outs[i] = n.forward(grad.Eval(), cells[i], x, c.Horizon).Value.Data
		}
		votes := make([]float64, len(nets))
		for b := range part {
			steps := make([][]float64, c.Horizon)
			for k := range steps {
				steps[k] = make([]float64, len(quantiles))
				for j := range quantiles {
					for i, out := range outs {
						votes[i] = float64(out[(k*B+b)*len(quantiles)+j])
					}
					steps[k][j] = quantile.Median(votes)
				}
			}
			all = append(all, steps)
		}
	}
	return all
}

// forecast puts quantiles relative to the origin back into the units of the
// series, with the bands widened.
func (c *Config) forecast(w window, q [][]float64, widen []float64) Forecast {
	f := NewForecast(c.Horizon, c.Levels)
	if constant(w.p.x) {
		q = make([][]float64, c.Horizon)
		for k := range q {
			q[k] = make([]float64, len(quantiles))
		}
	}
	past := w.p.x[:w.origin]
	lo, hi := slices.Min(past), slices.Max(past)
	room := (hi - lo) * max(1, float64(c.Horizon)/float64(len(past))) // as Forecast.bound has it
	lo, hi = lo-room, hi+room
	for k, q := range q {
		t := w.origin + k
		at := func(z float64) float64 {
			return w.p.value(min(max(past[w.origin-1]+quantileAt(q, widen, z), lo), hi), t)
		}
		f.Point[k] = at(0)
		for _, b := range f.Bands {
			z := quantile.Normal((1 + b.Level) / 2)
			b.Lo[k], b.Hi[k] = at(-z), at(z)
		}
	}
	return f
}

// quantileAt reads the quantile of a normal score z off those that the nets give, on the
// straight lines between their own normal scores.
func quantileAt(q, widen []float64, z float64) float64 {
	side := 1
	if z < 0 {
		side = -1
	}
	var d, dz float64 // distance from the middle at the inner end of the line, and its score
	for i := range middle {
		j := middle + side*(i+1)
		next := max(d, math.Abs(q[j]-q[middle])*widen[i])
		nz := quantile.Normal(quantiles[middle+1+i])
		if a := math.Abs(z); a <= nz || i == middle-1 {
			return q[middle] + float64(side)*(d+(next-d)*(a-dz)/(nz-dz))
		}
		d, dz = next, nz
	}
	panic("unreachable")
}
