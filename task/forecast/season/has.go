package season

import (
	"math"
	"slices"
)

// Of a long series Has reads the last cycles, fewer of long ones.
const (
	cycles = 20
	enough = 5000 // values, if they are four cycles
)

// Has reports whether y repeats every m steps. It works from two cycles on, for smooth
// seasons and spiky ones, with and without trend.
//
// The series is taken as a line with errors that follow each other,
//
//	y(t) = a + b·t + ρ·y(t-1) + s(t) + e(t),  0 ≤ ρ ≤ 1,
//
// fitted by least squares without a season s, and with one of the first harmonic, of the
// first three, and of all, which is a value of its own for each step of the cycle. The
// smallest p-value of the three F-tests, times three for the choice, is held against a level
// that rises with the number of cycles: 0.005 below two and a half cycles (0.001 and less for
// long seasons), 0.015 below three and a half, 0.02 from there on.
//
// If that finds none from three cycles on, and some values are far off all others of their
// phase, it looks again with these brought nearer.
//
// A series that repeats exactly is seasonal; a constant or a straight line is not. The
// time is proportional to the number of values, of which the last 20 cycles are read.
func Has(y []float64, m int) bool {
	if m < 2 || len(y) < 2*m {
		return false
	}
	y = y[max(0, len(y)-min(cycles*m, max(enough, 4*m))):]
	x, precision, ok := standard(y)
	return ok && (repeats(x, m, precision, 1) || len(x) >= 3*m && tame(x, m) && repeats(x, m, precision, 3))
}

// repeats is the test, at a level that many times stricter.
func repeats(x []float64, m int, precision, strict float64) bool {
	n := len(x) - 1
	now, lag := slices.Clone(x[1:]), slices.Clone(x[:n])
	zero := float64(n) * precision * precision
	columns := waves(n, m, min(3, (m-1)/2))
	plain := strip(now, lag, columns[:2]).rss()
	if plain <= zero {
		return false // a line
	}
	p, free := 1.0, n-3 // less a, b, ρ
	exact := false
	test := func(full pair, extra int) {
		if free-extra < 1 {
			return
		}
		rss := full.rss()
		exact = exact || rss <= zero
		f := (plain - rss) / float64(extra) / (rss / float64(free-extra))
		p = min(p, tail(f, float64(extra), float64(free-extra)))
	}
	test(byPhase(x, m), m-1)
	if m > 3 {
		test(strip(now, lag, columns[2:4]), 2)
	}
	if m > 7 {
		test(strip(now, lag, columns[4:]), 6)
	}
	return exact || 3*strict*p < level(len(x), m)
}

// tame brings values that are far off the median of their phase, once a line is taken off, to
// where they are seen to be often, and reports whether there are any.
func tame(x []float64, m int) (any bool) {
	off := slices.Clone(x)
	for _, c := range waves(len(x), m, 0) {
		project(off, c)
	}
	var phase []float64
	for p := range m {
		phase = phase[:0]
		for t := p; t < len(x); t += m {
			phase = append(phase, off[t])
		}
		middle := median(phase)
		for t := p; t < len(x); t += m {
			off[t] -= middle
		}
	}
	size := slices.Clone(off)
	for t, v := range size {
		size[t] = math.Abs(v)
	}
	most := 5 * 1.4826 * median(size) // five deviations, if they are normal
	for t, v := range off {
		if math.Abs(v) > most {
			x[t] -= v - math.Copysign(most, v)
			any = true
		}
	}
	return any
}

// median is the upper of two; it sorts v.
func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// level is the level of the test for n values of a season of m steps. What wanders or shifts
// looks like two or three long waves the more surely the more values there are, and so the
// level falls with m.
func level(n, m int) float64 {
	switch c := float64(n) / float64(m); {
	case c < 2.5 && m >= 24:
		return min(0.001, math.Pow(10, -float64(m)/14))
	case c < 2.5:
		return 0.005
	case c < 3.5:
		return min(0.015, math.Pow(10, -float64(m)/60))
	}
	return 0.02
}

// standard is y in units of its largest deviation from its mean, and how well its values are
// known in these units. It fails for a constant and for values that are not finite.
func standard(y []float64) (x []float64, precision float64, ok bool) {
	var size float64
	for _, v := range y {
		size = max(size, math.Abs(v))
	}
	if !(size > 0) || math.IsInf(size, 0) {
		return nil, 0, false
	}
	x = make([]float64, len(y))
	var mean, most float64
	for t, v := range y {
		x[t] = v / size
		mean += x[t] / float64(len(y))
	}
	for _, v := range x {
		most = max(most, math.Abs(v-mean))
	}
	precision = 1e-13 / most
	if !(precision < 1e-2) {
		return nil, 0, false
	}
	for t := range x {
		x[t] = (x[t] - mean) / most
	}
	return x, max(precision, 1e-9), true
}

// A pair is the sums of squares and products of what a regression leaves of y(t) and y(t-1).
type pair struct{ yy, yl, ll float64 }

// rss is the residual sum of squares with the best ρ.
func (s pair) rss() float64 {
	if s.ll <= 0 {
		return s.yy
	}
	rho := min(max(s.yl/s.ll, 0), 1)
	return max(s.yy-2*rho*s.yl+rho*rho*s.ll, 0)
}

// strip takes the part along orthonormal columns off the series and the same one step before.
func strip(now, lag []float64, columns [][]float64) pair {
	for _, c := range columns {
		project(now, c)
		project(lag, c)
	}
	return sums(now, lag)
}

// byPhase is residual for a line and a value for each phase of the cycle, which are
// orthogonal once the line has lost its mean over each phase.
func byPhase(x []float64, m int) pair {
	n := len(x) - 1
	now, lag := slices.Clone(x[1:]), slices.Clone(x[:n])
	line := make([]float64, n)
	for t := range line {
		line[t] = float64(t) / float64(n)
	}
	for _, v := range [][]float64{now, lag, line} {
		for p := range m {
			var mean, count float64
			for t := p; t < n; t += m {
				mean += v[t]
				count++
			}
			for t := p; t < n; t += m {
				v[t] -= mean / count
			}
		}
	}
	normalise(line)
	return strip(now, lag, [][]float64{line})
}

// waves is an orthonormal base of lines of n steps and then of the first harmonics of m steps.
func waves(n, m, harmonics int) (base [][]float64) {
	one, line := make([]float64, n), make([]float64, n)
	for t := range n {
		one[t] = 1
		line[t] = float64(t) - float64(n-1)/2
	}
	columns := [][]float64{one, line}
	for k := 1; k <= harmonics; k++ {
		cos, sin := make([]float64, n), make([]float64, n)
		for t := range min(m, n) {
			sin[t], cos[t] = math.Sincos(2 * math.Pi * float64(k*t%m) / float64(m))
		}
		for t := m; t < n; t++ {
			sin[t], cos[t] = sin[t-m], cos[t-m]
		}
		columns = append(columns, cos, sin)
	}
	for i, c := range columns { // Gram-Schmidt
		for _, b := range columns[:i] {
			project(c, b)
		}
		normalise(c)
	}
	return columns
}

// project takes the part along the unit vector c off v.
func project(v, c []float64) {
	var dot float64
	for i, x := range c {
		dot += x * v[i]
	}
	for i, x := range c {
		v[i] -= dot * x
	}
}

// normalise makes v of length 1.
func normalise(v []float64) {
	var square float64
	for _, x := range v {
		square += x * x
	}
	scale := 1 / math.Sqrt(square)
	for i := range v {
		v[i] *= scale
	}
}

func sums(now, lag []float64) (s pair) {
	for i, v := range now {
		s.yy += v * v
		s.yl += v * lag[i]
		s.ll += lag[i] * lag[i]
	}
	return s
}
