package probabilistic

import (
	"context"

	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

func init() {
	for _, p := range []struct {
		name, about string
		base        Config
	}{
		{"qrnn", "a global LSTM with covariates and quantiles for all steps at once (after Wen et al. 2017)", Config{Output: Quantile}},
		{"deepar", "a global LSTM with covariates that samples paths step by step (Salinas et al. 2020)", Config{Output: Student, Autoregressive: true}},
	} {
		forecast.Register(forecast.Preset{
			Name: p.name, About: p.about, Kind: Kind, Load: load, Covariates: true,
			Default: forecast.Spec{Output: string(p.base.Output), Cell: rnn.KindLSTM, Hidden: 64, Layers: 1, Dropout: 0.1, Nets: 1, Epochs: 12, Steps: 50, LR: 0.003},
			Valid: func(s forecast.Spec) error {
				c := fromSpec(p.base, s).withDefaults()
				return c.check()
			},
			Fit: func(ctx context.Context, s forecast.Spec, o task.Options, series ...forecast.Series) (forecast.Forecaster, error) {
				c := fromSpec(p.base, s)
				c.Run = o
				return forecast.AsForecaster(Fit(ctx, c, series...))
			},
		})
	}
}

func load(path string) (forecast.Forecaster, error) { return forecast.AsForecaster(Load(path)) }

// fromSpec is base with what s asks for.
func fromSpec(base Config, s forecast.Spec) Config {
	c := base
	c.Horizon, c.Season, c.Levels, c.Seed, c.Source, c.Covariates = s.Horizon, s.Season, s.Levels, s.Seed, s.Source, s.Covariates
	c.Window, c.Cell, c.Hidden, c.Layers, c.Dropout = s.Window, s.Cell, s.Hidden, s.Layers, s.Dropout
	c.Nets, c.Epochs, c.Steps, c.Batch, c.LR, c.Paths = s.Nets, s.Epochs, s.Steps, s.Batch, s.LR, s.Paths
	if s.Output != "" {
		c.Output = Output(s.Output)
	}
	return c
}

// Spec implements forecast.Forecaster.
func (m *Model) Spec() forecast.Spec {
	return forecast.Spec{Horizon: m.Horizon, Season: m.Season, Levels: m.Levels, Seed: m.Seed, Source: m.Source, Covariates: m.Covariates, Output: string(m.Output), Paths: m.Paths,
		Window: m.Window, Cell: m.Cell, Hidden: m.Hidden, Layers: m.Layers, Dropout: m.Dropout, Nets: len(m.Nets), Epochs: m.Epochs, Steps: m.Steps,
		Batch: m.Batch, LR: m.LR}
}

// WithLevels implements forecast.WithLevels.
func (m *Model) WithLevels(levels []float64) forecast.Forecaster {
	other := *m
	other.Levels = levels
	return &other
}
