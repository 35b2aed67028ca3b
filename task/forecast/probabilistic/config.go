// Package probabilistic forecasts many series by one recurrent net, with what is known beside
// them: covariates of the past, covariates known in advance, and those of a series as a
// whole, numbers or categories.
//
// The net reads a window of a series step by step and then goes on over the steps to
// forecast. Either it is told nothing of the values there and gives all at once (a
// sequence-to-sequence net with a quantile head, after Wen et al. 2017, "A Multi-Horizon
// Quantile Recurrent Forecaster"), or each value is an input of the step after it, and
// the forecast is a bundle of sampled paths (Salinas et al. 2020, "DeepAR").
//
// What is missing is told to the net as missing, counts in no loss and is never filled.
// Each series is brought to one scale, and forecasts are brought back from it.
package probabilistic

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

// An Output is what the net says of a step.
type Output string

// The outputs.
const (
	Quantile Output = "quantile" // quantiles, by the pinball loss
	Point    Output = "point"    // the median, by the absolute error; bands by conformal prediction
	Normal   Output = "normal"   // a normal distribution, by its likelihood
	Student  Output = "student"  // Student's t distribution: heavy tails
	NegBin   Output = "negbin"   // a negative binomial distribution: counts
)

// Outputs lists all outputs.
func Outputs() []Output { return []Output{Quantile, Point, Normal, Student, NegBin} }

// A Transform is how the net sees values.
type Transform string

// The views.
const (
	Auto  Transform = "auto"
	Plain Transform = "plain"
	Log   Transform = "log" // all values must be above 0
)

// A Config says what to forecast, with what net and how to train it. The zero value of
// each field means its default.
type Config struct {
	Horizon    int              `json:"horizon"`    // steps to forecast; default one season, or 12 without one
	Season     int              `json:"season"`     // steps of a season; default 1, none
	Levels     []float64        `json:"levels"`     // of the bands; default 0.5, 0.8, 0.95
	Seed       uint64           `json:"seed"`       // the same seed gives the same bits
	Covariates []data.Covariate `json:"covariates"` // of the series: past, known and static ones, in this order

	Source forecast.Source `json:"source"` // how they were read

	Output         Output    `json:"output"`   // default quantile
	Autoregressive bool      `json:"feedback"` // each value is an input of the next step, and forecasts are sampled
	Paths          int       `json:"paths"`    // sampled for a forecast; default 200
	Window         int       `json:"window"`   // steps that the net reads; default three seasons or a horizon, within 8..168
	Lags           []int     `json:"lags"`     // values so many steps before are inputs too; default a season, and the week and year of it
	Transform      Transform `json:"view"`     // of values: plain, log, or auto, which is log for series that grow or shrink by half and more; default auto
	Cell           rnn.Kind  `json:"cell"`     // default lstm
	Hidden         int       `json:"hidden"`   // width of a cell; default 64
	Layers         int       `json:"layers"`   // default 1
	Dropout        float64   `json:"dropout"`  // of what goes into each layer; default 0.1, negative for none
	Nets           int       `json:"nets"`     // whose forecasts are put together; default 1
	Epochs         int       `json:"epochs"`   // at most; default 12
	Steps          int       `json:"steps"`    // of the optimiser in an epoch; default 50
	Batch          int       `json:"batch"`    // windows in a step; default as many as have 8192 steps, within 8..64
	LR             float64   `json:"lr"`       // highest learning rate of Adam, which falls along a cosine; default 0.003
	Patience       int       `json:"patience"` // epochs without a better score after which training stops; default 4
	Valid          float64   `json:"valid"`    // share of each series, at its end, to validate on; default 0.1, negative for none

	Run task.Options `json:"-"` // how training goes on: progress, checkpoint
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
	or(&c.Window, min(max(3*c.Season, c.Horizon, 8), 168))
	or(&c.Paths, 200)
	or(&c.Hidden, 64)
	or(&c.Layers, 1)
	or(&c.Nets, 1)
	or(&c.Epochs, 12)
	or(&c.Steps, 50)
	or(&c.Batch, min(max(8192/max(c.Window+c.Horizon, 1), 8), 64))
	or(&c.Patience, 4)
	if c.Cell == "" {
		c.Cell = rnn.KindLSTM
	}
	if c.Output == "" {
		c.Output = Quantile
	}
	if c.Transform == "" {
		c.Transform = Auto
	}
	if c.Dropout == 0 {
		c.Dropout = 0.1
	}
	c.Dropout = max(c.Dropout, 0)
	if c.LR == 0 {
		c.LR = 0.003
	}
	if c.Valid == 0 {
		c.Valid = 0.1
	}
	c.Valid = max(c.Valid, 0)
	if c.Levels == nil {
		c.Levels = []float64{0.5, 0.8, 0.95}
	}
	c.Levels = slices.Sorted(slices.Values(c.Levels))
	return c
}

// check says what makes no sense in c.
func (c *Config) check() error {
	var errs []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("probabilistic: "+format, args...))
		}
	}
	for _, f := range []struct {
		name string
		v    int
	}{{"horizon", c.Horizon}, {"season", c.Season}, {"window", c.Window}, {"hidden", c.Hidden}, {"layers", c.Layers}, {"nets", c.Nets},
		{"epochs", c.Epochs}, {"steps", c.Steps}, {"batch", c.Batch}, {"patience", c.Patience}, {"paths", c.Paths}} {
		bad(f.v < 1 || f.v > 1<<16, "%s is %d, not a number from 1 to 65536", f.name, f.v)
	}
	if err := c.Cell.Check(); err != nil {
		errs = append(errs, err)
	}
	bad(!slices.Contains(Outputs(), c.Output), "there is no output %q; there are %v", c.Output, Outputs())
	bad(c.Autoregressive && (c.Output == Quantile || c.Output == Point), "with feedback the output is a distribution to sample from: normal, student or negbin, not %s", c.Output)
	bad(c.Transform != Auto && c.Transform != Plain && c.Transform != Log, "there is no view %q; there are auto, plain and log", c.Transform)
	bad(c.Transform == Log && c.Output == NegBin, "counts are not seen by their logarithms: leave view out")
	bad(!(c.Dropout < 1), "dropout is %v, not below 1", c.Dropout)
	bad(!(c.LR > 0) || math.IsInf(c.LR, 0), "lr is %v, not above 0", c.LR)
	bad(!(c.Valid < 1), "valid is %v, not below 1", c.Valid)
	for _, l := range c.Levels {
		bad(!(l > 0 && l < 1), "level %v is not between 0 and 1", l)
	}
	for _, l := range c.Lags {
		bad(l < 1, "a lag is %d steps, not 1 or more", l)
	}
	order := map[data.Role]int{data.Past: 1, data.Known: 2, data.Static: 3}
	for i, v := range c.Covariates {
		bad(order[v.Role] == 0, "covariate %s has the role %q, not past, known or static", v.Name, v.Role)
		if i > 0 {
			before := c.Covariates[i-1]
			bad(order[v.Role] < order[before.Role], "covariate %s stands after %s: past ones are first, then known, then static", v.Name, before.Name)
		}
	}
	return errors.Join(errs...)
}

// lags are a season and, where series are long enough, the week of a day and the year of
// a week.
func (c *Config) lags(longest int) []int {
	if c.Lags != nil {
		return c.Lags
	}
	lags := []int{c.Season}
	switch day := c.Season; {
	case day == 1:
		return []int{}
	case day%24 == 0:
		lags = append(lags, 7*day, 364*day)
	case day == 7:
		lags = append(lags, 364)
	}
	return slices.DeleteFunc(lags, func(l int) bool { return l > c.Season && longest < 2*l })
}

// knots are the quantiles that all outputs come down to.
var knots = []float64{0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99}

const middle = 6 // of knots
