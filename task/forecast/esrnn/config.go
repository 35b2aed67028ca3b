package esrnn

import (
	"cmp"
	"slices"

	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
)

// A Config is what to forecast and how to train. The zero value of each field means its
// default.
type Config struct {
	forecast.Job

	Seasonalities []int   `json:"seasonalities"`     // steps of each season that is smoothed; default Season, and with a day of 24 hours the week of 168 too; none longer than 31
	Window        int     `json:"window"`            // steps that the net reads at each step, the last ones; default two seasons, within 6..104
	Dilations     [][]int `json:"dilations"`         // dilations of the layers of each block; default two blocks, up to one season
	Hidden        int     `json:"hidden"`            // width of a layer; default 20, or 40 for a season of 24 and more
	Span          int     `json:"span"`              // steps that the layers read, the last ones; default 300, at least two windows and twice the widest dilation
	History       int     `json:"history"`           // steps of a series that are used at all, the last ones; default 1024
	Nets          int     `json:"nets"`              // nets whose mean is the forecast, beside one to validate by; default 3
	Epochs        int     `json:"epochs"`            // epochs that the steps are divided into; default 10
	Steps         int     `json:"steps"`             // training steps of each net; default for 10 epochs enough to read each value 7 times, or 12 for a season of 24 and more, within 300..8000
	Batch         int     `json:"batch"`             // series in a step; default enough for about 600 values, within 2..8
	Rate          float64 `json:"rate"`              // highest learning rate of Adam; default 0.01, or 0.003 if no season is smoothed
	NoBaselines   bool    `json:"no_baselines"`      // forecast by the nets alone, without Comb and Theta
	Series        int     `json:"series" recipe:"-"` // number of series in training; set by Fit
}

func (c Config) withDefaults() Config {
	c.Season = cmp.Or(c.Season, 1)
	c.Horizon = quantile.Horizon(c.Horizon, c.Season)
	c.Levels = quantile.Levels(c.Levels)
	if c.Seasonalities == nil {
		switch m := c.Season; {
		case m == 24:
			c.Seasonalities = []int{24, 168}
		case m > 1 && m <= 31:
			c.Seasonalities = []int{m}
		}
	}
	c.Window = cmp.Or(c.Window, min(max(2*c.Season, 6), 104))
	if c.Dilations == nil {
		switch m := c.Season; {
		case m == 24:
			c.Dilations = [][]int{{1, 4}, {24, 168}}
		case m > 31:
			c.Dilations = [][]int{{1, 4}, {13, m}}
		case m > 3:
			c.Dilations = [][]int{{1, (m + 2) / 4}, {(m + 1) / 2, m}}
		default:
			c.Dilations = [][]int{{1, 2}, {2, 6}}
		}
	}
	widest := 0
	for _, block := range c.Dilations {
		for _, k := range block {
			widest = max(widest, k)
		}
	}
	c.Span = cmp.Or(c.Span, max(2*widest, 2*c.Window, 300))
	hidden, rate := 20, 0.01
	if c.Season >= 24 {
		hidden = 40
	}
	if len(c.Seasonalities) == 0 { // what is left of the series is larger
		rate = 0.003
	}
	c.Hidden = cmp.Or(c.Hidden, hidden)
	c.Rate = cmp.Or(c.Rate, rate)
	c.History = cmp.Or(c.History, 1024)
	c.Nets = cmp.Or(c.Nets, 3)
	c.Epochs = cmp.Or(c.Epochs, 10)
	return c
}

func (c *Config) check() error {
	e := setting.Errors{System: "esrnn"}
	e.Count("horizon", c.Horizon)
	e.Count("season", c.Season)
	e.Count("window", c.Window)
	e.Count("hidden", c.Hidden)
	e.Count("history", c.History)
	e.Between("nets", c.Nets, 1, 1<<16)
	e.Count("epochs", c.Epochs)
	e.If(c.Steps < 0 || c.Batch < 0, "%d steps of %d series, want at least 1", c.Steps, c.Batch)
	e.If(c.Span < 2*c.Window, "span is %d, want at least two windows of %d", c.Span, c.Window)
	for _, m := range c.Seasonalities {
		e.If(m < 2, "a season of %d steps to smooth, want at least 2", m)
	}
	for _, block := range c.Dilations {
		for _, k := range block {
			e.If(k < 1, "a dilation of %d, want at least 1", k)
		}
	}
	e.Rate("rate", c.Rate)
	e.Levels(c.Levels)
	return e.Err()
}

// quantiles are those that a net forecasts: the median, and the edges of each band,
// the lower first.
func (c *Config) quantiles() []float64 {
	q := []float64{0.5}
	for _, l := range c.Levels {
		q = append(q, (1-l)/2, (1+l)/2)
	}
	return q
}

// seasonValues is the number of values in one cycle of each of the seasons of a series.
func (c *Config) seasonValues() (n int) {
	for _, m := range c.Seasonalities {
		n += m
	}
	return n
}

// room returns an error if the net, or a step of training, is too large.
func (c *Config) room() error {
	hidden, window := setting.Size{Name: "hidden", N: c.Hidden}, setting.Size{Name: "window", N: c.Window}
	nets := setting.Size{Name: "nets", N: c.Nets}
	return cmp.Or(
		setting.Room("esrnn", c.CountParams(), hidden, nets),
		setting.StepRoom("esrnn", c.Batch, c.Span, 8*c.Hidden*len(slices.Concat(c.Dilations...)), hidden, window, setting.Size{Name: "batch", N: c.Batch}, setting.Size{Name: "span", N: c.Span}))
}
