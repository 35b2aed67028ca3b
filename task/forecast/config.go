package forecast

import (
	"cmp"

	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
)

// A Config is what to forecast and how to train this package's own model. The zero value
// of each field means its default.
type Config struct {
	Job

	Window  int           `json:"window"`  // steps that a net reads before it forecasts; default two seasons, within 8..104
	Hidden  int           `json:"hidden"`  // width of the cell; default 24
	Nets    int           `json:"nets"`    // nets whose median is the forecast; default 5
	Epochs  int           `json:"epochs"`  // epochs that the steps are divided into; default 10
	Steps   int           `json:"steps"`   // training steps of each net; default 50 an epoch
	Batch   int           `json:"batch"`   // windows in a step; default 32
	Rate    float64       `json:"rate"`    // highest learning rate of Adam; default 0.01
	Prior   int           `json:"prior"`   // weight of simulated series, in windows of the data; default 300, negative for none
	Weights rnn.Precision `json:"weights"` // precision of the cells' weights in forecasts; default single, as in training
}

// base holds the settings of the preset.
var base = Config{Hidden: 24, Nets: 5, Epochs: 10, Batch: 32, Rate: 0.01, Prior: 300}

func (c Config) withDefaults() Config {
	c.Season = cmp.Or(c.Season, 1)
	c.Horizon = quantile.Horizon(c.Horizon, c.Season)
	c.Levels = quantile.Levels(c.Levels)
	c.Window = cmp.Or(c.Window, min(max(2*c.Season, 8), 104))
	c.Hidden = cmp.Or(c.Hidden, base.Hidden)
	c.Nets = cmp.Or(c.Nets, base.Nets)
	c.Epochs = cmp.Or(c.Epochs, base.Epochs)
	c.Steps = cmp.Or(c.Steps, 50*c.Epochs)
	c.Epochs = min(c.Epochs, max(c.Steps, 1))
	c.Batch = cmp.Or(c.Batch, min(base.Batch, max(1<<16/max(c.Window+c.Horizon, 1), 4)))
	c.Rate = cmp.Or(c.Rate, base.Rate)
	c.Prior = max(cmp.Or(c.Prior, base.Prior), 0)
	return c
}

func (c Config) check() error {
	e := setting.Errors{System: "forecast"}
	e.Count("horizon", c.Horizon)
	e.Count("season", c.Season)
	e.Count("window", c.Window)
	e.Count("hidden", c.Hidden)
	e.Between("nets", c.Nets, 1, 1<<16)
	e.Count("epochs", c.Epochs)
	e.Count("steps", c.Steps)
	e.Count("batch", c.Batch)
	e.Rate("rate", c.Rate)
	e.If(c.Weights < rnn.Single || c.Weights > rnn.Int8, "weights are %v; use single, half or int8", c.Weights)
	e.Levels(c.Levels)
	return e.Err()
}

// room returns an error if the net, or a step of training, is too large.
func (c *Config) room() error {
	hidden, window, horizon := setting.Size{Name: "hidden", N: c.Hidden}, setting.Size{Name: "window", N: c.Window}, setting.Size{Name: "horizon", N: c.Horizon}
	nets := setting.Size{Name: "nets", N: c.Nets}
	return cmp.Or(
		setting.Room("forecast", c.CountParams(), hidden, nets),
		setting.StepRoom("forecast", c.Batch, c.Window+c.Horizon, 8*c.Hidden, hidden, window, horizon, setting.Size{Name: "batch", N: c.Batch}))
}
