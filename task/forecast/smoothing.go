package forecast

import "github.com/recur-go/recur/task/forecast/ets"

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
	return func(history []float64, h int, levels []float64) Forecast {
		y := Interpolate(history, m)
		from := max(0, len(y)-smoothed)
		if model == nil || len(y) < fitted || len(y)-fitted > min(fitted, smoothed)/10 {
			fit := func(y []float64) (*ets.Model, error) { return ets.Auto(y, m) }
			if model != nil && len(y) >= fitted {
				fit = func(y []float64) (*ets.Model, error) { return ets.Fit(y, model.Period, model.Form) }
			}
			now, err := fit(y[from:])
			if err != nil {
				now, err = ets.Auto(y[from:], m)
			}
			if err != nil {
				return Naive(history, h, levels)
			}
			model, first, fitted = now, from, len(y)
		}
		now, err := model.Filter(y[first:])
		if err != nil { // a form that multiplies meets a value that is not above 0
			if now, err = ets.Auto(y[from:], m); err != nil {
				return Naive(history, h, levels)
			}
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
