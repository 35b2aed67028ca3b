package esrnn

import (
	"errors"

	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task/forecast"
)

func init() {
	forecast.Register(forecast.MethodOf(forecast.Method{
		Name:  kind,
		About: "exponential smoothing with a dilated LSTM for many series (Smyl 2020), blended with simple methods",
		Kind:  kind,
	}, fromSpec, Fit, Read))
}

// fromSpec is s as a config of this package.
func fromSpec(s forecast.Spec) (c Config, err error) {
	if s.Cell != "" && s.Cell != rnn.KindLSTM || s.Layers != 0 || s.Dropout != 0 || s.Epochs != 0 || s.StepsPerEpoch != 0 {
		return c, errors.New("esrnn: its net is a stack of LSTMs by the season: cell, layers, dropout and epochs are not to be set; steps are")
	}
	c = Config{Horizon: s.Horizon, Season: s.Season, Levels: s.Levels, Seed: s.Seed, Source: s.Source, Window: s.Window, Hidden: s.Hidden,
		Nets: s.Nets, Steps: s.Steps, Batch: s.Batch, Rate: s.Rate}
	full := c.withDefaults()
	return c, full.check()
}

// Spec implements forecast.Forecaster.
func (m *Model) Spec() forecast.Spec {
	layers := 0
	for _, block := range m.Dilations {
		layers += len(block)
	}
	return forecast.Spec{Horizon: m.Horizon, Season: m.Season, Levels: m.Levels, Seed: m.Seed, Source: m.Source, Window: m.Window, Cell: rnn.KindLSTM, Hidden: m.Hidden,
		Layers: layers, Nets: len(m.Nets), Steps: m.Steps, Batch: m.Batch, Rate: m.Rate}
}
