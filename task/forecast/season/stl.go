package season

import (
	"math"
	"slices"
)

// stl is the decomposition of Cleveland, Cleveland, McRae & Terpenning 1990 into a trend and a
// season of m steps, which changes slowly: the values of each phase are smoothed by a mean over
// a window of cycles. Robust goes over it anew with less weight for what was far off.
func stl(y []float64, m, window int, robust bool) (trend, season []float64) {
	n := len(y)
	odd := func(v int) int { return v + 1 - v%2 }
	wide := odd(int(math.Ceil(1.5 * float64(m) / (1 - 1.5/float64(window)))))
	low := odd(m + 1)
	phases := &smoother{window: window, jump: 1}
	lowPass := &smoother{window: low, line: true, jump: (low + 9) / 10}
	trends := &smoother{window: wide, line: true, jump: (wide + 9) / 10}
	trend, season = make([]float64, n), make([]float64, n)
	long, pass := make([]float64, n+2*m), make([]float64, n)
	rest := make([]float64, n)
	var rho []float64
	inner, outer := 2, 0
	if robust {
		outer = 15
	}
	for k := range outer + 1 {
		for range inner {
			for t, v := range y {
				rest[t] = v - trend[t]
			}
			byPhases(long, rest, rho, m, phases)
			// what is slow in the season belongs to the trend
			slow := moving(moving(moving(long, m), m), 3)
			lowPass.smooth(pass, slow, nil)
			for t, v := range y {
				season[t] = long[m+t] - pass[t]
				rest[t] = v - season[t]
			}
			trends.smooth(trend, rest, rho)
		}
		if k < outer {
			for t, v := range y {
				rest[t] = math.Abs(v - trend[t] - season[t])
			}
			rho = weights(rest)
		}
	}
	return trend, season
}

// byPhases smooths the values of each phase, and one cycle more at either end.
func byPhases(long, y, rho []float64, m int, s *smoother) {
	n := len(y)
	var part, weight, out []float64
	for p := range m {
		part, weight = part[:0], weight[:0]
		for t := p; t < n; t += m {
			part = append(part, y[t])
			if rho != nil {
				weight = append(weight, rho[t])
			}
		}
		if rho == nil {
			weight = nil
		}
		k := len(part)
		out = slices.Grow(out[:0], k)[:k]
		s.smooth(out, part, weight)
		for i, v := range out {
			long[p+(i+1)*m] = v
		}
		reach := min(s.window, k)
		before, after := s.at(part, weight, -1, 0, reach), s.at(part, weight, k, k-reach, k)
		if math.IsNaN(before) {
			before = out[0]
		}
		if math.IsNaN(after) {
			after = out[k-1]
		}
		long[p], long[p+(k+1)*m] = before, after
	}
}

// moving is the moving average of k values.
func moving(y []float64, k int) (out []float64) {
	var sum float64
	for t, v := range y {
		sum += v
		if t >= k {
			sum -= y[t-k]
		}
		if t >= k-1 {
			out = append(out, sum/float64(k))
		}
	}
	return out
}

// weights are those of values by how far off they are: the biweight of six medians.
func weights(off []float64) []float64 {
	sorted := slices.Sorted(slices.Values(off))
	n := len(off)
	far := 3 * (sorted[n/2] + sorted[n-n/2-1])
	rho := make([]float64, n)
	for t, r := range off {
		switch {
		case r <= 0.001*far || far == 0:
			rho[t] = 1
		case r <= 0.999*far:
			u := r / far
			rho[t] = (1 - u*u) * (1 - u*u)
		}
	}
	return rho
}
