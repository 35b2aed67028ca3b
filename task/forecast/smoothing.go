package forecast

import (
	"math"

	"github.com/recur-go/recur/task/forecast/ets"
)

// smoothed is how many of the last values ETS reads.
const smoothed = 600

// ETS is exponential smoothing, in the form of innovations state space models with the least
// AICc (Hyndman, Koehler, Snyder & Grose 2002), with a season of m steps or none; of more than
// 24 steps there is none. Its bands are those of the model. Of a long history it reads the last
// 600 values; one too short for a model is forecast as Naive does.
func ETS(history []float64, m, h int, levels []float64) Forecast {
	return startETS(m)(history, h, levels)
}

// startETS is ETS for histories of one series, each longer than the one before: the first
// chooses the form, one longer by a tenth estimates its parameters anew, and the others run
// the model on over what came.
func startETS(m int) func(history []float64, h int, levels []float64) Forecast {
	var model *ets.Model
	var first, fitted int // where the values begin that the model was fitted to, and how many there were
	fit := func(history []float64) (err error) {
		n := len(history)
		from := lately(history, smoothed)
		y := Interpolate(history[from:], m)
		was := model
		if model = nil; was != nil && n >= fitted {
			model, err = ets.Fit(y, was.Period, was.Form)
		}
		if model == nil {
			model, err = ets.Auto(y, m)
		}
		first, fitted = from, n
		return err
	}
	return func(history []float64, h int, levels []float64) Forecast {
		n := len(history)
		if model == nil || n < fitted || n-fitted > min(fitted, smoothed)/10 {
			if fit(history) != nil {
				return Naive(history, h, levels)
			}
		}
		now, err := model.Filter(Interpolate(history[first:], m))
		if err != nil { // the form multiplies, and a value is not above 0
			model = nil
			if fit(history) != nil {
				return Naive(history, h, levels)
			}
			now = model
		}
		ahead := now.Forecast(h)
		f := NewForecast(h, levels)
		copy(f.Point, ahead.Mean)
		for i, l := range levels {
			q := ahead.Quantiles(0.5-l/2, 0.5+l/2)
			f.Bands[i].Lo, f.Bands[i].Hi = q[0], q[1]
		}
		return f
	}
}

// lately is where the last n values begin, or more of them if all of those are missing.
func lately(history []float64, n int) int {
	from := max(0, len(history)-n)
	for t := len(history) - 1; t > 0; t-- {
		if !math.IsNaN(history[t]) {
			return min(from, t)
		}
	}
	return 0
}
