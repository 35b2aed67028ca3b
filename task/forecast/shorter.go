package forecast

import (
	"context"
	"math"

	"github.com/recur-go/recur/data"
)

// Shorter is m with forecasts of the first horizon of its steps. Covariates that are known in
// advance need to be known that far only.
func Shorter(m Forecaster, horizon int) Forecaster {
	j := *m.Asked()
	if horizon >= j.Horizon {
		return m
	}
	j.Horizon = horizon
	return shorter{m, j}
}

type shorter struct {
	Forecaster
	job Job
}

func (s shorter) Asked() *Job { return &s.job }

func (s shorter) net() Forecaster { return NetOf(s.Forecaster) }

// Predict implements Forecaster.
func (s shorter) Predict(ctx context.Context, series ...data.Series) ([]Forecast, error) {
	whole := make([]data.Series, len(series))
	for i, one := range series {
		known := make([][]float64, len(one.Known))
		for j, x := range one.Known {
			known[j] = x[:len(x):len(x)]
			for len(known[j]) < len(one.Y)+s.Forecaster.Asked().Horizon {
				known[j] = append(known[j], math.NaN())
			}
		}
		one.Known = known
		whole[i] = one
	}
	all, err := s.Forecaster.Predict(ctx, whole...)
	for i := range all {
		all[i] = all[i].First(s.job.Horizon)
	}
	return all, err
}

// First is the first n steps of f.
func (f Forecast) First(n int) Forecast {
	g := Forecast{Point: f.Point[:n:n]}
	for _, b := range f.Bands {
		g.Bands = append(g.Bands, Band{b.Level, b.Lo[:n:n], b.Hi[:n:n]})
	}
	for _, p := range f.Paths {
		g.Paths = append(g.Paths, p[:n:n])
	}
	return g
}
