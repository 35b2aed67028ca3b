package ets

import "math"

// A filter runs a form over a series. Its parameters are, in this order, α, β, γ and φ as far
// as the form has them, the first level, the first trend, and the first season without its
// last element, which the others give since a season sums to 0, or to m if it multiplies.
type filter struct {
	form   Form
	m      int       // steps of a season, 1 for none
	y      []float64 // in units of their size
	season []float64 // a ring
}

const (
	tiny = 1e-10
	huge = 1e10
)

// state is what a model knows before a step.
type state struct {
	alpha, beta, gamma, phi float64
	level, trend            float64
}

// start lays out the parameters p and reports whether they are those of a model.
func (w *filter) start(p []float64) (s state, ok bool) {
	s.phi = 1
	s.alpha, p = p[0], p[1:]
	if w.form.Trend != None {
		s.beta, p = p[0], p[1:]
	}
	if w.form.Season != None {
		s.gamma, p = p[0], p[1:]
	}
	if w.form.Damped {
		s.phi, p = p[0], p[1:]
	}
	s.level, p = p[0], p[1:]
	if w.form.Trend != None {
		s.trend, p = p[0], p[1:]
	}
	if w.form.Season == None {
		return s, true
	}
	last := 0.0
	if w.form.Season == Multiplicative {
		last = float64(w.m)
	}
	for i, v := range p { // p[0] is that of the last step of a cycle
		w.season[w.m-1-i] = v
		last -= v
		if w.form.Season == Multiplicative && v < 0 {
			return s, false
		}
	}
	w.season[0] = last
	return s, w.form.Season == Additive || last >= 0
}

// step forecasts one step from s and the element of the season, learns y, and returns the
// forecast and the error.
func (w *filter) step(s *state, season *float64, y float64) (f, e float64) {
	pull := s.phi * s.trend
	base := s.level + pull
	f = base
	seen := y // without season
	switch w.form.Season {
	case Additive:
		f += *season
		seen -= *season
	case Multiplicative:
		f *= *season
		if math.Abs(*season) < tiny {
			seen = huge
		} else {
			seen /= *season
		}
	}
	e = y - f
	if w.form.Error == Multiplicative {
		if math.Abs(f) < tiny {
			e /= f + tiny
		} else {
			e /= f
		}
	}
	was := s.level
	s.level = base + s.alpha*(seen-base)
	if w.form.Trend != None {
		s.trend = pull + s.beta/s.alpha*(s.level-was-pull)
	}
	switch w.form.Season {
	case Additive:
		*season += s.gamma * (y - base - *season)
	case Multiplicative:
		now := huge
		if math.Abs(base) >= tiny {
			now = y / base
		}
		*season += s.gamma * (now - *season)
	}
	return f, e
}

// deviance is -2 log of the likelihood of p, less a constant, or +Inf if p is no model.
func (w *filter) deviance(p []float64) float64 {
	s, ok := w.start(p)
	if !ok {
		return math.Inf(1)
	}
	var square, logs float64
	product, at := 1.0, 0
	for _, y := range w.y {
		f, e := w.step(&s, &w.season[at], y)
		if at++; at == w.m {
			at = 0
		}
		square += e * e
		if w.form.Error == Multiplicative { // the sum of log |f|, a few logarithms for all
			if f = math.Abs(f); f == 0 {
				f = 1e-8
			}
			product *= f
			if product < 1e-100 || product > 1e100 {
				logs += math.Log(product)
				product = 1
			}
		}
	}
	if square <= 0 {
		square = 1e-300
	}
	d := float64(len(w.y))*math.Log(square) + 2*(logs+math.Log(product))
	if math.IsNaN(d) {
		return math.Inf(1)
	}
	return max(d, -1e10)
}
