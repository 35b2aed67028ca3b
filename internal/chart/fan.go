package chart

import (
	"fmt"
	"slices"
)

// Chart makes a chart of the fan: the last part of the history, the forecast, and
// the bands, with places on the x axis counted in steps from the first.
func (f *Fan) Chart(title, unit string) *Chart {
	n, h := len(f.History), len(f.Point)
	from := max(0, n-max(8*h, 60))
	c := &Chart{Title: title, YLabel: unit, Ticks: func(x float64) string { return f.Label(int(x)) }}
	ahead := steps(n, h)
	wide := slices.Clone(f.Bands)
	slices.Reverse(wide)
	for i, b := range wide {
		c.Areas = append(c.Areas, Area{fmt.Sprintf("%g %%", 100*b.Level), ahead, b.Lo, b.Hi, float64(i) / float64(max(len(wide)-1, 1))})
	}
	c.Lines = []Line{
		{Name: "history", X: steps(from, n-from), Y: f.History[from:]},
		{Name: "forecast", X: ahead, Y: f.Point},
	}
	return c
}

func steps(from, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(from + i)
	}
	return x
}
