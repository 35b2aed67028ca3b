package residual

import (
	"math"
	"slices"
)

// A Histogram is how many values are in each of bins of the same width, from one edge on. Edges
// are multiples of the width, which is 1, 2 or 5 times a power of ten; so 0 is one, and errors
// below and above it are not mixed.
type Histogram struct {
	From, Width float64
	Counts      []int
}

// Edge is that below bin i.
func (h Histogram) Edge(i int) float64 { return (math.Round(h.From/h.Width) + float64(i)) * h.Width }

// Bins counts values, of which NaN are missing. The width is near that of Freedman & Diaconis
// (1981), of some 4 to 16 bins; ok is false if the values are all the same.
func Bins(values []float64) (h Histogram, ok bool) {
	v := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	slices.Sort(v)
	n := len(v)
	if n == 0 {
		return h, false
	}
	span := v[n-1] - v[0]
	if !(span > 1e-12*max(math.Abs(v[0]), math.Abs(v[n-1]))) || math.IsInf(span, 0) {
		return h, false
	}
	bins := math.Sqrt(float64(n))
	if middle := v[3*n/4] - v[n/4]; middle > 0 {
		bins = span / (2 * middle / math.Cbrt(float64(n)))
	}
	want := span / min(max(bins, 4), 16)
	power := math.Pow(10, math.Floor(math.Log10(want)))
	h.Width = power
	for _, by := range []float64{2, 5, 10} {
		if width := by * power; width/want < want/h.Width { // nearer
			h.Width = width
		}
	}
	first := math.Floor(v[0] / h.Width)
	h.From, h.Counts = first*h.Width, make([]int, int(math.Floor(v[n-1]/h.Width)-first)+1)
	for _, x := range v {
		h.Counts[int(math.Floor(x/h.Width)-first)]++
	}
	return h, true
}
