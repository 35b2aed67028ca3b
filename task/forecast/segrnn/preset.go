package segrnn

import (
	"context"
	"errors"

	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

func init() {
	forecast.Register(forecast.Preset{
		Name:  Kind,
		About: "a GRU over segments for long horizons and long series (Lin et al. 2023)",
		Kind:  Kind,
		Valid: func(s forecast.Spec) error {
			c, err := fromSpec(s)
			if err != nil {
				return err
			}
			c = c.withDefaults()
			return c.check()
		},

		Default: forecast.Spec{Hidden: 256, Dropout: 0.5, Epochs: 20, Batch: 896, LR: 0.001},
		Fit: func(ctx context.Context, s forecast.Spec, o task.Options, series ...forecast.Series) (forecast.Forecaster, error) {
			c, err := fromSpec(s)
			if err != nil {
				return nil, err
			}
			c.Run = o
			return forecast.AsForecaster(Fit(ctx, c, series...))
		},
		Load: func(path string) (forecast.Forecaster, error) { return forecast.AsForecaster(Load(path)) },
	})
}

// fromSpec is s as a config of this package. A season plays no part.
func fromSpec(s forecast.Spec) (Config, error) {
	if s.Cell != "" && s.Cell != rnn.KindGRU || s.Layers > 1 || s.Nets > 1 || s.Steps != 0 {
		return Config{}, errors.New("segrnn: its net is one GRU of one layer: cell, layers, nets and steps are not to be set")
	}
	return Config{Horizon: s.Horizon, Lookback: s.Window, Hidden: s.Hidden, Dropout: s.Dropout, Epochs: s.Epochs, Batch: s.Batch,
		LR: s.LR, Levels: s.Levels, Seed: s.Seed, Source: s.Source}, nil
}

// Spec implements forecast.Forecaster.
func (m *Model) Spec() forecast.Spec {
	return forecast.Spec{Horizon: m.Horizon, Season: 1, Levels: m.Levels, Seed: m.Seed, Source: m.Source, Window: m.Lookback, Cell: rnn.KindGRU, Hidden: m.Hidden,
		Layers: 1, Dropout: m.Dropout, Nets: 1, Epochs: m.Config.Epochs, Batch: m.Batch, LR: m.LR}
}
