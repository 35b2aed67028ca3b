package segrnn

import "github.com/recur-go/recur/task/forecast"

func init() {
	forecast.Register(forecast.MethodOf(forecast.Method{
		Name:  kind,
		About: "a GRU over segments for long horizons and long series (Lin et al. 2023)",
		Kind:  kind,
	}, func() Config { return paper }, func(c Config) error {
		full := c.withDefaults()
		return full.check()
	}, Fit, Read))
}
