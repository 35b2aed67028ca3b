package forecast

import (
	"github.com/recur-go/recur/task/forecast/ets"
)

// ETS is exponential smoothing, in the form of innovations state space models with the least
// AICc (Hyndman, Koehler, Snyder & Grose 2002), with a season of m steps or none; of more than
// 24 steps there is none. Its bands are those of the model. Of a long history it reads the last
// 600 values; one too short for a model is forecast as Naive does.
func ETS(history []float64, m, h int, levels []float64) Forecast {
	return startETS(m)(history, h, levels)
}

// startETS is ETS for histories of one series that grow, see grown.
func startETS(m int) func(history []float64, h int, levels []float64) Forecast {
	g := grown[ets.Model]{
		season: m,
		fit: func(y []float64, was *ets.Model) (*ets.Model, error) {
			if was != nil {
				if model, err := ets.Fit(y, was.Period, was.Form); err == nil {
					return model, nil
				}
			}
			return ets.Auto(y, m)
		},
		filter: (*ets.Model).Filter,
	}
	return g.forecasts(func(model *ets.Model, h int, levels []float64) Forecast {
		ahead := model.Forecast(h)
		f := NewForecast(h, levels)
		copy(f.Point, ahead.Mean)
		for i, l := range levels {
			q := ahead.Quantiles(0.5-l/2, 0.5+l/2)
			f.Bands[i].Lo, f.Bands[i].Hi = q[0], q[1]
		}
		return f
	})
}
