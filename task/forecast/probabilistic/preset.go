package probabilistic

import "github.com/recur-go/recur/task/forecast"

func init() {
	about := map[string]string{
		"qrnn":   "for covariates, or many series: a global LSTM of quantiles of all steps (after Wen et al. 2017)",
		"deepar": "for covariates, or many series: a global LSTM that samples paths (Salinas et al. 2020)",
	}
	for _, name := range Presets() {
		preset, _ := Preset(name)
		forecast.Register(forecast.MethodOf(forecast.Method{
			Name: name, About: about[name], Kind: kind, Covariates: true,
		}, func() Config { return *preset }, func(c Config) error {
			full := c.withDefaults()
			return full.check()
		}, Fit, Read))
	}
}

// WithLevels implements forecast.WithLevels.
func (m *Model) WithLevels(levels []float64) forecast.Forecaster {
	other := *m
	other.Levels = levels
	return &other
}
