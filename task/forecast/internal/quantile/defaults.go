package quantile

import (
	"cmp"
	"math"
	"slices"
)

// Levels returns the levels of the bands of a forecast from low to high; default 0.5, 0.8
// and 0.95.
func Levels(levels []float64) []float64 {
	if levels == nil {
		return []float64{0.5, 0.8, 0.95}
	}
	return slices.Sorted(slices.Values(levels))
}

// Horizon returns the steps to forecast; default a season, or 12 if season is no more than
// a step.
func Horizon(horizon, season int) int {
	if season > 1 {
		return cmp.Or(horizon, season)
	}
	return cmp.Or(horizon, 12)
}

// Params is the number of parameters of so many nets, each with those of one, or
// math.MaxInt if there are more.
func Params(nets, one int) int {
	if nets > 0 && one > math.MaxInt/nets {
		return math.MaxInt
	}
	return nets * one
}
