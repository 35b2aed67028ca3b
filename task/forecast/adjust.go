package forecast

import (
	"slices"

	"github.com/recur-go/recur/task/forecast/season"
)

// An adjustment takes the season out of a series and puts it back into a forecast.
type adjustment struct {
	index    []float64 // nil for none
	additive bool
}

// A seasonTest reports whether a series repeats every so many steps.
type seasonTest func(y []float64, season int) bool

// adjust divides y by its multiplicative seasonal indices if it is seasonal, or takes
// off additive ones if not all of it is positive.
func adjust(y []float64, m int, isSeasonal seasonTest) (a adjustment) {
	if !isSeasonal(y, m) {
		return a
	}
	a.additive = slices.Min(y) <= 0
	a.index = season.Indices(y, m, !a.additive)
	for t := range y {
		if i := a.index[t%m]; a.additive {
			y[t] -= i
		} else {
			y[t] /= i
		}
	}
	return a
}

// undo puts the season back into a forecast from step n on.
func (a adjustment) undo(f Forecast, n int) Forecast {
	if a.index == nil {
		return f
	}
	for k := range f.Point {
		undo := func(v *float64) {
			if i := a.index[(n+k)%len(a.index)]; a.additive {
				*v += i
			} else {
				*v *= i
			}
		}
		undo(&f.Point[k])
		for _, b := range f.Bands {
			undo(&b.Lo[k])
			undo(&b.Hi[k])
		}
	}
	return f
}
