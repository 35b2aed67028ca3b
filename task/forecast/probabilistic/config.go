// Package probabilistic forecasts many series by one recurrent net, with what is known beside
// them: covariates of the past, covariates known in advance, and those of a series as a
// whole, numbers or categories.
//
// The net reads a window of a series step by step and then goes on over the steps to
// forecast. Either it knows nothing of the values there and gives all at once (a
// sequence-to-sequence net with a quantile head, after Wen et al. 2017, "A Multi-Horizon
// Quantile Recurrent Forecaster"), or each value is an input of the step after it, and
// the forecast is a bundle of sampled paths (Salinas et al. 2020, "DeepAR").
//
// Missing values are marked as missing for the net, count in no loss and are never filled.
// Each series is brought to one scale, and forecasts are brought back from it.
//
// Long series teach such a net their seasons and where they wander. Short ones do not, so that
// their season and level are taken out before; see Adjust. Untuned on the 111 monthly series of
// the competition NN3, qrnn and deepar then come to a MASE of 0.94 and 0.92, where small has 0.92
// and seasonal naive 1.04; without it they do no better than that.
package probabilistic

import (
	"cmp"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
)

// An Output is what the net predicts for a step.
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

// A Transform is applied to values before they are scaled.
type Transform string

// The transforms.
const (
	Auto  Transform = "auto"  // Log for series that grow or shrink by half and more, else Plain
	Plain Transform = "plain" // none
	Log   Transform = "log"   // the logarithm; all values must be above 0
)

// A Config is what to forecast, with what net, and how to train it. Preset gives useful
// ones.
type Config struct {
	forecast.Job

	Output         Output    `json:"output"`          // prediction of the net for a step; default quantile
	Autoregressive bool      `json:"autoregressive"`  // each value is an input of the next step, and forecasts are sampled
	Paths          int       `json:"paths"`           // paths sampled for a forecast; default 200
	Window         int       `json:"window"`          // steps that the net reads; default three seasons or a horizon, within 8..168
	Lags           []int     `json:"lags"`            // distances in steps to earlier values that are inputs too; default a season, and the week and year of it
	Transform      Transform `json:"transform"`       // transform of the values; default auto
	Adjust         Adjust    `json:"adjust"`          // what is taken out of a series before the net reads it: season and level (local) or none; default auto, local for short series
	Cell           rnn.Kind  `json:"cell"`            // kind of cell; default lstm
	Hidden         int       `json:"hidden"`          // width of a cell; default 64
	Layers         int       `json:"layers"`          // cells, one on another; default 1
	Dropout        float64   `json:"dropout"`         // dropout of the input of each layer; 0 for none
	Nets           int       `json:"nets"`            // nets whose forecasts are combined; default 1
	Epochs         int       `json:"epochs"`          // epochs, at most, each of StepsPerEpoch; default 12
	StepsPerEpoch  int       `json:"steps_per_epoch"` // training steps of an epoch; default 50
	Batch          int       `json:"batch"`           // windows in a step; default as many as have 8192 steps, within 8..64
	Rate           float64   `json:"rate"`            // highest learning rate of Adam, which falls along a cosine; default 0.003
	Patience       int       `json:"patience"`        // epochs without a better score after which training stops; 0 for never
	HeldOut        float64   `json:"held_out"`        // share of each series, at its end, to validate and to calibrate the bands on; 0 for none
}

// base holds the settings that all presets share.
var base = Config{Cell: rnn.KindLSTM, Hidden: 64, Layers: 1, Dropout: 0.1, Nets: 1, Epochs: 12, StepsPerEpoch: 50, Rate: 0.003, Patience: 4, HeldOut: 0.1}

// Presets lists the names that Preset knows, the default first.
func Presets() []string { return []string{"qrnn", "deepar"} }

// Preset returns a config by name:
//
//	qrnn    quantiles for all steps at once (after Wen et al. 2017)
//	deepar  sampled paths of Student's t distribution (Salinas et al. 2020)
func Preset(name string) (*Config, error) {
	c := base
	switch name {
	case "qrnn":
		c.Output = Quantile
	case "deepar":
		c.Output, c.Autoregressive = Student, true
	default:
		return nil, setting.Unknown("preset", name, Presets())
	}
	return &c, nil
}

func (c Config) withDefaults() Config {
	c.Season = cmp.Or(c.Season, 1)
	c.Horizon = quantile.Horizon(c.Horizon, c.Season)
	c.Levels = quantile.Levels(c.Levels)
	c.Output = cmp.Or(c.Output, Quantile)
	c.Paths = cmp.Or(c.Paths, 200)
	c.Window = cmp.Or(c.Window, min(max(3*c.Season, c.Horizon, 8), 168))
	c.Transform = cmp.Or(c.Transform, Auto)
	c.Adjust = cmp.Or(c.Adjust, AdjustAuto)
	c.Cell = cmp.Or(c.Cell, base.Cell)
	c.Hidden = cmp.Or(c.Hidden, base.Hidden)
	c.Layers = cmp.Or(c.Layers, base.Layers)
	c.Nets = cmp.Or(c.Nets, base.Nets)
	c.Epochs = cmp.Or(c.Epochs, base.Epochs)
	c.StepsPerEpoch = cmp.Or(c.StepsPerEpoch, base.StepsPerEpoch)
	c.Batch = cmp.Or(c.Batch, min(max(8192/max(c.Window+c.Horizon, 1), 8), 64))
	c.Rate = cmp.Or(c.Rate, base.Rate)
	return c
}

// check reports all that is invalid in c.
func (c *Config) check() error {
	e := setting.Errors{System: forecast.Name}
	for _, f := range []struct {
		name string
		v    int
	}{{"horizon", c.Horizon}, {"season", c.Season}, {"window", c.Window}, {"hidden", c.Hidden}, {"nets", c.Nets},
		{"epochs", c.Epochs}, {"steps_per_epoch", c.StepsPerEpoch}, {"batch", c.Batch}, {"paths", c.Paths}} {
		e.If(f.v < 1 || f.v > 1<<16, "%s is %d, want 1 to 65536", f.name, f.v)
	}
	e.Between("layers", c.Layers, 1, 1<<10)
	e.Add(c.Cell.Check())
	if !slices.Contains(Outputs(), c.Output) {
		e.Add(setting.Unknown("output", c.Output, Outputs()))
	}
	e.If(c.Autoregressive && (c.Output == Quantile || c.Output == Point), "an autoregressive net needs a distribution as output: normal, student or negbin, not %s", c.Output)
	e.If(c.Transform != Auto && c.Transform != Plain && c.Transform != Log, "there is no transform %q; there are auto, plain and log", c.Transform)
	e.If(c.Adjust != AdjustAuto && c.Adjust != AdjustNone && c.Adjust != AdjustLocal, "there is no adjustment %q; there are auto, none and local", c.Adjust)
	e.If(c.Adjust == AdjustLocal && c.Output == NegBin, "counts are not adjusted: leave out adjust")
	e.If(c.Transform == Log && c.Output == NegBin, "counts take no transform: leave out transform")
	e.If(c.Patience < 0, "patience is %d, want at least 0", c.Patience)
	e.Share("dropout", c.Dropout)
	e.Share("held_out", c.HeldOut)
	e.Rate("rate", c.Rate)
	e.Levels(c.Levels)
	for _, l := range c.Lags {
		e.If(l < 1, "a lag of %d steps, want at least 1", l)
	}
	order := map[data.Role]int{data.Past: 1, data.Known: 2, data.Static: 3}
	for i, v := range c.Covariates {
		e.If(order[v.Role] == 0, "covariate %s has the role %q; roles are past, known and static", v.Name, v.Role)
		if i > 0 {
			before := c.Covariates[i-1]
			e.If(order[v.Role] < order[before.Role], "covariate %s comes after %s; the order is past, known, static", v.Name, before.Name)
		}
	}
	return e.Err()
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

// room returns an error if the net, or a step of training, is too large.
func (c *Config) room() error {
	hidden, window := setting.Size{Name: "hidden", N: c.Hidden}, setting.Size{Name: "window", N: c.Window}
	layers, nets := setting.Size{Name: "layers", N: c.Layers}, setting.Size{Name: "nets", N: c.Nets}
	return cmp.Or(
		setting.Room(forecast.Name, c.CountParams(), hidden, layers, nets),
		setting.StepRoom(forecast.Name, c.Batch, c.Window+c.Horizon, 8*c.Hidden*c.Layers, hidden, window, setting.Size{Name: "batch", N: c.Batch}, layers))
}
