package esrnn

import (
	"context"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/task/forecast"
)

// Predict forecasts the Horizon steps after each of the series. One that was in
// training, by its ID, has its own rates and first season. It changes nothing of the
// model and may run in several goroutines at once.
func (m *Model) Predict(ctx context.Context, series ...data.Series) ([]forecast.Forecast, error) {
	if err := m.Fits(series...); err != nil {
		return nil, err
	}
	all, err := m.run(ctx, m.Nets, series)
	if err != nil {
		return nil, err
	}
	fs := make([]forecast.Forecast, len(series))
	for i, r := range all {
		fs[i] = m.blend(r, series[i])
	}
	return fs, nil
}

// A reading is the mean of what nets forecast of a series, as [horizon][quantiles] in
// units of z, or nil for a series that never changes.
type reading struct {
	z    *scaled
	q    [][]float64
	last float64
}

// run forecasts series by nets.
func (m *Model) run(ctx context.Context, nets []*Net, series []data.Series) ([]reading, error) {
	all := make([]reading, len(series))
	var zs []*scaled
	at := map[*scaled]int{}
	for i, s := range series {
		z, err := m.prepare(s, m.id(i, s.ID))
		if err != nil {
			return nil, err
		}
		if z == nil {
			all[i].last = last(s.Y)
			continue
		}
		all[i].z = z
		at[z] = i
		zs = append(zs, z)
	}
	slices.SortStableFunc(zs, func(a, b *scaled) int { return len(b.x) - len(a.x) })
	for part := range slices.Chunk(zs, 64) {
		ends, b := make([]origin, len(part)), make(batch, len(part))
		for i, z := range part {
			b[i] = piece{z, max(len(z.x)-m.Span, 0), len(z.x)}
			ends[i] = origin{i, len(z.x) - 1}
		}
		qs, err := m.read(ctx, nets, b, ends)
		if err != nil {
			return nil, err
		}
		for i, z := range part {
			all[at[z]].q = qs[i]
		}
	}
	return all, nil
}

// read is the mean of what nets forecast from origins in a batch, as
// [origin][horizon][quantiles] in units of the series.
func (m *Model) read(ctx context.Context, nets []*Net, b batch, at []origin) ([][][]float64, error) {
	Q := 1 + 2*len(m.Levels)
	all := make([][][]float64, len(at))
	for i := range all {
		all[i] = make([][]float64, m.Horizon)
		for k := range all[i] {
			all[i][k] = make([]float64, Q)
		}
	}
	g := grad.Eval()
	for _, n := range nets {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		g.Reset()
		o, mid, out := n.forward(g, &m.Config, b, at)
		for i, a := range at {
			for k, q := range all[i] {
				base := row(o.level.Value, a.series)[a.step] + mid.Value.Data[i*m.Horizon+k]
				for s := range o.seasons {
					base += row(o.seasons[s].Value, a.series)[o.season(s, a.step, k+1)]
				}
				for j := range q {
					q[j] += float64(base+out.Value.Data[(i*m.Horizon+k)*Q+j]) / float64(len(nets))
				}
			}
		}
	}
	return all, nil
}

// id is the number of a series in training, looked for first where it was there.
func (m *Model) id(i int, name string) int {
	if i < len(m.IDs) && m.IDs[i] == name {
		return i
	}
	return slices.Index(m.IDs, name)
}

func last(y []float64) float64 {
	y = forecast.Interpolate(y, 1)
	return y[len(y)-1]
}

// blend is the forecast of a reading of s.
func (m *Model) blend(r reading, s data.Series) forecast.Forecast {
	if m.BaselineWeight > 0 {
		return m.forecast(r, m.simple(s))
	}
	return m.forecast(r, nil)
}

// simple is the mean of Comb and Theta, without a season if none is smoothed.
func (m *Model) simple(s data.Series) []float64 {
	season := 1
	if len(m.Seasonalities) > 0 {
		season = m.Season
	}
	f, theta := forecast.Comb(s.Y, season, m.Horizon, nil).Point, forecast.Theta(s.Y, season, m.Horizon, nil).Point
	for k := range f {
		f[k] = (f[k] + theta[k]) / 2
	}
	return f
}

// forecast puts a reading into the units of its series, blended with simple methods if
// they are there, with bands around it.
func (m *Model) forecast(r reading, simple []float64) forecast.Forecast {
	f := forecast.NewForecast(m.Horizon, m.Levels)
	for k := range f.Point {
		if r.z == nil {
			f.Point[k] = r.last
			for _, b := range f.Bands {
				b.Lo[k], b.Hi[k] = r.last, r.last
			}
			continue
		}
		q := r.q[k]
		p := r.z.value(q[0])
		if simple != nil {
			p += m.BaselineWeight * (max(simple[k], r.z.floor) - p)
		}
		f.Point[k] = p
		mid := r.z.units(p)
		var below, above float64
		for l, b := range f.Bands {
			below = max(below, (q[0]-q[1+2*l])*m.Widen[l])
			above = max(above, (q[2+2*l]-q[0])*m.Widen[l])
			b.Lo[k], b.Hi[k] = min(r.z.value(mid-below), p), max(r.z.value(mid+above), p)
		}
	}
	return f
}
