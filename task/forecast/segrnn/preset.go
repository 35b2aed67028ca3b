package segrnn

import "github.com/recur-go/recur/task/forecast"

func init() {
	for _, of := range []struct {
		name, about string
		preset      Config
	}{
		{kind, "a GRU over segments for long horizons and long series (Lin et al. 2023)", paper},
		{"segmix", "a GRU over segments with quantiles, mixed with simple forecasts, for long series", mixed},
	} {
		forecast.Register(forecast.MethodOf(forecast.Method{
			Name:  of.name,
			About: of.about,
			Kind:  kind,
		}, func() Config { return of.preset }, func(c Config) error {
			full := c.withDefaults()
			return full.check()
		}, Fit, Read))
	}
}
