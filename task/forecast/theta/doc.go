// Package theta forecasts series without a season by methods that smooth them to a level and
// add a line: the theta method and its dynamic, optimised form, and the mean of three kinds of
// exponential smoothing that the M competitions compare with.
package theta

import "math"

// A Forecast has the means and the standard deviations of the steps ahead.
type Forecast struct{ Mean, Deviation []float64 }

// newForecast is a forecast of h steps whose deviation is sd for the first and grows as that of
// exponential smoothing of rate alpha does, by the root of 1 + k·α².
func newForecast(h int, sd, alpha float64, mean func(k int) float64) Forecast {
	f := Forecast{make([]float64, h), make([]float64, h)}
	for k := range h {
		f.Mean[k] = mean(k)
		f.Deviation[k] = sd * math.Sqrt(1+float64(k)*alpha*alpha)
	}
	return f
}
