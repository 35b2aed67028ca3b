package residual

import (
	"math"
	"slices"
)

// An Outlier is a value of a history far from what is usual around it.
type Outlier struct {
	At       int     // place of the value
	Usual    float64 // what is usual there
	Distance float64 // how far the value is from that, in robust standard deviations of such distances
}

// Distances from which a value is an outlier. Of normal values, whose usual ones and deviation have
// to be found too, about one in 10,000 is that far from medians, and one in 1,000 from what a
// decomposition takes for usual, which follows values more closely.
const (
	far   = 5.5
	apart = 4.5
)

// Outliers flags values of y, of which NaN are missing, that lie far from what is usual there:
// the median of the values around, plus the median of what is left at that step of the season,
// if it has one of more than a step. Medians do not mind the outliers themselves (Hampel 1974);
// a level that lasts, as after a shift, is usual.
func Outliers(y []float64, season int) (all []Outlier) {
	if season < 1 || len(y) < 3*season {
		season = 1
	}
	half := max(season, 4) // of the values around one
	if len(y) < 2*half+1 {
		return nil
	}
	left, index := around(y, make([]float64, season), half), make([]float64, season)
	if season > 1 { // once more with the season known
		for k := range index {
			var at []float64
			for i := k; i < len(y); i += season {
				at = append(at, left[i])
			}
			index[k] = median(at)
		}
		left = around(y, index, half)
	}
	return flag(y, left, index, far)
}

// Apart flags values of y, of which NaN are missing, that lie far from what is usual there, as a
// decomposition finds it that they do not pull at. season is the part of what is usual that repeats,
// 0 for none. A level that lasts is usual.
func Apart(y, usual, season []float64) []Outlier {
	left := make([]float64, len(y))
	for i, v := range y {
		left[i] = v - usual[i]
	}
	return flag(y, left, season, apart)
}

// flag flags values by what is left of them without what is usual, from far deviations on. index
// is what each step of a season is worth.
func flag(y, left, index []float64, far float64) (all []Outlier) {
	var size []float64
	most := 0.0
	for i, v := range left {
		if !math.IsNaN(v) {
			size, most = append(size, math.Abs(v)), max(most, math.Abs(y[i]))
		}
	}
	moved := 0 // values that are not just as usual
	for _, v := range size {
		if v > 1e-12*most {
			moved++
		}
	}
	scale := max(median(slices.Clone(size))*1.4826, 1e-12*most) // that of normal values
	if len(size) < Fewest || scale <= 1e-12*most && moved > max(1, len(size)/50) {
		return nil // too few, or counts that are mostly the same
	}
	for i, v := range left {
		if d := math.Abs(v) / scale; d > far && alone(y, index, i, math.Copysign(far/2*scale, v)) {
			all = append(all, Outlier{i, y[i] - v, d})
		}
	}
	return all
}

// alone reports whether value i is beyond the values just before and those just after by more
// than a distance, so that it is no part of a shift or of a steep trend.
func alone(y, index []float64, i int, distance float64) bool {
	const near = 4
	for _, side := range [][2]int{{max(0, i-near), i}, {i + 1, min(len(y), i+1+near)}} {
		var values []float64
		for k := side[0]; k < side[1]; k++ {
			values = append(values, y[k]-index[k%len(index)])
		}
		if d := y[i] - index[i%len(index)] - median(values); d*math.Copysign(1, distance) < math.Abs(distance) {
			return false
		}
	}
	return true
}

// around is what is left of y without the median of the others around each, up to half on
// either side, and without the index of its step in the season. At the ends, where the values
// around lie on one side, they are taken along the line through the medians of their halves.
func around(y, index []float64, half int) []float64 {
	at := func(i int) float64 { return y[i] - index[i%len(index)] }
	left := make([]float64, len(y))
	values := make([]float64, 0, 2*half+1)
	span := func(from, to int, slope float64, origin int) float64 {
		values = values[:0]
		for k := from; k < to; k++ {
			if v := at(k); k != origin && !math.IsNaN(v) {
				values = append(values, v-slope*float64(k-origin))
			}
		}
		return median(values)
	}
	for i := range y {
		from := min(max(0, i-half), len(y)-2*half-1)
		slope := 0.0
		if from != i-half {
			slope = (span(from+half+1, from+2*half+1, 0, i) - span(from, from+half, 0, i)) / float64(half+1)
			if math.IsNaN(slope) {
				slope = 0
			}
		}
		left[i] = at(i) - span(from, from+2*half+1, slope, i)
	}
	return left
}

// median is that of the values that are numbers, which it sorts; NaN for none.
func median(v []float64) float64 {
	if v = slices.DeleteFunc(v, math.IsNaN); len(v) == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}
