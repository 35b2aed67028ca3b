package forecast

import (
	"fmt"
	"slices"

	"github.com/recur-go/recur/rnn"
)

// A Config says what to forecast and how to train. The zero value of each field
// means its default.
type Config struct {
	Horizon int                   `json:"horizon"` // steps to forecast; default one season, or 12 without one
	Season  int                   `json:"season"`  // steps of a season, such as 12 for months; default 1, no season
	Levels  []float64             `json:"levels"`  // of the bands; default 0.5, 0.8, 0.95
	Seed    uint64                `json:"seed"`    // the same seed gives the same bits
	Window  int                   `json:"window"`  // steps that a net reads before it forecasts; default two seasons, within 8..104
	Hidden  int                   `json:"hidden"`  // width of the cell; default 24
	Nets    int                   `json:"nets"`    // nets whose median is the forecast; default 5
	Steps   int                   `json:"steps"`   // optimiser steps for each net; default 500
	Batch   int                   `json:"batch"`   // windows in a step; default 32
	LR      float64               `json:"lr"`      // highest learning rate of Adam; default 0.01
	Prior   int                   `json:"prior"`   // weight of simulated series beside the windows of the data; default 300, negative for none
	Weights rnn.Precision         `json:"weights"` // of the cells when they forecast; default single; training always is
	OnStep  func(done, total int) `json:"-"`       // told of progress in optimiser steps, one call at a time

	Source Source `json:"source,omitzero"` // how the series were read, to be kept with the model
}

func (c Config) withDefaults() Config {
	or := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	or(&c.Season, 1)
	if c.Season > 1 {
		or(&c.Horizon, c.Season)
	}
	or(&c.Horizon, 12)
	or(&c.Window, min(max(2*c.Season, 8), 104))
	or(&c.Hidden, 24)
	or(&c.Nets, 5)
	or(&c.Steps, 500)
	or(&c.Batch, 32)
	or(&c.Prior, 300)
	c.Prior = max(c.Prior, 0)
	if c.LR == 0 {
		c.LR = 0.01
	}
	if c.Levels == nil {
		c.Levels = []float64{0.5, 0.8, 0.95}
	}
	c.Levels = slices.Clone(c.Levels)
	slices.Sort(c.Levels)
	return c
}

func (c Config) check() error {
	for _, f := range []struct {
		name string
		v    int
	}{{"horizon", c.Horizon}, {"season", c.Season}, {"window", c.Window}, {"hidden", c.Hidden}, {"nets", c.Nets}, {"steps", c.Steps}, {"batch", c.Batch}} {
		if f.v < 1 {
			return fmt.Errorf("forecast: %s is %d, want at least 1", f.name, f.v)
		}
	}
	if !(c.LR > 0) {
		return fmt.Errorf("forecast: lr is %v, want more than 0", c.LR)
	}
	if c.Weights < rnn.Single || c.Weights > rnn.Int8 {
		return fmt.Errorf("forecast: weights are %v, want single, half or int8", c.Weights)
	}
	for _, l := range c.Levels {
		if !(l > 0 && l < 1) {
			return fmt.Errorf("forecast: level %v is not between 0 and 1", l)
		}
	}
	return nil
}
