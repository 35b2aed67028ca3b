package forecast

import (
	"math"
	"slices"
	"strings"

	"github.com/recur-go/recur/task/forecast/hierarchy"
)

// bound keeps a forecast within what the history can bear: no further beyond its extremes than
// its range, or than it grows if all of it is positive, and not negative if the history nowhere
// is. A horizon longer than the history may go further in proportion.
func (f *Forecast) bound(history []float64) {
	y := Interpolate(history, 1)
	n := len(y)
	lo, hi := slices.Min(y), slices.Max(y)
	reach := hi - lo
	if reach == 0 {
		reach = math.Abs(hi)
	}
	room := max(1, float64(len(f.Point))/float64(n))
	up, down := hi+room*reach, lo-room*reach
	if lo > 0 && n > 1 { // a half against the other tells how it grows
		growth := known(y[n/2:]) / known(y[:n/2])
		up = max(up, hi*math.Pow(growth, 2*float64(len(f.Point))/float64(n)))
	}
	if lo >= 0 {
		down = max(down, 0)
	}
	f.clamp(down, up)
}

// limit keeps the forecast of a series within floor and cap, which those of sums do not have.
func (j *Job) limit(id string, f *Forecast) {
	if n := len(j.Hierarchy); n == 0 || strings.Count(id, "/") == n-1 && id != hierarchy.Total {
		f.within(j.Floor, j.Cap)
	}
}

// within keeps a forecast between limits that are given.
func (f *Forecast) within(floor, ceiling *float64) {
	if floor != nil || ceiling != nil {
		f.clamp(or(floor, math.Inf(-1)), or(ceiling, math.Inf(1)))
	}
}

func or(v *float64, otherwise float64) float64 {
	if v != nil {
		return *v
	}
	return otherwise
}

func (f *Forecast) clamp(lo, hi float64) {
	clamp := func(v []float64) {
		for k := range v {
			v[k] = min(max(v[k], lo), hi)
		}
	}
	clamp(f.Point)
	for _, b := range f.Bands {
		clamp(b.Lo)
		clamp(b.Hi)
	}
	for _, p := range f.Paths {
		clamp(p)
	}
}
