package esrnn

import (
	"context"
	"math"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task/forecast"
)

// atOnce is the number of origins that one reading of a series forecasts from.
const atOnce = 256

// drift is the change of the scale of a series after which it is read anew.
const drift = 0.005

// Roll implements forecast.Roller: a net smooths and reads the series once and forecasts
// from its states at each origin, with the scale that the series had at the first, as long
// as that is about its scale. The forecast from the first origin is that of Predict.
func (m *Model) Roll(ctx context.Context, s data.Series, origins []int) ([]forecast.Forecast, error) {
	var all []forecast.Forecast
	for len(all) < len(origins) {
		rest := origins[len(all):]
		z, err := m.prepare(s.Before(rest[0]), m.id(0, s.ID))
		if err != nil {
			return nil, err
		}
		n := 1
		for z != nil && n < min(len(rest), atOnce) && z.fits(s.Y[rest[n-1]:rest[n]]) {
			now, err := m.prepare(s.Before(rest[n]), z.id)
			if err != nil {
				return nil, err
			}
			if math.Abs(now.scale/z.scale-1) > drift {
				break
			}
			n++
		}
		fs, err := m.roll(ctx, s, z, rest[:n])
		if err != nil {
			return nil, err
		}
		all = append(all, fs...)
	}
	return all, nil
}

// fits reports whether values that come later can be scaled as those before: their
// logarithms can be taken.
func (z *scaled) fits(y []float64) bool {
	for _, v := range y {
		if v < z.least || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// roll is Roll for a series with the scale z at the first of the origins, which fits all
// that follows; nil if the series never changed up to there.
func (m *Model) roll(ctx context.Context, s data.Series, z *scaled, origins []int) ([]forecast.Forecast, error) {
	first, end := origins[0], origins[len(origins)-1]
	readings := make([]reading, len(origins))
	if z == nil {
		readings[0].last = last(s.Y[:first])
	} else {
		n := len(z.x) // up to the first origin
		at := make([]origin, len(origins))
		for i, o := range origins {
			at[i].step = n + o - first - 1
		}
		z.append(s.Y[first:end])
		qs, err := m.read(ctx, m.Nets, batch{{z, max(n-m.Span, 0), len(z.x)}}, at)
		if err != nil {
			return nil, err
		}
		for i, q := range qs {
			readings[i] = reading{z: z, q: q}
		}
	}
	fs := make([]forecast.Forecast, len(origins))
	for i, r := range readings {
		fs[i] = m.blend(r, s.Before(origins[i]))
	}
	return fs, nil
}
