package esrnn

import "github.com/recur-go/recur/task/forecast"

func init() {
	forecast.Register(forecast.MethodOf(forecast.Method{
		Name:  kind,
		About: "exponential smoothing with a dilated LSTM for many series (Smyl 2020), averaged with simple methods",
		Kind:  kind,
	}, func() (c Config) { return c }, func(c Config) error {
		full := c.withDefaults()
		return full.check()
	}, Fit, Read))
}
