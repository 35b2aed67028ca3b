package theta

import "math"

// ses is simple exponential smoothing, level ← level + α·(y - level).
type ses struct {
	alpha, level float64   // level after the last step
	fitted       []float64 // level before each step
}

// fitSES finds the α in [1e-4, 1-1e-4] and the first level with the least
// squared one-step error. For a given α the errors are linear in the first level,
//
//	e(t) = u(t) - (1-α)ᵗ·level₀,
//
// with u the errors from level 0, so that the best level is a quotient of sums
// and only α needs a search.
func fitSES(y []float64) ses {
	try := func(alpha float64) (level0, sse float64) {
		var level, uw, ww, uu float64
		w := 1.0
		for _, v := range y {
			u := v - level
			uw, ww, uu = uw+u*w, ww+w*w, uu+u*u
			level += alpha * u
			w *= 1 - alpha
		}
		return uw / ww, uu - uw*uw/ww
	}
	const lo, hi, steps = 1e-4, 1 - 1e-4, 100
	best, least := lo, math.Inf(1)
	for i := range steps + 1 {
		a := lo + (hi-lo)*float64(i)/steps
		if _, sse := try(a); sse < least {
			best, least = a, sse
		}
	}
	l, r := max(best-(hi-lo)/steps, lo), min(best+(hi-lo)/steps, hi)
	for r-l > 1e-9 { // ternary search between the neighbours of the best point
		a, b := l+(r-l)/3, r-(r-l)/3
		_, sa := try(a)
		_, sb := try(b)
		if sa <= sb {
			r = b
		} else {
			l = a
		}
	}
	s := ses{alpha: (l + r) / 2, fitted: make([]float64, len(y))}
	s.level, _ = try(s.alpha)
	for t, v := range y {
		s.fitted[t] = s.level
		s.level += s.alpha * (v - s.level)
	}
	return s
}
