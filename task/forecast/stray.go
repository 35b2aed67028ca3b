package forecast

import (
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/data"
)

// strays are the places of values so far outside of all others that they are not of the series,
// such as a number with its point in the wrong place: the distance is over five times the range
// of all but a hundredth of the values at either end. More than two in a row, or more than one
// at the end, may be a new level, and are none; nor are any of an intermittent series or of one of
// fewer than 20 values.
func strays(y []float64) (at []int) {
	const (
		far    = 5
		fewest = 20
	)
	var sorted []float64
	var places []int // of known values
	for t, v := range y {
		if !math.IsNaN(v) {
			sorted, places = append(sorted, v), append(places, t)
		}
	}
	n := len(sorted)
	if n < fewest || Intermittent(y) {
		return nil
	}
	slices.Sort(sorted)
	cut := max(n/100, 1)
	lo, hi := sorted[cut], sorted[n-1-cut]
	out := func(i int) bool {
		v := y[places[i]]
		return math.Abs(v-min(max(v, lo), hi)) > far*(hi-lo)
	}
	if lo == hi {
		return nil
	}
	for i := 0; i < n; {
		end := i
		for end < n && out(end) {
			end++
		}
		if k := end - i; k == 1 || k == 2 && end < n {
			at = append(at, places[i:end]...)
		}
		i = end + 1
	}
	return at
}

// setAside takes the strays of a table's series as missing, with a note of them.
func setAside(t *data.Table) {
	var named []string
	for i := range t.Series {
		s := &t.Series[i]
		at := strays(s.Y)
		if at == nil {
			continue
		}
		s.Y = slices.Clone(s.Y)
		for _, k := range at {
			named = append(named, fmt.Sprintf("%g at %s%s", s.Y[k], s.Time(k), of(s.ID)))
			s.Y[k] = math.NaN()
		}
	}
	if named != nil {
		t.Notes = append(t.Notes, "far outside of all other values, taken as missing: "+listed(named)+" (--keep-outliers keeps them)")
	}
}

// of names a series behind something of it, if it has a name.
func of(id string) string {
	if id == "" {
		return ""
	}
	return " of " + id
}
