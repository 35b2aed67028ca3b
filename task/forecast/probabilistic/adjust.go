package probabilistic

import (
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/season"
	"github.com/recur-go/recur/tensor"
)

// An Adjust is what is taken out of a series before the net reads it.
type Adjust string

// The adjustments.
//
// A net of many series learns a season from the data where there are many cycles of it, and where
// a series wanders to. Of short ones it can do neither: it takes levels of the future for those
// of the past, and one season, as noisy as it is, for the next. AdjustLocal gives each series its
// seasonal indices, and lets the net read and forecast what is left relative to the last value, in
// units of its steps, as the presets small and esrnn do.
const (
	AdjustAuto  Adjust = "auto"  // AdjustLocal for short series, else AdjustNone
	AdjustNone  Adjust = "none"  // nothing; a series has one scale
	AdjustLocal Adjust = "local" // season, if there is one, and level
)

// chooseAdjust replaces AdjustAuto by the longest of the series: it is short below 20 seasons or 500
// steps.
func (c *Config) chooseAdjust(series []data.Series) {
	if c.Adjust != AdjustAuto {
		return
	}
	c.Adjust = AdjustNone
	if c.Output != NegBin && len(forecast.Longest(series).Y) < max(500, 20*c.Season) {
		c.Adjust = AdjustLocal
	}
}

// fitLocal is fitScale of a series whose season and level are taken out: its unit is the mean of
// the changes from step to step. Values that are all well above 0 become logarithms.
func (c *Config) fitLocal(s data.Series) (Scale, error) {
	known := slices.DeleteFunc(slices.Clone(s.Y), math.IsNaN)
	if len(known) == 0 {
		return Scale{}, fmt.Errorf("probabilistic: series %q has no values", s.ID)
	}
	last := known[len(known)-1]
	slices.Sort(known)
	lo, middle := known[0], known[len(known)/2]
	by := Scale{Std: 1, Unit: 1, Log: c.Transform == Log || c.Transform == Auto && lo > 0 && lo > 0.02*middle}
	by.Mean = transformed([]float64{last}, by.Log)[0] // near to what is to come, for single precision
	x := transformed(s.Y, by.Log)
	deseason(x, c.index(x))
	var sum, n float64
	before := math.NaN()
	for _, v := range x {
		if math.IsNaN(v) {
			continue
		}
		if d := math.Abs(v - before); d > 0 {
			sum, n = sum+d, n+1
		}
		before = v
	}
	if n > 0 {
		by.Std = max(sum/n, 1e-9*math.Abs(by.Mean), 1e-300)
	}
	return by, nil
}

// transformed is y, or its logarithms.
func transformed(y []float64, log bool) []float64 {
	x := slices.Clone(y)
	if log {
		for t, v := range y {
			x[t] = math.Log(v)
		}
	}
	return x
}

// index are the seasonal indices of x, nil without a season.
func (c *Config) index(x []float64) []float64 {
	if c.Season < 2 || len(x) < 2*c.Season {
		return nil
	}
	filled := forecast.Interpolate(x, c.Season)
	if !season.Has(filled, c.Season) {
		return nil
	}
	return season.Indices(filled, c.Season, false)
}

// deseason takes a season out of x.
func deseason(x, index []float64) {
	if index != nil {
		for t := range x {
			x[t] -= index[t%len(index)]
		}
	}
}

// base is what values are relative to at step t of a span: the last value that is known before it
// if the level is taken out, else 0.
func (z *scaled) base(s span, t int) tensor.Float {
	if s.ahead {
		t = s.origin
	}
	if !z.local || t == 0 {
		return 0
	}
	return z.last[t-1]
}

// recent is the mean of the last season, or of four values if that is more, before step end and
// with a path after it.
func (z *scaled) recent(end, season int, path []float64) (mean tensor.Float) {
	n := min(max(season, 4), end+len(path))
	for back := 1; back <= n; back++ {
		if k := len(path) - back; k >= 0 {
			mean += tensor.Float(path[k]) / tensor.Float(n)
		} else {
			mean += z.last[end+k] / tensor.Float(n)
		}
	}
	return mean
}
