package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Chart makes a chart of the fan: the last part of the history, the forecast, and
// the bands, with places on the x axis counted in steps from the first. Labels
// stand a number of seasons from where the forecast begins.
func (f *Fan) Chart(title, unit string, season int) *Chart {
	n, h := len(f.History), len(f.Point)
	from := max(0, n-max(8*h, 60))
	c := &Chart{Title: title, XLabel: cmp.Or(f.XLabel, "time"), YLabel: unit}
	stride := max(season, 1)
	for (n+h-from)/stride > 8 {
		stride += max(season, 1)
	}
	for x := n % stride; x < n+h; x += stride {
		if x >= from {
			c.TickAt = append(c.TickAt, float64(x))
		}
	}
	c.TickLabel = f.tickLabel(c.TickAt)
	begin, joined := n, func(v []float64) []float64 { return v }
	if n > 0 && !math.IsNaN(f.History[n-1]) { // all begins where the history ends
		begin, joined = n-1, func(v []float64) []float64 { return append([]float64{f.History[n-1]}, v...) }
	}
	ahead := steps(begin, n+h-begin)
	wide := slices.Clone(f.Bands)
	slices.Reverse(wide)
	for i, b := range wide {
		c.Areas = append(c.Areas, Area{fmt.Sprintf("%g %% interval", 100*b.Level), ahead, joined(b.Lo), joined(b.Hi), float64(i) / float64(max(len(wide)-1, 1))})
	}
	c.Lines = []Line{
		{Name: "history", X: steps(from, n-from), Y: f.History[from:]},
		{Name: "forecast", X: ahead, Y: joined(f.Point)},
	}
	return c
}

// tickLabel names places by their labels, without the time of day if it is midnight at all.
func (f *Fan) tickLabel(at []float64) func(x float64) string {
	const midnight = "T00:00"
	for _, x := range at {
		if !strings.HasSuffix(f.Label(int(x)), midnight) {
			return func(x float64) string { return f.Label(int(x)) }
		}
	}
	return func(x float64) string { return strings.TrimSuffix(f.Label(int(x)), midnight) }
}

func steps(from, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(from + i)
	}
	return x
}
