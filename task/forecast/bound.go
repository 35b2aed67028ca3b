package forecast

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
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

// limit keeps the forecast of a series within floor and cap.
func (j *Job) limit(id string, f *Forecast) {
	if j.limits(id) {
		f.clamp(or(j.Floor, math.Inf(-1)), or(j.Cap, math.Inf(1)))
	}
}

// limits reports whether forecasts of a series, by its ID, have a floor or cap, which those of
// sums do not.
func (j *Job) limits(id string) bool {
	n := len(j.Hierarchy)
	return (j.Floor != nil || j.Cap != nil) && (n == 0 || strings.Count(id, "/") == n-1 && id != hierarchy.Total)
}

// noteOutside notes values of the series of a table that lie beyond floor and cap.
func (j *Job) noteOutside(t *data.Table) {
	below, above, all := 0, 0, 0
	for _, s := range t.Series {
		if !j.limits(s.ID) {
			continue
		}
		for _, y := range s.Y {
			switch {
			case y < or(j.Floor, y):
				below++
			case y > or(j.Cap, y):
				above++
			}
		}
		all += len(s.Y) - s.Missing()
	}
	if below > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%d of the %d values lie below the floor of %g, where no forecast will be (--floor)", below, all, *j.Floor))
	}
	if above > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%d of the %d values lie above the cap of %g, where no forecast will be (--cap)", above, all, *j.Cap))
	}
}

// Limited is a forecast of a series, by its ID, within floor and cap.
func (j *Job) Limited(id string, f Forecast) Forecast {
	if !j.limits(id) {
		return f
	}
	f = f.clone()
	j.limit(id, &f)
	return f
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
