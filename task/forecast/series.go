package forecast

import (
	"fmt"
	"math"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task/forecast/season"
)

// largest is what a value may be, as in files.
const largest = 1e30

// check reports values that no model can use.
func check(s data.Series) error {
	known := 0
	for t, v := range s.Y {
		if math.IsInf(v, 0) {
			return fmt.Errorf("forecast: value %d of series%s is infinite; make it NaN if it is unknown", t, quoted(s.ID))
		}
		if math.Abs(v) > largest {
			return fmt.Errorf("forecast: value %d of series%s is larger than 1e30; use a larger unit, or make it NaN if it is unknown", t, quoted(s.ID))
		}
		if !math.IsNaN(v) {
			known++
		}
	}
	if known == 0 {
		return fmt.Errorf("forecast: series%s has no values", quoted(s.ID))
	}
	return nil
}

// quoted is the ID of a series after a blank, if it has one.
func quoted(id string) string {
	if id == "" {
		return ""
	}
	return fmt.Sprintf(" %q", id)
}

// constant reports whether the known values of y are all the same.
func constant(y []float64) bool {
	first := math.NaN()
	for _, v := range y {
		if math.IsNaN(first) {
			first = v
		}
		if !math.IsNaN(v) && v != first {
			return false
		}
	}
	return true
}

// Intermittent reports whether a series is demand that comes now and then: nowhere negative, and
// with more than 1.32 steps from one value that is not 0 to the next on average (Syntetos, Boylan
// & Croston 2005). The median of such a series, which has the least absolute error, is often
// 0 and of no use: it is scored and chosen by RMSSE, the error of means.
func Intermittent(y []float64) bool {
	known, more := 0, 0
	for _, v := range y {
		switch {
		case v < 0:
			return false
		case v > 0:
			more++
			known++
		case v == 0:
			known++
		}
	}
	return more > 0 && float64(known) > 1.32*float64(more)
}

// A Forecast is what is expected of the steps after a series.
type Forecast struct {
	Point []float64   `json:"forecast"`        // the middle of the predictive distribution, one for each step
	Bands []Band      `json:"bands"`           // one for each level asked for, in that order
	Paths [][]float64 `json:"paths,omitempty"` // sampled futures, if the model samples: [path][step]
}

// A Band holds each step's value with probability Level.
type Band struct {
	Level float64   `json:"level"` // such as 0.8
	Lo    []float64 `json:"lo"`
	Hi    []float64 `json:"hi"`
}

// NewForecast makes a forecast of a horizon with a band for each of the levels, all of it 0.
func NewForecast(horizon int, levels []float64) Forecast {
	f := Forecast{Point: make([]float64, horizon)}
	for _, l := range levels {
		f.Bands = append(f.Bands, Band{l, make([]float64, horizon), make([]float64, horizon)})
	}
	return f
}

// Interpolate returns y with its missing values filled: each is put on the line
// between its neighbours or, with a season of m > 1 steps and at least two of them, on the
// line between neighbours of the series less its mean season. Values missing at
// an end take the nearest one.
func Interpolate(y []float64, m int) []float64 {
	filled := fill(y)
	if m < 2 || len(y) < 2*m {
		return filled
	}
	missing := false
	for _, v := range y {
		missing = missing || math.IsNaN(v)
	}
	if !missing {
		return filled
	}
	index := season.Indices(filled, m, false)
	rest := make([]float64, len(y))
	for t, v := range y {
		rest[t] = v - index[t%m]
	}
	rest = fill(rest)
	for t, v := range y {
		if math.IsNaN(v) {
			filled[t] = rest[t] + index[t%m]
		}
	}
	return filled
}

// fill interpolates linearly.
func fill(y []float64) []float64 {
	out := make([]float64, len(y))
	last := -1 // the last value seen
	for t, v := range y {
		if math.IsNaN(v) {
			continue
		}
		out[t] = v
		for i := last + 1; i < t; i++ {
			out[i] = v
			if last >= 0 {
				out[i] = y[last] + (v-y[last])*float64(i-last)/float64(t-last)
			}
		}
		last = t
	}
	for i := last + 1; i < len(y) && last >= 0; i++ {
		out[i] = y[last]
	}
	return out
}
