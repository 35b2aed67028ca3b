package esrnn

import (
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

// A Config says what to forecast and how to train. The zero value of each field means
// its default.
type Config struct {
	Horizon     int       `json:"horizon"`   // steps to forecast; default one season, or 12 without one
	Season      int       `json:"season"`    // steps of a season, such as 12 for months; default 1, no season
	Smooth      []int     `json:"smooth"`    // seasons that are smoothed; default Season, and with a day of 24 hours the week of 168 too; none longer than 31
	Window      int       `json:"window"`    // last steps that the net reads at each; default two seasons, within 6..104
	Dilations   [][]int   `json:"dilations"` // of the layers of each block; default two blocks, up to one season
	Hidden      int       `json:"hidden"`    // width of a layer; default 20, or 40 for a season of 24 and more
	Span        int       `json:"span"`      // last steps that the layers read; default 300, at least two windows and twice the widest dilation
	History     int       `json:"history"`   // last steps of a series that are used at all; default 1024
	Members     int       `json:"members"`   // nets whose mean is the forecast, one more to validate by; default 3
	Steps       int       `json:"steps"`     // of the optimiser for each net; default so many that each value is read 7 times, or 12 for a season of 24 and more, within 300..8000
	Batch       int       `json:"batch"`     // series in a step; default so many that it reads about 600 values, within 2..8
	LR          float64   `json:"lr"`        // highest learning rate of Adam; default 0.01, or 0.003 if no season is smoothed
	Levels      []float64 `json:"levels"`    // of the bands; default 0.5, 0.8, 0.95
	Seed        uint64    `json:"seed"`      // the same seed gives the same bits
	NoBaselines bool      `json:"alone"`     // no share of simple methods
	Series      int       `json:"series"`    // in training; Fit sets it

	Source forecast.Source `json:"source,omitzero"` // how the series were read, to be kept with the model

	// Run says how training goes on. Of the nets each has a checkpoint of its own, whose
	// name is Run.Checkpoint and its number.
	Run task.Options `json:"-"`
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
	if c.Smooth == nil {
		switch m := c.Season; {
		case m == 24:
			c.Smooth = []int{24, 168}
		case m > 1 && m <= 31:
			c.Smooth = []int{m}
		}
	}
	or(&c.Window, min(max(2*c.Season, 6), 104))
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
	or(&c.Span, max(2*widest, 2*c.Window, 300))
	if c.Season < 24 {
		or(&c.Hidden, 20)
	}
	or(&c.Hidden, 40)
	or(&c.History, 1024)
	or(&c.Members, 3)
	if c.LR == 0 {
		c.LR = 0.01
		if len(c.Smooth) == 0 { // what is left of the series is larger
			c.LR = 0.003
		}
	}
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
	}{{"horizon", c.Horizon}, {"season", c.Season}, {"window", c.Window}, {"span", c.Span}, {"hidden", c.Hidden}, {"history", c.History}, {"members", c.Members}} {
		if f.v < 1 {
			return fmt.Errorf("esrnn: %s is %d, want at least 1", f.name, f.v)
		}
	}
	if c.Steps < 0 || c.Batch < 0 {
		return fmt.Errorf("esrnn: %d steps of %d series, want at least 1", c.Steps, c.Batch)
	}
	if c.Span < 2*c.Window {
		return fmt.Errorf("esrnn: span is %d, want at least two windows of %d", c.Span, c.Window)
	}
	for _, m := range c.Smooth {
		if m < 2 {
			return fmt.Errorf("esrnn: a season of %d steps to smooth, want at least 2", m)
		}
	}
	for _, block := range c.Dilations {
		for _, k := range block {
			if k < 1 {
				return fmt.Errorf("esrnn: a dilation of %d, want at least 1", k)
			}
		}
	}
	if !(c.LR > 0) || math.IsInf(c.LR, 0) {
		return fmt.Errorf("esrnn: lr is %v, want more than 0", c.LR)
	}
	for _, l := range c.Levels {
		if !(l > 0 && l < 1) {
			return fmt.Errorf("esrnn: level %v is not between 0 and 1", l)
		}
	}
	return nil
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

// seasons is how many values the seasons of a series have.
func (c *Config) seasons() (n int) {
	for _, m := range c.Smooth {
		n += m
	}
	return n
}
