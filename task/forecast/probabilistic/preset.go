package probabilistic

import (
	"cmp"
	"errors"

	"github.com/recur-go/recur/task/forecast"
)

func init() {
	about := map[string]string{
		"qrnn":   "a global LSTM with covariates and quantiles for all steps at once (after Wen et al. 2017)",
		"deepar": "a global LSTM with covariates that samples paths step by step (Salinas et al. 2020)",
	}
	for _, name := range Presets() {
		preset, _ := Preset(name)
		forecast.Register(forecast.MethodOf(forecast.Method{
			Name: name, About: about[name], Kind: kind, Covariates: true, Default: preset.Spec(),
		}, preset.with, Fit, Read))
	}
}

// with is c with what s asks for.
func (c Config) with(s forecast.Spec) (Config, error) {
	if s.Steps != 0 {
		return c, errors.New("steps are epochs times steps_per_epoch: give those, such as --set epochs=20 --set steps_per_epoch=50")
	}
	c.Horizon, c.Season, c.Levels, c.Seed, c.Source, c.Covariates = s.Horizon, s.Season, s.Levels, s.Seed, s.Source, s.Covariates
	c.Window, c.Cell, c.Hidden, c.Layers, c.Dropout, c.Nets = s.Window, s.Cell, s.Hidden, s.Layers, s.Dropout, s.Nets
	c.Epochs, c.StepsPerEpoch, c.Batch, c.Rate, c.Paths = s.Epochs, s.StepsPerEpoch, s.Batch, s.Rate, s.Paths
	c.Output = cmp.Or(Output(s.Output), c.Output)
	full := c.withDefaults()
	return c, full.check()
}

// Spec is c as what is asked of a method; for a Model it implements forecast.Forecaster.
func (c *Config) Spec() forecast.Spec {
	return forecast.Spec{Horizon: c.Horizon, Season: c.Season, Levels: c.Levels, Seed: c.Seed, Source: c.Source, Covariates: c.Covariates,
		Output: string(c.Output), Paths: c.Paths, Window: c.Window, Cell: c.Cell, Hidden: c.Hidden, Layers: c.Layers, Dropout: c.Dropout,
		Nets: c.Nets, Epochs: c.Epochs, StepsPerEpoch: c.StepsPerEpoch, Batch: c.Batch, Rate: c.Rate}
}

// WithLevels implements forecast.WithLevels.
func (m *Model) WithLevels(levels []float64) forecast.Forecaster {
	other := *m
	other.Levels = levels
	return &other
}
