// Package segrnn forecasts far ahead with a recurrent net that reads and writes
// segments in place of steps (Lin et al. 2023, "SegRNN: Segment Recurrent Neural
// Network for Long-Term Time Series Forecasting").
//
// Every series, or channel of a multivariate one, is forecast from its own past by
// one net for all. The net knows which series it is by an embedding.
package segrnn

import (
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

// A Config says what to forecast and how to train. The zero value of each field
// means its default, which are the paper's where it has them.
type Config struct {
	Horizon  int       `json:"horizon"`  // steps to forecast; default 96
	Lookback int       `json:"lookback"` // steps that the net reads, a multiple of Segment; default 96
	Segment  int       `json:"segment"`  // steps of a segment; default 24, or the greatest divisor of Lookback below that and Horizon
	Hidden   int       `json:"hidden"`   // width of the cell, even; default 256
	Dropout  float64   `json:"dropout"`  // before the last layer; default 0.5, negative for none
	Valid    int       `json:"valid"`    // last steps of the series to stop early by and to take the bands from; default a fifth
	Epochs   int       `json:"epochs"`   // at most; default 20
	Patience int       `json:"patience"` // epochs without a better score; default 5
	Batch    int       `json:"batch"`    // windows in a step; default 896
	LR       float64   `json:"lr"`       // of Adam, a tenth less in each epoch after the third; default 0.001
	Average  float64   `json:"average"`  // decay of an average of the weights, which are the model's; default 0.99, negative for none
	Square   bool      `json:"square"`   // train for the squared error, not the absolute one
	Levels   []float64 `json:"levels"`   // of the bands; default 0.5, 0.8, 0.95
	Seed     uint64    `json:"seed"`     // the same seed gives the same bits
	Channels int       `json:"channels"` // series in training; Fit sets it

	Source forecast.Source `json:"source,omitzero"` // how the series were read, to be kept with the model

	Run task.Options `json:"-"` // how training goes on: progress, checkpoint
}

func (c Config) withDefaults() Config {
	or := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	or(&c.Horizon, 96)
	or(&c.Lookback, 96)
	if c.Segment == 0 && c.Lookback > 0 {
		c.Segment = max(1, min(24, c.Lookback, c.Horizon))
		for c.Lookback%c.Segment != 0 {
			c.Segment--
		}
	}
	or(&c.Hidden, 256)
	or(&c.Epochs, 20)
	or(&c.Patience, 5)
	or(&c.Batch, 896)
	if c.Dropout == 0 {
		c.Dropout = 0.5
	}
	c.Dropout = max(c.Dropout, 0)
	if c.LR == 0 {
		c.LR = 0.001
	}
	if c.Average == 0 {
		c.Average = 0.99
	}
	c.Average = max(c.Average, 0)
	if c.Levels == nil {
		c.Levels = []float64{0.5, 0.8, 0.95}
	}
	c.Levels = slices.Sorted(slices.Values(c.Levels))
	return c
}

func (c *Config) check() error {
	for _, f := range []struct {
		name string
		v    int
	}{{"horizon", c.Horizon}, {"lookback", c.Lookback}, {"segment", c.Segment}, {"hidden", c.Hidden}, {"epochs", c.Epochs}, {"patience", c.Patience}, {"batch", c.Batch}} {
		if f.v < 1 {
			return fmt.Errorf("segrnn: %s is %d, want at least 1", f.name, f.v)
		}
	}
	switch {
	case c.Lookback%c.Segment != 0:
		return fmt.Errorf("segrnn: a lookback of %d is no whole number of segments of %d", c.Lookback, c.Segment)
	case c.Hidden%2 != 0:
		return fmt.Errorf("segrnn: hidden is %d, want an even number: half is for places, half for channels", c.Hidden)
	case c.Valid < 0:
		return fmt.Errorf("segrnn: valid is %d, want 0 or more", c.Valid)
	case !(c.Dropout < 1):
		return fmt.Errorf("segrnn: dropout is %v, want less than 1", c.Dropout)
	case !(c.Average < 1):
		return fmt.Errorf("segrnn: average is %v, want less than 1", c.Average)
	case !(c.LR > 0) || math.IsInf(c.LR, 0):
		return fmt.Errorf("segrnn: lr is %v, want more than 0", c.LR)
	}
	for _, l := range c.Levels {
		if !(l > 0 && l < 1) {
			return fmt.Errorf("segrnn: level %v is not between 0 and 1", l)
		}
	}
	return nil
}

// reads and writes are the segments of the past and of the future, whose last one
// may reach past the horizon.
func (c *Config) reads() int  { return c.Lookback / c.Segment }
func (c *Config) writes() int { return (c.Horizon + c.Segment - 1) / c.Segment }
