package esrnn

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/season"
	"github.com/recur-go/recur/tensor"
)

// scaled is a series as the net reads it,
//
//	x = (log(y + shift) - center) / scale
//
// with scale the mean change of the logarithm over a season. It begins with a value
// that is known.
type scaled struct {
	id     int // number in training, -1 if it is new
	x      []tensor.Float
	known  []bool
	first  []tensor.Float // season indices of the first steps, for each season in turn
	size   tensor.Float   // log of scale
	weight tensor.Float   // weight in the loss

	shift, center, scale float64
	floor                float64 // least value of a forecast
	least                float64 // value whose logarithm is taken as it is
}

// A piece is a series that is smoothed up to step hi, from lo on of which the layers read.
type piece struct {
	*scaled
	lo, hi int
}

// A batch of series, or pieces of them.
type batch []piece

// low is how far the least value of a series has to be above 0, in units of the median
// of the sizes of its values, for the logarithm to be taken as it is.
const low = 0.1

// errNone is the error of a series all of whose values are missing.
var errNone = errors.New("has no values")

// prepare scales a series by all of it, its last History steps. It returns nil if the
// series never changes.
func (c *Config) prepare(s data.Series, id int) (*scaled, error) {
	y := s.Y[max(len(s.Y)-c.History, 0):]
	for len(y) > 0 && math.IsNaN(y[0]) {
		y = y[1:]
	}
	z := &scaled{id: id, floor: math.Inf(-1)}
	var size []float64
	lo := math.Inf(1)
	for t, v := range y {
		if math.IsInf(v, 0) {
			return nil, fmt.Errorf("esrnn: value %d of series %q is infinite; make it NaN if it is unknown", len(s.Y)-len(y)+t, s.ID)
		}
		if !math.IsNaN(v) {
			size = append(size, math.Abs(v))
			lo = min(lo, v)
		}
	}
	if len(size) == 0 {
		return nil, fmt.Errorf("esrnn: series %q %w", s.ID, errNone)
	}
	if lo >= 0 {
		z.floor = 0
	}
	slices.Sort(size)
	median := size[len(size)/2]
	if median == 0 {
		median = size[len(size)-1]
	}
	z.shift = max(low*median-lo, 0)
	z.least = low*median - z.shift
	log := make([]float64, len(y))
	n := 0
	for t, v := range y {
		log[t] = math.Log(v + z.shift)
		if !math.IsNaN(v) {
			z.center += log[t]
			n++
		}
	}
	z.center /= float64(n)
	z.scale = forecast.SeasonalError(log, c.lag(len(y)))
	if math.IsNaN(z.scale) {
		return nil, nil
	}
	z.size = tensor.Float(math.Log(z.scale))
	z.x, z.known = make([]tensor.Float, len(y)), make([]bool, len(y))
	for t, v := range log {
		log[t] = (v - z.center) / z.scale
		if z.known[t] = !math.IsNaN(v); z.known[t] {
			z.x[t] = tensor.Float(log[t])
		}
	}
	z.first = c.firstSeasons(log)
	var late, lates float64 // mean of the last season
	for t := max(len(y)-c.Season, 0); t < len(y); t++ {
		if z.known[t] {
			late += y[t] + z.shift
			lates++
		}
	}
	z.weight = 1
	if e := forecast.SeasonalError(y, c.lag(len(y))); lates > 0 && !math.IsNaN(e) {
		z.weight = tensor.Float(late / lates * z.scale / e)
	}
	return z, nil
}

// lag is the season that changes are measured over: none if it is not smoothed, or the
// series is too short for it.
func (c *Config) lag(n int) int {
	if len(c.Seasonalities) > 0 && n > c.Seasonalities[0] {
		return c.Seasonalities[0]
	}
	return 1
}

// firstSeasons are the indices of each season by moving averages, of the series less
// those before, from the first few seasons. They are as much smaller as they owe to
// chance: by 1 - σ²/(n·v), with σ² the variance of a value around its season, n seasons
// and v the mean square of the indices.
func (c *Config) firstSeasons(x []float64) (first []tensor.Float) {
	const few = 4
	rest := forecast.Interpolate(x, c.Season)
	for _, m := range c.Seasonalities {
		index := make([]float64, m)
		if len(x) >= 2*m {
			part := rest[:min(len(x), few*m)]
			index = season.Indices(part, m, false)
			var square float64
			for _, v := range index {
				square += v * v / float64(m)
			}
			if square > 0 {
				keep := 1 - noise(part, m)/(square*float64(len(part))/float64(m))
				for i := range index {
					index[i] *= max(keep, 0)
				}
			}
		}
		for t := range rest {
			rest[t] -= index[t%m]
		}
		for _, v := range index {
			first = append(first, tensor.Float(v))
		}
	}
	return first
}

// noise is the variance of a value around its season: half that of its change over a
// season, of which a steady growth is no part.
func noise(x []float64, m int) float64 {
	var mean, square float64
	n := float64(len(x) - m)
	for t := m; t < len(x); t++ {
		d := x[t] - x[t-m]
		mean += d / n
		square += d * d / n
	}
	return (square - mean*mean) / 2
}

// append puts values after those of z, in its units.
func (z *scaled) append(y []float64) {
	for _, v := range y {
		var x tensor.Float
		if !math.IsNaN(v) {
			x = tensor.Float(z.units(v))
		}
		z.x, z.known = append(z.x, x), append(z.known, !math.IsNaN(v))
	}
}

// value undoes prepare.
func (z *scaled) value(x float64) float64 {
	return max(math.Exp(x*z.scale+z.center)-z.shift, z.floor)
}

// units is x of a value.
func (z *scaled) units(y float64) float64 {
	return (math.Log(max(y+z.shift, 1e-12)) - z.center) / z.scale
}

// weigh brings the weights of the series to a mean of 1: three parts by the error in units
// of the seasonal naive one, as MASE has it, and seven by that in proportion to the values,
// as sMAPE has it. With these the two take about an even part in OWA.
func weigh(all []*scaled) {
	const part = 0.3
	var mase, smape float64
	for _, z := range all {
		mase += float64(z.weight) / float64(len(all))
		smape += z.scale / float64(len(all))
	}
	for _, z := range all {
		w := part*float64(z.weight)/mase + (1-part)*z.scale/smape
		z.weight = tensor.Float(min(max(w, 0.1), 10))
	}
}
