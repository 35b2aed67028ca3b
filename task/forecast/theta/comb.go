package theta

import "math"

// Comb is the mean of simple exponential smoothing, of Holt's method and of Holt's method with a
// damped trend (Gardner & McKenzie 1985), with the deviations of the first. It needs one value.
func Comb(y []float64, h int) Forecast {
	s := fitSES(y)
	var sum float64
	for t, v := range y {
		sum += (v - s.fitted[t]) * (v - s.fitted[t])
	}
	linear, damped := fitHolt(y, false), fitHolt(y, true)
	return newForecast(h, math.Sqrt(sum/float64(max(len(y)-2, 1))), s.alpha, func(k int) float64 {
		return (s.level + linear.ahead(k+1) + damped.ahead(k+1)) / 3
	})
}

// holt is Holt's method with a trend that is damped by φ, 1 for none. With the error
// e = y - level - φ·trend of a step,
//
//	level ← level + φ·trend + α·e,  trend ← φ·trend + α·β·e
type holt struct {
	alpha, beta, phi float64
	level, trend     float64 // level and trend after the last step
}

// ahead is the forecast k steps ahead.
func (m holt) ahead(k int) float64 {
	f, p := m.level, 1.0
	for range k {
		p *= m.phi
		f += p * m.trend
	}
	return f
}

// fitHolt finds the rates and the first level and trend with the least squared one-step
// error. For given rates the errors are linear in the first level and trend, so that
// those are the solution of two equations and only the rates need a search.
func fitHolt(y []float64, damped bool) holt {
	if len(y) < 4 {
		return holt{phi: 1, level: y[len(y)-1]}
	}
	const lo, hi = 1e-4, 1 - 1e-4
	bounds := [3][2]float64{{lo, hi}, {lo, hi}, {1, 1}}
	if damped {
		bounds[2] = [2]float64{0.8, 0.98}
	}
	best, least := [3]float64{}, math.Inf(1)
	try := func(p [3]float64) {
		for i := range p {
			p[i] = min(max(p[i], bounds[i][0]), bounds[i][1])
		}
		if _, sse := runHolt(y, p); sse < least {
			best, least = p, sse
		}
	}
	for _, a := range []float64{0.1, 0.3, 0.5, 0.7, 0.95} {
		for _, b := range []float64{0.01, 0.1, 0.4} {
			for _, phi := range []float64{0.9, 0.98} {
				try([3]float64{a, b, phi})
			}
		}
	}
	for step := 0.1; step > 2e-3; step /= 2 { // a search along each rate
		for range 10 {
			was := least
			for i := range best {
				for _, d := range []float64{-step, step} {
					p := best
					p[i] += d * (bounds[i][1] - bounds[i][0])
					try(p)
				}
			}
			if !(least < was*(1-1e-6)) {
				break
			}
		}
	}
	m, _ := runHolt(y, best)
	return m
}

// runHolt runs the method with the best first level and trend for the rates α, β, φ.
func runHolt(y []float64, p [3]float64) (m holt, sse float64) {
	type state struct{ level, trend float64 }
	// errors with no first level and trend, and how they fall with each of them
	zero, byLevel, byTrend := state{}, state{1, 0}, state{0, 1}
	step := func(s *state, y float64) (e float64) {
		f := s.level + p[2]*s.trend
		e = y - f
		s.level, s.trend = f+p[0]*e, p[2]*s.trend+p[0]*p[1]*e
		return e
	}
	var ll, lt, tt, le, te, ee float64
	for _, v := range y {
		e, l, t := step(&zero, v), -step(&byLevel, 0), -step(&byTrend, 0)
		ll, lt, tt = ll+l*l, lt+l*t, tt+t*t
		le, te, ee = le+l*e, te+t*e, ee+e*e
	}
	var level, trend float64
	if det := ll*tt - lt*lt; det > 1e-12*ll*tt {
		level, trend = (le*tt-te*lt)/det, (te*ll-le*lt)/det
	} else if ll > 0 {
		level = le / ll
	}
	m = holt{alpha: p[0], beta: p[1], phi: p[2]}
	m.level = zero.level + level*byLevel.level + trend*byTrend.level
	m.trend = zero.trend + level*byLevel.trend + trend*byTrend.trend
	return m, max(ee-level*le-trend*te, 0)
}
