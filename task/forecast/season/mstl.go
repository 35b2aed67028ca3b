package season

import (
	"math"
	"slices"

	"github.com/recur-go/recur/internal/fault"
)

// A Decomposition is a series in parts, which add up to it.
type Decomposition struct {
	Periods []float64 // steps of each season, the shortest first
	Seasons [][]float64
	Trend   []float64
	Effects []Effect // of what is beside the series, from Explain
	Rest    []float64
}

// Decompose takes a series apart into a trend and seasons of the given numbers of steps, which
// change slowly (MSTL: Bandara, Hyndman & Bergmeir 2021, by STL of each season in turn: Cleveland
// & others 1990). A period that is not whole, as the 52.18 weeks of a year, is one of the nearest
// whole number whose season changes a little from cycle to cycle. Of a year of days, or of parts
// of days, there are few cycles, and neighbouring steps are smoothed together, half a month of
// them. Robust gives less weight to what is far off, and takes eight times as long.
//
// y has at least two cycles of each season, and no missing values.
func Decompose(y []float64, periods []float64, robust bool) (*Decomposition, error) {
	if err := check(y); err != nil {
		return nil, err
	}
	d := &Decomposition{Periods: slices.Sorted(slices.Values(periods))}
	for _, p := range d.Periods {
		if !(p >= 2) || float64(len(y)) < 2*math.Round(p) {
			return nil, fault.Errorf(fault.Data, "season: %v steps are no season of %d values; a season is of 2 steps and more, and there are two of them", p, len(y))
		}
		d.Seasons = append(d.Seasons, make([]float64, len(y)))
	}
	if len(periods) == 0 {
		return nil, fault.Errorf(fault.Usage, "season: no season to take out")
	}
	rounds := 2
	if len(periods) == 1 {
		rounds = 1
	}
	rest := slices.Clone(y)
	for range rounds {
		for i, p := range d.Periods {
			for t, v := range d.Seasons[i] {
				rest[t] += v
			}
			// a season that is long has few cycles, and the more of them are looked at
			d.Trend, d.Seasons[i] = stl(rest, int(math.Round(p)), 11+4*i, robust)
			if math.Mod(p, year) == 0 {
				window := int(p)/24 | 1
				near := &smoother{window: window, line: true, jump: (window + 9) / 10}
				near.smooth(d.Seasons[i], slices.Clone(d.Seasons[i]), nil)
			}
			for t, v := range d.Seasons[i] {
				rest[t] -= v
			}
		}
	}
	for t, v := range d.Trend {
		rest[t] -= v
	}
	d.Rest = rest
	return d, nil
}

// check reports the first value of y that is missing or infinite.
func check(y []float64) error {
	for t, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fault.Errorf(fault.Data, "season: value %d is %v; fill missing values first", t+1, v)
		}
	}
	return nil
}

// Adjusted is the series without its seasons.
func (d *Decomposition) Adjusted() []float64 {
	y := make([]float64, len(d.Trend))
	for t := range y {
		y[t] = d.Trend[t] + d.Rest[t]
	}
	return y
}

// Ahead is the sum of the seasons h steps ahead, each as in its last cycle.
func (d *Decomposition) Ahead(h int) []float64 {
	sum := make([]float64, h)
	for i, s := range d.Seasons {
		for k, v := range ahead(s, d.Periods[i], h) {
			sum[k] += v
		}
	}
	return sum
}

// ahead repeats the last cycle of p steps, between steps if p is not whole.
func ahead(s []float64, p float64, h int) []float64 {
	n := len(s)
	out := make([]float64, h)
	for k := range out {
		back := math.Ceil(float64(k+1)/p) * p // steps back to the last cycle
		at := float64(n+k) - back
		lo := int(math.Floor(at))
		part := at - float64(lo)
		hi := lo + 1
		if hi >= n { // the step after the last is a cycle before
			hi = max(0, hi-int(math.Round(p)))
		}
		lo = max(lo, 0)
		out[k] = (1-part)*s[lo] + part*s[hi]
	}
	return out
}
