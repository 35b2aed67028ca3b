package season

import "math"

// A smoother is LOESS (Cleveland 1979): at each step a line, or a mean, fitted to the nearest
// values, the nearer the heavier.
type smoother struct {
	window int // values that are looked at
	line   bool
	jump   int // steps from one fit to the next; between them a straight line
	w      []float64
}

// at is the smooth of y at step x, which may be outside, from the values of [lo, hi). NaN if
// all weights are 0. rho are weights of the values, nil for 1.
func (s *smoother) at(y, rho []float64, x, lo, hi int) float64 {
	n := len(y)
	h := float64(max(x-lo, hi-1-x))
	if s.window > n {
		h += float64((s.window - n) / 2)
	}
	if len(s.w) < n {
		s.w = make([]float64, n)
	}
	w := s.w[lo:hi]
	var sum, mean float64
	for i := range w {
		w[i] = 0
		r := math.Abs(float64(lo + i - x))
		if r > 0.999*h {
			continue
		}
		w[i] = 1
		if r > 0.001*h {
			u := r / h
			u = 1 - u*u*u
			w[i] = u * u * u
		}
		if rho != nil {
			w[i] *= rho[lo+i]
		}
		sum += w[i]
		mean += w[i] * float64(lo+i)
	}
	if sum <= 0 {
		return math.NaN()
	}
	mean /= sum
	var slope, middle float64
	for i := range w {
		middle += w[i] / sum * y[lo+i]
	}
	if s.line && h > 0 {
		var spread, rise float64
		for i := range w {
			d := float64(lo+i) - mean
			spread += w[i] / sum * d * d
			rise += w[i] / sum * d * y[lo+i]
		}
		if math.Sqrt(spread) > 0.001*float64(n-1) {
			slope = rise / spread
		}
	}
	return middle + slope*(float64(x)-mean)
}

// smooth writes the smooth of y at each step into out.
func (s *smoother) smooth(out, y, rho []float64) {
	n := len(y)
	if n < 2 {
		copy(out, y)
		return
	}
	fit := func(x int) {
		lo, hi := 0, n
		if s.window < n {
			lo = min(max(x-s.window/2, 0), n-s.window)
			hi = lo + s.window
		}
		out[x] = s.at(y, rho, x, lo, hi)
		if math.IsNaN(out[x]) {
			out[x] = y[x]
		}
	}
	jump := max(1, min(s.jump, n-1))
	last := 0
	for x := 0; x < n; x += jump {
		fit(x)
		between(out, last, x)
		last = x
	}
	if last < n-1 {
		fit(n - 1)
		between(out, last, n-1)
	}
}

// between draws the straight line between two steps.
func between(v []float64, a, b int) {
	for x := a + 1; x < b; x++ {
		v[x] = v[a] + (v[b]-v[a])*float64(x-a)/float64(b-a)
	}
}
