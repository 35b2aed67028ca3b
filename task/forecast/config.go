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
	Horizon int           `json:"horizon"` // steps to forecast; default one season, or 12 without one
	Season  int           `json:"season"`  // steps of a season, such as 12 for months; default 1, no season
	Levels  []float64     `json:"levels"`  // probabilities of the bands; default 0.5, 0.8, 0.95
	Seed    uint64        `json:"seed"`    // seed of all that is random: the same gives the same bits
	Window  int           `json:"window"`  // steps that a net reads before it forecasts; default two seasons, within 8..104
	Hidden  int           `json:"hidden"`  // width of the cell; default 24
	Nets    int           `json:"nets"`    // nets whose median is the forecast; default 5
	Steps   int           `json:"steps"`   // training steps of each net; default 500
	Batch   int           `json:"batch"`   // windows in a step; default 32
	Rate    float64       `json:"rate"`    // highest learning rate of Adam; default 0.01
	Prior   int           `json:"prior"`   // weight of simulated series, in windows of the data; default 300, negative for none
	Weights rnn.Precision `json:"weights"` // precision of the cells' weights in forecasts; default single, as in training

	Source Source `json:"source,omitzero"` // settings that the series were read with, kept with the model
}

func (c Config) withDefaults() Config {
	c.Season = cmp.Or(c.Season, 1)
	c.Horizon = quantile.Horizon(c.Horizon, c.Season)
	c.Levels = quantile.Levels(c.Levels)
	c.Window = cmp.Or(c.Window, min(max(2*c.Season, 8), 104))
	c.Hidden = cmp.Or(c.Hidden, 24)
	c.Nets = cmp.Or(c.Nets, 5)
	c.Steps = cmp.Or(c.Steps, 500)
	c.Batch = cmp.Or(c.Batch, 32)
	c.Rate = cmp.Or(c.Rate, 0.01)
	c.Prior = max(cmp.Or(c.Prior, 300), 0)
	return c
}

func (c Config) check() error {
	e := setting.Errors{System: "forecast"}
	e.Count("horizon", c.Horizon)
	e.Count("season", c.Season)
	e.Count("window", c.Window)
	e.Count("hidden", c.Hidden)
	e.Between("nets", c.Nets, 1, 1<<16)
	e.Count("steps", c.Steps)
	e.Count("batch", c.Batch)
	e.Rate("rate", c.Rate)
	e.If(c.Weights < rnn.Single || c.Weights > rnn.Int8, "weights are %v, want single, half or int8", c.Weights)
	e.Levels(c.Levels)
	return e.Err()
}
