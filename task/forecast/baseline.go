package forecast

import (
	"math"

	"github.com/recur-go/recur/task/forecast/arima"
	"github.com/recur-go/recur/task/forecast/ets"
)

// A Baseline forecasts h steps of a series from its history alone. Its bands are
// those of independent normal errors with the spread of the one-step errors
// within the history, the usual textbook intervals.
//
// A history of missing values (NaN) is interpolated first. It must hold at least
// one value.
type Baseline struct {
	Name     string
	Forecast func(history []float64, h int, levels []float64) Forecast

	// Start, if it is there, makes a Forecast for histories of one series that grow from call
	// to call, as in a back-test, which learns less anew each time.
	Start func() func(history []float64, h int, levels []float64) Forecast
}

// started is a baseline of a name from its Start for a season.
func started(name string, season int, start func(m int) func(history []float64, h int, levels []float64) Forecast) Baseline {
	return Baseline{
		Name:     name,
		Forecast: func(y []float64, h int, levels []float64) Forecast { return start(season)(y, h, levels) },
		Start:    func() func(history []float64, h int, levels []float64) Forecast { return start(season) },
	}
}

// start is a Forecast for a back-test of one series.
func (b Baseline) start(season int) func(history []float64, h int, levels []float64) Forecast {
	if b.Start != nil {
		return b.Start()
	}
	return func(history []float64, h int, levels []float64) Forecast {
		return b.Forecast(recent(history, season), h, levels)
	}
}

// Baselines are what any model has to beat, for a season of the given number of
// steps: naive, seasonal_naive (if season > 1 it differs from naive), drift, theta, dotm, arima up to
// a season of 52, and ets, or mstl if the season is long, or both where a series may have several
// seasons.
func Baselines(season int) []Baseline {
	all := []Baseline{
		{Name: "naive", Forecast: Naive},
		{Name: "seasonal_naive", Forecast: func(y []float64, h int, levels []float64) Forecast {
			return SeasonalNaive(y, season, h, levels)
		}},
		{Name: "drift", Forecast: Drift},
		{Name: "theta", Forecast: func(y []float64, h int, levels []float64) Forecast {
			return Theta(y, season, h, levels)
		}},
		{Name: "dotm", Forecast: func(y []float64, h int, levels []float64) Forecast {
			return DOTM(y, season, h, levels)
		}},
	}
	if season < ets.Longest {
		all = append(all, started("ets", season, startETS))
	}
	if season <= arima.Most {
		all = append(all, started("arima", season, startARIMA))
	}
	if decomposed(season) {
		all = append(all, started("mstl", season, startMSTL))
	}
	return all
}

// Naive repeats the last value.
func Naive(history []float64, h int, levels []float64) Forecast {
	return SeasonalNaive(history, 1, h, levels)
}

// SeasonalNaive repeats the last season. A history shorter than a season repeats
// its last value.
func SeasonalNaive(history []float64, season, h int, levels []float64) Forecast {
	y := Interpolate(history, 1)
	n := len(y)
	if season < 1 || n < season {
		season = 1
	}
	sd := spread(y[min(season, n):], y[:max(n-season, 0)], 0)
	point, se := make([]float64, h), make([]float64, h)
	for k := range h {
		point[k] = y[n-season+k%season]
		se[k] = sd * math.Sqrt(float64(k/season+1))
	}
	return normal(point, se, levels)
}

// Drift extends the line from the first value to the last.
func Drift(history []float64, h int, levels []float64) Forecast {
	y := Interpolate(history, 1)
	n := len(y)
	var slope float64
	if n > 1 {
		slope = (y[n-1] - y[0]) / float64(n-1)
	}
	sd := spread(y[min(1, n):], y[:n-1], slope)
	point, se := make([]float64, h), make([]float64, h)
	for k := range h {
		ahead := float64(k + 1)
		point[k] = y[n-1] + slope*ahead
		se[k] = sd * math.Sqrt(ahead*(1+ahead/float64(max(n-1, 1))))
	}
	return normal(point, se, levels)
}

// spread is the root mean square of y - f - shift, the standard deviation of
// one-step errors.
func spread(y, f []float64, shift float64) float64 {
	if len(y) == 0 {
		return 0
	}
	var sum float64
	for i, v := range y {
		sum += (v - f[i] - shift) * (v - f[i] - shift)
	}
	return math.Sqrt(sum / float64(len(y)))
}

// normal makes bands of normal errors with standard deviation se around point.
func normal(point, se, levels []float64) Forecast {
	f := NewForecast(len(point), levels)
	f.Point = point
	for _, b := range f.Bands {
		z := math.Sqrt2 * math.Erfinv(b.Level)
		for k, p := range point {
			b.Lo[k], b.Hi[k] = p-z*se[k], p+z*se[k]
		}
	}
	return f
}
