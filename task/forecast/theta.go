package forecast

import (
	"github.com/recur-go/recur/task/forecast/season"
	"github.com/recur-go/recur/task/forecast/theta"
)

// Theta is the method of Assimakopoulos & Nikolopoulos 2000 that won the M3 competition, in its
// classic form as in M4, see theta.Classic: if the series is seasonal by season.Has, which finds
// more than the test of M4, it is first divided by multiplicative seasonal indices, or, if it is
// not all positive, lessened by additive ones. Of a long history it reads the last 20,000 values.
func Theta(history []float64, m, h int, levels []float64) Forecast {
	return adjusted(theta.Classic, latest, season.Has)(history, m, h, levels)
}

// DOTM is the dynamic optimised theta model, see theta.Dynamic, of the series adjusted for a
// season as by Theta. Of a long history it reads the last 600 values.
func DOTM(history []float64, m, h int, levels []float64) Forecast {
	return adjusted(theta.Dynamic, smoothed, season.Has)(history, m, h, levels)
}

// Comb is the combination benchmark of the M competitions, see theta.Comb, of the series adjusted
// for a season as by Theta. Of a long history it reads the last 20,000 values.
func Comb(history []float64, m, h int, levels []float64) Forecast {
	return adjusted(theta.Comb, latest, season.Has)(history, m, h, levels)
}

// Naive2 is the benchmark of the M competitions: the naive forecast of the series
// adjusted for a season as by Theta, if it has one by the test of those competitions.
func Naive2(history []float64, season, h int, levels []float64) Forecast {
	y := Interpolate(history, season)
	adj := adjust(y, season, m4Seasonal)
	return adj.undo(Naive(y, h, levels), len(y))
}

// adjusted makes a method for series without a season, which reads at most so many of the last
// values, one for those of a season of m steps.
func adjusted(method func(y []float64, h int) theta.Forecast, most int, isSeasonal seasonTest) func(history []float64, m, h int, levels []float64) Forecast {
	return func(history []float64, m, h int, levels []float64) Forecast {
		y := Interpolate(history[lately(history, most):], m)
		adj := adjust(y, m, isSeasonal)
		f := method(y, h)
		return adj.undo(normal(f.Mean, f.Deviation, levels), len(y))
	}
}
