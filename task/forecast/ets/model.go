package ets

import (
	"math"
	"slices"

	"github.com/recur-go/recur/internal/fault"
)

// A Model is a form with its parameters, and where it stands after a series.
type Model struct {
	Form
	Period int // steps of a season, 1 for none

	Alpha, Beta, Gamma, Phi float64 // how fast level, trend and season learn; damping, 1 for none

	First  State   // before the first value
	States []State // after each value

	Fitted    []float64 // the forecast of each value from those before it
	Residuals []float64 // value less fitted; over fitted, if the error multiplies
	Variance  float64   // of a residual, with as many degrees of freedom as parameters leave

	LogLik, AIC, AICc, BIC float64 // of the series that the model was fitted to

	size float64 // of that series' values
}

// A State is what a model knows after a step.
type State struct {
	Level, Trend float64
	Season       float64 // of this step; in First, that of the last step of a cycle
	cycle        []float64
}

// parameters is the number of parameters and first states, the variance included.
func (m *Model) parameters() int {
	n := m.rates() + 2
	if m.Trend != None {
		n++
	}
	if m.Season != None {
		n += m.Period - 1
	}
	return n
}

// Filter is the model over another series, usually a longer one, with the parameters and
// first states as they are: only the states are new. That takes a few passes less than Fit by
// the hundred. The likelihood and the variance remain those of the fit.
func (m *Model) Filter(y []float64) (*Model, error) {
	if err := finite(y); err != nil {
		return nil, err
	}
	if m.Form.multiplies() && slices.Min(y) <= 0 {
		return nil, notPositive(m.Form)
	}
	n := *m
	n.run(y)
	if !n.sound() {
		return nil, fault.Errorf(fault.Numeric, "ets: the states of %v run away over these values; fit it to them", m.Form)
	}
	return &n, nil
}

// sound reports whether all that forecasts are made from are numbers.
func (m *Model) sound() bool {
	s := m.last()
	sum := math.Abs(s.Level) + math.Abs(s.Trend) + m.Variance
	for _, v := range s.cycle {
		sum += math.Abs(v)
	}
	return sum < math.Inf(1)
}

// run sets the states, fitted values and residuals. It works in units of the values' size.
func (m *Model) run(y []float64) {
	size, each := m.size, 1.0 // of values, and of an element of the season
	if m.Season == Additive {
		each = size
	}
	w := &filter{form: m.Form, m: m.Period, season: slices.Clone(m.First.cycle)}
	for i := range w.season {
		w.season[i] /= each
	}
	s := state{m.Alpha, m.Beta, m.Gamma, m.Phi, m.First.Level / size, m.First.Trend / size}
	m.States, m.Fitted, m.Residuals = make([]State, len(y)), make([]float64, len(y)), make([]float64, len(y))
	for t, v := range y {
		now := &w.season[t%m.Period]
		f, e := w.step(&s, now, v/size)
		if m.Error == Additive {
			e *= size
		}
		m.Fitted[t], m.Residuals[t] = f*size, e
		m.States[t] = State{Level: s.level * size, Trend: s.trend * size, Season: *now * each}
	}
	if len(y) == 0 {
		return
	}
	// the seasons of the cycle to come, the next step's first
	last := &m.States[len(y)-1]
	for k := range m.Period {
		last.cycle = append(last.cycle, each*w.season[(len(y)+k)%m.Period])
	}
}

// last is the state that forecasts start from, with the seasons of the steps to come.
func (m *Model) last() State {
	if len(m.States) == 0 {
		return m.First
	}
	return m.States[len(m.States)-1]
}

func (f Form) multiplies() bool { return f.Error == Multiplicative || f.Season == Multiplicative }

func notPositive(f Form) error {
	return fault.Errorf(fault.Data, "ets: %v multiplies, and the series has values that are not above 0; take a form that adds", f)
}

// largest is the largest magnitude whose square is a number, with room.
const largest = 1e150

// finite reports values that no model can use.
func finite(y []float64) error {
	for t, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fault.Errorf(fault.Data, "ets: value %d is %v; fill missing values first", t+1, v)
		}
		if math.Abs(v) > largest {
			return fault.Errorf(fault.Data, "ets: value %d is %v, beyond ±%v; take larger units", t+1, v, largest)
		}
	}
	return nil
}
