// Package segrnn forecasts far ahead with a recurrent net that reads and writes
// segments in place of steps (Lin et al. 2023, "SegRNN: Segment Recurrent Neural
// Network for Long-Term Time Series Forecasting").
//
// Every series, or channel of a multivariate one, is forecast from its own past by
// one net for all. The net knows which series it is by an embedding.
//
// With Mix the net learns quantiles in units of each window's own deviation, so that series of
// any scale and with wrong values far off share it. They are mixed with those of simple forecasts,
// such as the last value and the last season, by weights from what was held out.
package segrnn

import (
	"cmp"

	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
)

// A Config is what to forecast and how to train. Preset gives the settings of the paper.
type Config struct {
	forecast.Job // Horizon is 96 by default; a season plays no part

	Window        int     `json:"window"`                // steps that the net reads, the paper's look-back, a multiple of Segment; default 96, or less for short series
	Segment       int     `json:"segment"`               // steps of a segment; default 24, or the greatest divisor of Window below that and Horizon
	Hidden        int     `json:"hidden"`                // width of the cell, even; default 256
	Dropout       float64 `json:"dropout"`               // dropout before the last layer; 0 for none
	HeldOutSteps  int     `json:"held_out_steps"`        // steps at the end of each series to stop early by and to take the bands from; default a fifth
	Epochs        int     `json:"epochs"`                // passes over the data, at most; default 20
	Patience      int     `json:"patience"`              // epochs without a better score after which training stops; 0 for never
	Batch         int     `json:"batch"`                 // windows in a step; default 896
	Rate          float64 `json:"rate"`                  // learning rate of Adam, a tenth less in each epoch after the third; default 0.001
	WeightAverage float64 `json:"weight_average"`        // decay of the moving average of the weights at each step, which become the model's; 0 for none
	Square        bool    `json:"square"`                // train for the squared error, not the absolute one
	EpochSteps    int     `json:"epoch_steps,omitempty"` // steps of an epoch, at most, on windows drawn anew for each; 0 for all windows
	Mix           bool    `json:"mix,omitempty"`         // learn quantiles, in units of the window's own deviation, and mix them with those of simple forecasts
	Channels      int     `json:"channels" recipe:"-"`   // number of series in training; set by Fit
}

// paper holds the settings of the paper's script, with averaged weights.
var paper = Config{Hidden: 256, Dropout: 0.5, Epochs: 20, Patience: 5, Batch: 896, Rate: 0.001, WeightAverage: 0.99}

// mixed holds the settings of the preset segmix, for quantiles of series of any scale and length.
var mixed = Config{Mix: true, Hidden: 128, Dropout: 0.2, Epochs: 15, EpochSteps: 100, Patience: 4, Batch: 128, Rate: 0.002, WeightAverage: 0.99}

// Presets lists the names that Preset knows, the default first.
func Presets() []string { return []string{kind, "segmix"} }

// Preset returns a config by name:
//
//	segrnn  the settings of the paper, with averaged weights
//	segmix  a net of quantiles, mixed with simple forecasts by validation
func Preset(name string) (*Config, error) {
	for i, c := range []Config{paper, mixed} {
		if name == Presets()[i] {
			return &c, nil
		}
	}
	return nil, setting.Unknown("preset", name, Presets())
}

func (c Config) withDefaults() Config {
	c.Horizon = cmp.Or(c.Horizon, 96)
	c.Window = cmp.Or(c.Window, 96)
	if c.Segment == 0 && c.Window > 0 {
		c.Segment = max(1, min(24, c.Window, c.Horizon))
		for c.Window%c.Segment != 0 {
			c.Segment--
		}
	}
	c.Hidden = cmp.Or(c.Hidden, paper.Hidden)
	c.Epochs = cmp.Or(c.Epochs, paper.Epochs)
	c.Batch = cmp.Or(c.Batch, paper.Batch)
	c.Rate = cmp.Or(c.Rate, paper.Rate)
	c.Levels = quantile.Levels(c.Levels)
	return c
}

func (c *Config) check() error {
	e := setting.Errors{System: "segrnn"}
	e.Count("horizon", c.Horizon)
	e.Count("window", c.Window)
	e.Count("segment", c.Segment)
	e.Count("hidden", c.Hidden)
	e.Count("epochs", c.Epochs)
	e.Count("batch", c.Batch)
	e.If(c.Segment > 0 && c.Window%c.Segment != 0, "a window of %d is not a multiple of the segment length %d", c.Window, c.Segment)
	e.If(c.Hidden%2 != 0, "hidden is %d, want an even number: half encodes positions, half channels", c.Hidden)
	e.If(c.HeldOutSteps < 0, "held_out_steps is %d, want at least 0", c.HeldOutSteps)
	e.If(c.Patience < 0, "patience is %d, want at least 0", c.Patience)
	e.If(c.EpochSteps < 0, "epoch_steps is %d, want at least 0", c.EpochSteps)
	e.If(c.Mix && c.Square, "mix learns quantiles, which square is not for; leave one of the two out")
	e.Share("dropout", c.Dropout)
	e.Share("weight_average", c.WeightAverage)
	e.Rate("rate", c.Rate)
	e.Levels(c.Levels)
	return e.Err()
}

// reads and writes are the segments of the past and of the future, whose last one
// may reach past the horizon.
func (c *Config) reads() int  { return c.Window / c.Segment }
func (c *Config) writes() int { return (c.Horizon + c.Segment - 1) / c.Segment }

// outputs are the numbers that the net gives for a step.
func (c *Config) outputs() int {
	if c.Mix {
		return 2*len(c.Levels) + 1
	}
	return 1
}

// room returns an error if the net, or a step of training, is too large.
func (c *Config) room() error {
	hidden, window := setting.Size{Name: "hidden", N: c.Hidden}, setting.Size{Name: "window", N: c.Window}
	return cmp.Or(
		setting.Room("segrnn", c.CountParams(), hidden),
		setting.StepRoom("segrnn", c.Batch, c.reads()+c.writes(), 8*c.Hidden+c.Segment*c.outputs(), hidden, window, setting.Size{Name: "batch", N: c.Batch}))
}
