package forecast

// Small is the name of this package's own model as a preset, the default.
const Small = "small"

func init() {
	Register(MethodOf(Method{
		Name:  Small,
		About: "an ensemble of small LSTMs on seasonally adjusted series; trains in seconds",
		Kind:  Name,
	}, func() Config { return base }, func(c Config) error { return c.withDefaults().check() }, Fit, Read))
}

// WithLevels implements the interface WithLevels.
func (m *Model) WithLevels(levels []float64) Forecaster {
	other := *m
	other.Levels = levels
	return &other
}
