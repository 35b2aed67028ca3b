package forecast

import (
	"context"
	"fmt"

	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/train"
)

// Small is the name of this package's own model as a preset, the default.
const Small = "small"

var small = Preset{
	Name:  Small,
	About: "an ensemble of small LSTMs over seasonally adjusted series; seconds to train",
	Kind:  Kind,
	Fit:   fitSmall,
	Valid: func(s Spec) error {
		c, err := s.small()
		if err != nil {
			return err
		}
		c = c.withDefaults()
		return c.check()
	},

	Default: Spec{Hidden: 24, Nets: 5, Steps: 500, Batch: 32, LR: 0.01},
	Load:    func(path string) (Forecaster, error) { return AsForecaster(Load(path)) },
}

func init() { Register(small) }

func fitSmall(ctx context.Context, s Spec, o task.Options, series ...Series) (Forecaster, error) {
	cfg, err := s.small()
	if err != nil {
		return nil, err
	}
	cfg.OnStep = onStep(o)
	return AsForecaster(Fit(ctx, cfg, series...))
}

// small is s as a config of this package.
func (s Spec) small() (Config, error) {
	if s.Cell != "" || s.Layers != 0 || s.Dropout != 0 || s.Epochs != 0 {
		return Config{}, fmt.Errorf("forecast: preset %s has no cell, layers, dropout or epochs to set: choose another, such as qrnn", Small)
	}
	return Config{Horizon: s.Horizon, Season: s.Season, Levels: s.Levels, Seed: s.Seed, Source: s.Source, Window: s.Window, Hidden: s.Hidden,
		Nets: s.Nets, Steps: s.Steps, Batch: s.Batch, LR: s.LR}, nil
}

// onStep tells o of steps, which have no losses worth telling.
func onStep(o task.Options) func(done, total int) {
	if o.OnStep == nil {
		return nil
	}
	return func(done, total int) { o.OnStep(task.Step{Progress: train.Progress{Step: done}, Of: total}) }
}

// Spec implements Forecaster.
func (m *Model) Spec() Spec {
	return Spec{Horizon: m.Horizon, Season: m.Season, Levels: m.Levels, Seed: m.Seed, Source: m.Source, Window: m.Window, Hidden: m.Hidden,
		Nets: len(m.Nets), Steps: m.Steps, Batch: m.Batch, LR: m.LR}
}

// WithLevels implements Releveler.
func (m *Model) WithLevels(levels []float64) Forecaster {
	other := *m
	other.Levels = levels
	return &other
}
