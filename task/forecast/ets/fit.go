package ets

import (
	"math"
	"slices"

	"github.com/recur-go/recur/internal/fault"
)

// Longest is the longest season of a model, in steps. Longer ones have more first states
// than a series can tell; take them out by season.Decompose first.
const Longest = 24

// rounds is how long a search may take.
const rounds = 1000

// bounds are those of the parameters. What the trend and the season may learn at most depends
// on where the search for α begins.
type bounds struct{ beta, gamma float64 }

const (
	lowest, highest    = 1e-4, 1 - 1e-4
	dampest, leastDamp = 0.8, 0.98
)

// Fit estimates a form with a season of the given number of steps from y, which has no missing
// values. A form without a season takes any period.
func Fit(y []float64, period int, f Form) (*Model, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if err := finite(y); err != nil {
		return nil, err
	}
	if f.Season == None {
		period = 1
	} else if period < 2 || period > Longest {
		return nil, fault.Errorf(fault.Usage, "ets: %v has a season, of 2 to %d steps; it is of %d", f, Longest, period)
	}
	if len(y) > 0 && f.multiplies() && slices.Min(y) <= 0 {
		return nil, notPositive(f)
	}
	if need := f.needs(period); len(y) < need {
		return nil, fault.Errorf(fault.Data, "ets: %v takes %d values; there are %d", f, need, len(y))
	}
	if constant(y) {
		f, period = Form{Error: Additive, Trend: None, Season: None}, 1
	}
	m := fit(y, period, f, &bounds{highest, highest})
	if !m.sound() {
		return nil, fault.Errorf(fault.Numeric, "ets: no %v fits these values; take a form that adds", f)
	}
	return m, nil
}

// needs is the least number of values of a form.
func (f Form) needs(period int) int {
	m := Model{Form: f, Period: period}
	n := m.parameters() + 1
	if f.Season != None {
		n = max(n, period+1)
	}
	return n
}

// Auto is the model with the least AICc of all forms that are stable: an error that adds has
// no season that multiplies, and a series with values of 0 and below has nothing that
// multiplies. The season is of the given number of steps, 1 for none; above 24 there is none.
//
// y has no missing values, and at least four.
func Auto(y []float64, period int) (*Model, error) {
	if err := finite(y); err != nil {
		return nil, err
	}
	plain := Form{Error: Additive, Trend: None, Season: None}
	if need := plain.needs(1); len(y) < need {
		return nil, fault.Errorf(fault.Data, "ets: a model takes %d values; there are %d", need, len(y))
	}
	if constant(y) {
		return fit(y, 1, plain, &bounds{highest, highest}), nil
	}
	var best *Model
	b := &bounds{highest, highest} // shared, as in statsforecast
	for _, f := range forms {
		if f.multiplies() && slices.Min(y) <= 0 {
			continue
		}
		m := 1
		if f.Season != None {
			m = period
			if m < 2 || m > Longest {
				continue
			}
		}
		if len(y) < f.needs(m) {
			continue
		}
		if got := fit(y, m, f, b); got.sound() && (best == nil || got.AICc < best.AICc) {
			best = got
		}
	}
	if best == nil {
		return nil, fault.Errorf(fault.Numeric, "ets: no form fits these values")
	}
	return best, nil
}

// forms are those that Auto tries, in its order.
var forms = func() (all []Form) {
	for _, e := range []Component{Additive, Multiplicative} {
		for _, t := range []Component{None, Additive} {
			for _, s := range []Component{None, Additive, Multiplicative} {
				for _, d := range []bool{true, false} {
					if t == None && d || e == Additive && s == Multiplicative {
						continue
					}
					all = append(all, Form{e, t, d, s})
				}
			}
		}
	}
	return all
}()

func fit(y []float64, period int, f Form, b *bounds) *Model {
	size := size(y)
	w := &filter{form: f, m: period, y: make([]float64, len(y)), season: make([]float64, period)}
	for t, v := range y {
		w.y[t] = v / size
	}
	var p, lower, upper []float64
	add := func(v, lo, hi float64) { p, lower, upper = append(p, v), append(lower, lo), append(upper, hi) }
	alpha := lowest + 0.2*(highest-lowest)/float64(period)
	if constant(y) {
		add(highest, highest, highest)
	} else {
		add(alpha, lowest, highest)
	}
	if f.Trend != None {
		b.beta = min(b.beta, alpha)
		add(lowest+0.1*(b.beta-lowest), lowest, b.beta)
	}
	if f.Season != None {
		b.gamma = min(b.gamma, 1-alpha)
		add(lowest+0.05*(b.gamma-lowest), lowest, b.gamma)
	}
	if f.Damped {
		add(dampest+0.99*(leastDamp-dampest), dampest, leastDamp)
	}
	level, trend, cycle := first(w.y, period, f)
	add(level, math.Inf(-1), math.Inf(1))
	if f.Trend != None {
		add(trend, math.Inf(-1), math.Inf(1))
	}
	for _, v := range cycle {
		add(v, math.Inf(-1), math.Inf(1))
	}
	p = minimise(w.deviance, p, lower, upper, rounds)

	deviance := w.deviance(p)
	s, _ := w.start(p)
	m := &Model{Form: f, Period: period, Alpha: s.alpha, Beta: s.beta, Gamma: s.gamma, Phi: s.phi, size: size}
	m.First = State{Level: s.level * size, Trend: s.trend * size, cycle: w.season}
	if f.Season == Additive {
		for i := range w.season {
			w.season[i] *= size
		}
	}
	m.First.Season = w.season[period-1]
	m.run(y)
	n, k := float64(len(y)), float64(m.parameters())
	for _, e := range m.Residuals {
		m.Variance += e * e / max(n-k-1, 1)
	}
	deviance += 2 * n * math.Log(size)
	m.LogLik = -deviance / 2
	m.AIC = deviance + 2*k
	m.BIC = deviance + k*math.Log(n)
	m.AICc = math.Inf(1)
	if n > k+1 {
		m.AICc = m.AIC + 2*k*(k+1)/(n-k-1)
	}
	return m
}

// size is the mean magnitude of y, by which a fit is the same at any scale.
func size(y []float64) float64 {
	var most, mean float64
	for _, v := range y {
		most = max(most, math.Abs(v))
	}
	if most == 0 {
		return 1
	}
	for _, v := range y {
		mean += math.Abs(v) / most / float64(len(y))
	}
	return max(mean*most, math.SmallestNonzeroFloat64)
}

func constant(y []float64) bool {
	for _, v := range y {
		if v != y[0] {
			return false
		}
	}
	return true
}
