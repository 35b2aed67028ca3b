package forecast

import (
	"math"
	"math/rand/v2"
)

// simulate draws a series of n steps from a structural model with random
// parameters: a level with a trend that may be damped, a season that may drift,
// and noise that may be autocorrelated and now and then is an outlier,
//
//	y(t) = l(t) + s(t) + a(t)
//	l(t+1) = l(t) + b(t) + η,  b(t+1) = β + φ·(b(t)-β) + ζ
//	s(t+m) = s(t) + ω,         a(t) = ρ·a(t-1) + ε
//
// (Harvey 1989). A net that has seen many such series knows what trends and
// seasons usually do before it sees the first of the data, which a short series
// cannot teach it: simulated series are its prior.
func simulate(r *rand.Rand, n, season int) []float64 {
	between := func(lo, hi float64) float64 { return lo * math.Pow(hi/lo, r.Float64()) }
	chance := func(p float64) bool { return r.Float64() < p }

	noise, wander := between(0.1, 3), between(0.03, 2)
	trend, mean, bend, damp := 0.0, 0.0, 0.0, 1.0
	if chance(0.7) {
		trend = 0.3 * wander * r.NormFloat64()
	}
	if chance(0.5) { // the slope itself moves, and returns to zero or to its start
		bend = wander * between(0.005, 0.2)
		damp = 0.8 + 0.19*r.Float64()
		if chance(0.5) {
			mean = trend
		}
	}
	s, turn := make([]float64, season), 0.0
	if season > 1 && chance(0.8) {
		size := between(0.3, 10)
		turn = size * between(0.003, 0.1)
		for j := range 1 + r.IntN(min(season/2, 6)) {
			sin, cos := r.NormFloat64()/float64(j+1), r.NormFloat64()/float64(j+1)
			for i := range s {
				a := 2 * math.Pi * float64(i*(j+1)) / float64(season)
				s[i] += size / 2 * (sin*math.Sin(a) + cos*math.Cos(a))
			}
		}
		if chance(0.5) {
			for i := range s {
				s[i] += size / 2 * r.NormFloat64()
			}
		}
	}
	rho := 0.0
	if chance(0.3) {
		rho = 0.3 + 0.65*r.Float64()
	}

	y := make([]float64, n)
	var level, a float64
	for t := range y {
		e := noise * r.NormFloat64()
		if chance(0.02) {
			e *= 4
		}
		a = rho*a + e
		y[t] = level + s[t%season] + a
		level += trend + wander*r.NormFloat64()
		trend = mean + damp*(trend-mean) + bend*r.NormFloat64()
		s[t%season] += turn * r.NormFloat64()
	}
	return y
}
