package forecast

import "math"

// A Series is a regular sequence of values, oldest first. NaN is a missing value.
type Series struct {
	ID string
	Y  []float64
}

// A Forecast is what is expected of the steps after a series.
type Forecast struct {
	Point []float64 // the middle of the predictive distribution, one for each step
	Bands []Band    // one for each level asked for, in that order
}

// A Band holds each step's value with probability Level.
type Band struct {
	Level  float64 // such as 0.8
	Lo, Hi []float64
}

// Interpolate returns y with its missing values filled: each is put on the line
// between its neighbours or, with season > 1 and at least two seasons, on the
// line between neighbours of the series less its mean season. Values missing at
// an end take the nearest one.
func Interpolate(y []float64, season int) []float64 {
	filled := fill(y)
	if season < 2 || len(y) < 2*season {
		return filled
	}
	missing := false
	for _, v := range y {
		missing = missing || math.IsNaN(v)
	}
	if !missing {
		return filled
	}
	index := SeasonalIndices(filled, season, false)
	rest := make([]float64, len(y))
	for t, v := range y {
		rest[t] = v - index[t%season]
	}
	rest = fill(rest)
	for t, v := range y {
		if math.IsNaN(v) {
			filled[t] = rest[t] + index[t%season]
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
