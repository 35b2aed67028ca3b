package segrnn

import (
	"errors"

	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task/forecast"
)

func init() {
	forecast.Register(forecast.MethodOf(forecast.Method{
		Name:    kind,
		About:   "a GRU over segments for long horizons and long series (Lin et al. 2023)",
		Kind:    kind,
		Default: forecast.Spec{Hidden: paper.Hidden, Dropout: paper.Dropout, Epochs: paper.Epochs, Batch: paper.Batch, Rate: paper.Rate},
	}, fromSpec, Fit, Read))
}

// fromSpec is the preset with what s asks for. A season plays no part.
func fromSpec(s forecast.Spec) (Config, error) {
	c := paper
	if s.Cell != "" && s.Cell != rnn.KindGRU || s.Layers > 1 || s.Nets > 1 || s.Steps != 0 || s.StepsPerEpoch != 0 {
		return c, errors.New("segrnn: its net is one GRU of one layer, trained for epochs: cell, layers, nets, steps and steps_per_epoch are not to be set")
	}
	c.Horizon, c.Levels, c.Seed, c.Source = s.Horizon, s.Levels, s.Seed, s.Source
	c.Window, c.Hidden, c.Dropout, c.Epochs, c.Batch, c.Rate = s.Window, s.Hidden, s.Dropout, s.Epochs, s.Batch, s.Rate
	full := c.withDefaults()
	return c, full.check()
}

// Spec implements forecast.Forecaster.
func (m *Model) Spec() forecast.Spec {
	return forecast.Spec{Horizon: m.Horizon, Season: 1, Levels: m.Levels, Seed: m.Seed, Source: m.Source, Window: m.Window, Cell: rnn.KindGRU, Hidden: m.Hidden,
		Layers: 1, Dropout: m.Dropout, Nets: 1, Epochs: m.Config.Epochs, Batch: m.Batch, Rate: m.Rate}
}
