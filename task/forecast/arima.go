package forecast

import "github.com/recur-go/recur/task/forecast/arima"

// ARIMA is a seasonal autoregressive integrated moving average whose order arima.Auto chooses,
// with a season of m steps or none; of more than 52 steps there is none. Its bands are those of
// the model. Of a long history it reads the last 600 values; one too short for a model is
// forecast as Naive does.
func ARIMA(history []float64, m, h int, levels []float64) Forecast {
	return startARIMA(m)(history, h, levels)
}

// startARIMA is ARIMA for histories of one series that grow, see grown.
func startARIMA(m int) func(history []float64, h int, levels []float64) Forecast {
	g := grown[arima.Model]{
		season: m,
		fit: func(y []float64, was *arima.Model) (*arima.Model, error) {
			if was != nil {
				return arima.Fit(y, was.Period, was.Order)
			}
			return arima.Auto(y, m)
		},
		filter: func(model *arima.Model, y []float64) (*arima.Model, error) { return model.Filter(y), nil },
	}
	return g.forecasts(func(model *arima.Model, h int, levels []float64) Forecast {
		ahead := model.Forecast(h)
		return normal(ahead.Mean, ahead.Deviation, levels)
	})
}
