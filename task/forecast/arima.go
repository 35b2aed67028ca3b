package forecast

import "github.com/recur-go/recur/task/forecast/arima"

// ARIMA is a seasonal autoregressive integrated moving average whose order arima.Auto chooses,
// with a season of m steps or none; of more than 52 steps there is none. Its bands are those of
// the model. Of a long history it reads the last 600 values; one too short for a model is
// forecast as Naive does.
func ARIMA(history []float64, m, h int, levels []float64) Forecast {
	return startARIMA(m)(history, h, levels)
}

// startARIMA is ARIMA for histories of one series, each longer than the one before: the first
// chooses the order, one longer by a tenth estimates its coefficients anew, and the others run
// the model on over what came.
func startARIMA(m int) func(history []float64, h int, levels []float64) Forecast {
	var model *arima.Model
	var first, fitted int // where the values begin that the model was fitted to, and how many there were
	return func(history []float64, h int, levels []float64) Forecast {
		n := len(history)
		var now *arima.Model
		if model != nil && n >= fitted && n-fitted <= min(fitted, smoothed)/10 {
			now = model.Filter(Interpolate(history[first:], m))
		} else {
			from := lately(history, smoothed)
			y := Interpolate(history[from:], m)
			var err error
			if model != nil && n >= fitted {
				now, err = arima.Fit(y, model.Period, model.Order)
			} else {
				now, err = arima.Auto(y, m)
			}
			if err != nil {
				return Naive(history, h, levels)
			}
			model, first, fitted = now, from, n
		}
		ahead := now.Forecast(h)
		return normal(ahead.Mean, ahead.Deviation, levels)
	}
}
