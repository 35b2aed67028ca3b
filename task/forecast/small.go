package forecast

import "fmt"

// Small is the name of this package's own model as a preset, the default.
const Small = "small"

func init() {
	Register(MethodOf(Method{
		Name:    Small,
		About:   "an ensemble of small LSTMs over seasonally adjusted series; seconds to train",
		Kind:    Name,
		Default: Spec{Hidden: 24, Nets: 5, Steps: 500, Batch: 32, Rate: 0.01},
	}, SmallConfig, Fit, Read))
}

// SmallConfig is s as a config of this package's own model. It reports what makes no sense
// in it.
func SmallConfig(s Spec) (Config, error) {
	if s.Cell != "" || s.Layers != 0 || s.Dropout != 0 || s.Epochs != 0 || s.StepsPerEpoch != 0 {
		return Config{}, fmt.Errorf("forecast: preset %s has no cell, layers, dropout or epochs to set: choose another, such as qrnn", Small)
	}
	c := Config{Horizon: s.Horizon, Season: s.Season, Levels: s.Levels, Seed: s.Seed, Source: s.Source, Window: s.Window, Hidden: s.Hidden,
		Nets: s.Nets, Steps: s.Steps, Batch: s.Batch, Rate: s.Rate}
	return c, c.withDefaults().check()
}

// Spec implements Forecaster.
func (m *Model) Spec() Spec {
	return Spec{Horizon: m.Horizon, Season: m.Season, Levels: m.Levels, Seed: m.Seed, Source: m.Source, Window: m.Window, Hidden: m.Hidden,
		Nets: len(m.Nets), Steps: m.Steps, Batch: m.Batch, Rate: m.Rate}
}

// WithLevels implements the interface WithLevels.
func (m *Model) WithLevels(levels []float64) Forecaster {
	other := *m
	other.Levels = levels
	return &other
}
