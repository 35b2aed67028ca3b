package ets

import (
	"math"
	"slices"
)

// A vertex is a point of a simplex and the value there.
type vertex struct {
	x []float64
	f float64
}

// minimise is the search of Nelder & Mead 1965 within bounds, to which points are clamped, with
// the coefficients of Gao & Han 2012 for many dimensions. It ends when the values differ by
// less than a deviation of 1e-4, or after some rounds, and returns the best point.
func minimise(f func(x []float64) float64, start, lower, upper []float64, rounds int) []float64 {
	n := len(start)
	d := float64(n)
	expand, contract, shrink := 1+2/d, 0.75-1/(2*d), 1-1/d
	clamp := func(x []float64) []float64 {
		for i := range x {
			x[i] = min(max(x[i], lower[i]), upper[i])
		}
		return x
	}
	first := clamp(slices.Clone(start))
	simplex := make([]vertex, n+1)
	for i := range simplex {
		x := slices.Clone(first)
		if i < n {
			if x[i] == 0 {
				x[i] = 1e-4
			} else {
				x[i] *= 1.05
			}
			x[i] = min(max(x[i], lower[i]), upper[i])
		}
		simplex[i] = vertex{x, f(x)}
	}
	sum, spare := make([]float64, n), make([][]float64, 2)
	for i := range spare {
		spare[i] = make([]float64, n)
	}
	byValue := func(a, b vertex) int {
		switch {
		case a.f < b.f:
			return -1
		case a.f > b.f:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(simplex, byValue)
	for range rounds {
		if deviation(simplex) < 1e-4 {
			break
		}
		best, second, worst := simplex[0].f, simplex[n-1].f, &simplex[n]
		clear(sum)
		for _, v := range simplex[:n] {
			for i, x := range v.x {
				sum[i] += x
			}
		}
		center := sum
		for i := range center {
			center[i] /= d
		}
		// away is the point at k times the way from the centre, away from p
		away := func(into []float64, p []float64, k float64) float64 {
			for i, c := range center {
				into[i] = min(max(c+k*(c-p[i]), lower[i]), upper[i])
			}
			return f(into)
		}
		take := func(i int, value float64) {
			worst.x, spare[i] = spare[i], worst.x
			worst.f = value
		}
		reflected, other := spare[0], spare[1]
		fr := away(reflected, worst.x, 1)
		switch {
		case fr < best:
			if fe := away(other, reflected, -expand); fe < fr {
				take(1, fe)
			} else {
				take(0, fr)
			}
		case fr < second:
			take(0, fr)
		case fr < worst.f:
			if fo := away(other, reflected, -contract); fo <= fr {
				take(1, fo)
			} else {
				shrinkAll(simplex, shrink, lower, upper, f)
			}
		default:
			if fi := away(other, reflected, contract); fi < worst.f {
				take(1, fi)
			} else {
				shrinkAll(simplex, shrink, lower, upper, f)
			}
		}
		slices.SortStableFunc(simplex, byValue)
	}
	return simplex[0].x
}

// shrinkAll pulls all vertices towards the best.
func shrinkAll(simplex []vertex, k float64, lower, upper []float64, f func([]float64) float64) {
	best := simplex[0].x
	for j := range simplex[1:] {
		v := &simplex[j+1]
		for i, b := range best {
			v.x[i] = min(max(b+k*(v.x[i]-b), lower[i]), upper[i])
		}
		v.f = f(v.x)
	}
}

// deviation is that of the values; NaN, which never ends a search, if one is infinite.
func deviation(simplex []vertex) float64 {
	var mean, square float64
	for _, v := range simplex {
		mean += v.f / float64(len(simplex))
	}
	for _, v := range simplex {
		square += (v.f - mean) * (v.f - mean) / float64(len(simplex))
	}
	return math.Sqrt(square)
}
