package arima

import (
	"math"

	"github.com/recur-go/recur/internal/fault"
)

// A Model is fitted to a series, whose forecasts it makes.
type Model struct {
	Order
	Period    int
	Deviation float64 // of the one-step errors

	ar, ma   []tap // of the differences
	constant float64
	y, e     []float64 // the series and its errors, which are those of its last values
}

// Fit estimates the coefficients of an order for y, with a season of m steps, or none if m is 1.
func Fit(y []float64, m int, o Order) (*Model, error) {
	if m < 1 || max(o.AR, o.MA, o.SAR, o.SMA) > 5 || min(o.AR, o.I, o.MA, o.SAR, o.SI, o.SMA) < 0 {
		return nil, fault.Errorf(fault.Usage, "arima: order %v for a season of %d: want at least 0 and at most 5 of each, and a season of at least 1", o, m)
	}
	w := difference(y, m, o.I, o.SI)
	if len(w) <= o.coefficients() {
		return nil, fault.Errorf(fault.Data, "arima: %d values are too few for order %v", len(y), o)
	}
	f := newFitter(w, m)
	sum := f.fit(o)
	model := &Model{Order: o, Period: m, ar: f.ar, ma: f.ma, constant: f.constant, y: y, e: f.e}
	model.Deviation = math.Sqrt(sum / float64(max(len(w)-o.coefficients(), 1)))
	return model, nil
}

// Filter is the model with the same coefficients and deviation for another series, such as one
// that has grown.
func (m *Model) Filter(y []float64) *Model {
	now := *m
	w := difference(y, m.Period, m.I, m.SI)
	for t := range w {
		w[t] -= m.constant
	}
	now.y, now.e = y, make([]float64, len(w))
	run(now.e, w, m.ar, m.ma)
	return &now
}

// A Forecast has the means and the standard deviations of the steps ahead.
type Forecast struct{ Mean, Deviation []float64 }

// Forecast forecasts h steps.
func (m *Model) Forecast(h int) Forecast {
	f := Forecast{make([]float64, h), make([]float64, h)}
	ar := m.integrated()
	shift := m.constant // what the constant adds to each value
	for _, c := range m.ar {
		shift -= c.value * m.constant
	}
	n := len(m.y)
	y := append(append(make([]float64, 0, n+h), m.y...), f.Mean...)
	at := len(m.e) // errors end with the values
	for k := range h {
		v := shift
		for _, c := range ar {
			if n+k >= c.lag {
				v += c.value * y[n+k-c.lag]
			}
		}
		for _, c := range m.ma {
			if t := at + k - c.lag; t >= 0 && t < at {
				v -= c.value * m.e[t]
			}
		}
		y[n+k], f.Mean[k] = v, v
	}
	psi := make([]float64, h) // the sum of squares of which is the variance, in those of one step
	sum := 0.0
	for k := range h {
		v := 0.0
		if k == 0 {
			v = 1
		}
		for _, c := range ar {
			if k >= c.lag {
				v += c.value * psi[k-c.lag]
			}
		}
		for _, c := range m.ma {
			if k == c.lag {
				v -= c.value
			}
		}
		psi[k] = v
		sum += v * v
		f.Deviation[k] = m.Deviation * math.Sqrt(sum)
	}
	return f
}

// integrated are the taps of the autoregression with the differences in it.
func (m *Model) integrated() []tap {
	size := 1 + m.I + m.SI*m.Period
	for _, c := range m.ar {
		size = max(size, 1+m.I+m.SI*m.Period+c.lag)
	}
	p := make([]float64, size) // 1 - Σ taps
	p[0] = 1
	for _, c := range m.ar {
		p[c.lag] -= c.value
	}
	times := func(lag int) {
		for t := len(p) - 1; t >= lag; t-- {
			p[t] -= p[t-lag]
		}
	}
	for range m.I {
		times(1)
	}
	for range m.SI {
		times(m.Period)
	}
	var taps []tap
	for lag, v := range p {
		if lag > 0 && v != 0 {
			taps = append(taps, tap{lag, -v})
		}
	}
	return taps
}
