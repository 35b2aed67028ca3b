package ets

import (
	"math"

	"github.com/recur-go/recur/task/forecast/season"
)

// first is where the search for the first states begins: the level, or the line, of the first
// values without their season, and the season but for its last element, as a filter has them.
func first(y []float64, m int, f Form) (level, trend float64, cycle []float64) {
	adjusted := y
	if f.Season != None {
		var s []float64
		s, adjusted = split(y, m, f.Season == Multiplicative)
		sum := 0.0
		for p := m - 1; p > 0; p-- {
			v := s[p]
			if f.Season == Multiplicative {
				v = max(v, 1e-2)
			}
			cycle = append(cycle, v)
			sum += v
		}
		if f.Season == Multiplicative && sum > float64(m) {
			for i := range cycle {
				cycle[i] /= sum + 1e-2*float64(m-1)
			}
		}
	} else {
		m = 1
	}
	head := adjusted[:min(max(10, 2*m), len(adjusted))]
	if f.Trend == None {
		for _, v := range head {
			level += v / float64(len(head))
		}
		return level, 0, cycle
	}
	c := regress(head, 0)
	level, trend = c[0], c[1]
	if math.Abs(level+trend) < 1e-8 { // an error that multiplies needs a level
		level, trend = level*(1+1e-3), trend*(1-1e-3)
	}
	return level, trend, cycle
}

// split takes the season off y: its indices by moving averages or, of fewer than three
// cycles, what a line and the first harmonic leave of the first cycle.
func split(y []float64, m int, multiplicative bool) (s, adjusted []float64) {
	long := len(y) >= 3*m
	var c []float64
	if long {
		s = season.Indices(y, m, multiplicative)
	} else {
		c = regress(y, m)
	}
	adjusted = make([]float64, len(y))
	for t, v := range y {
		var around float64
		switch {
		case long:
			around = s[t%m]
		case multiplicative:
			around = v / (c[0] + c[1]*float64(t+1))
		default:
			around = v - (c[0] + c[1]*float64(t+1))
		}
		if !long && t < m {
			s = append(s, around)
		}
		if multiplicative {
			adjusted[t] = v / max(around, 1e-2)
		} else {
			adjusted[t] = v - around
		}
	}
	return s, adjusted
}

// regress fits c₀ + c₁·t, t = 1, 2, …, by least squares, beside a harmonic of m steps if m > 0.
func regress(y []float64, m int) []float64 {
	rows := func(t int) []float64 {
		x := []float64{1, float64(t + 1)}
		if m > 0 {
			sin, cos := math.Sincos(2 * math.Pi * float64(t+1) / float64(m))
			x = append(x, cos)
			if m > 2 {
				x = append(x, sin)
			}
		}
		return x
	}
	k := len(rows(0))
	a := make([][]float64, k) // normal equations, the right side last
	for i := range a {
		a[i] = make([]float64, k+1)
	}
	for t, v := range y {
		x := rows(t)
		for i := range a {
			for j := range x {
				a[i][j] += x[i] * x[j]
			}
			a[i][k] += x[i] * v
		}
	}
	return solve(a)
}

// solve is Gaussian elimination with pivots; what no equation tells is 0.
func solve(a [][]float64) []float64 {
	k := len(a)
	for i := range k {
		p := i
		for j := i + 1; j < k; j++ {
			if math.Abs(a[j][i]) > math.Abs(a[p][i]) {
				p = j
			}
		}
		a[i], a[p] = a[p], a[i]
		if math.Abs(a[i][i]) < 1e-12 {
			continue
		}
		for j := range k {
			if j == i {
				continue
			}
			q := a[j][i] / a[i][i]
			for l := i; l <= k; l++ {
				a[j][l] -= q * a[i][l]
			}
		}
	}
	x := make([]float64, k)
	for i := range x {
		if math.Abs(a[i][i]) >= 1e-12 {
			x[i] = a[i][k] / a[i][i]
		}
	}
	return x
}
