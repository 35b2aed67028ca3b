package ets

import (
	"math"

	"github.com/recur-go/recur/task/forecast/internal/quantile"
)

// A Forecast is the mean and the variance of each step ahead.
type Forecast struct {
	Mean, Variance []float64
}

// Forecast goes h steps ahead from the last value of the series.
//
// The variance is exact where trend and season add (classes 1 and 2 of Hyndman et al. 2008,
// chapter 6). Where the season multiplies it is that book's approximation for small errors
// (class 3), also of an error that adds.
func (m *Model) Forecast(h int) Forecast {
	f := Forecast{make([]float64, h), make([]float64, h)}
	s := m.last()
	line := make([]float64, h) // the mean without a season that multiplies
	c := make([]float64, h)    // what an error adds to the mean j steps later
	damp, sum := 1.0, 0.0
	for k := range h {
		damp *= m.Phi
		sum += damp
		line[k] = s.Level + sum*s.Trend
		if m.Season == Additive {
			line[k] += s.cycle[k%m.Period]
		}
		f.Mean[k] = line[k]
		if m.Season == Multiplicative {
			f.Mean[k] *= s.cycle[k%m.Period]
		}
		c[k] = m.Alpha
		if m.Trend != None {
			c[k] += m.Beta * sum
		}
		if m.Season == Additive && (k+1)%m.Period == 0 {
			c[k] += m.Gamma
		}
	}
	if m.Error == Additive {
		square := 1.0
		for k := range h {
			f.Variance[k] = m.Variance * square
			if m.Season == Multiplicative {
				f.Variance[k] *= s.cycle[k%m.Period] * s.cycle[k%m.Period]
				if k == 0 {
					f.Variance[k] = m.Variance
				}
			}
			square += c[k] * c[k]
		}
		return f
	}
	theta := make([]float64, h)
	for k := range h {
		theta[k] = line[k] * line[k]
		for j := range k {
			theta[k] += m.Variance * c[j] * c[j] * theta[k-1-j]
		}
		if m.Season != Multiplicative {
			f.Variance[k] = (1+m.Variance)*theta[k] - line[k]*line[k]
			continue
		}
		learned := math.Pow(1+m.Gamma*m.Gamma*m.Variance, float64(k/m.Period))
		v := (1+m.Variance)*learned*theta[k] - line[k]*line[k]
		f.Variance[k] = v * s.cycle[k%m.Period] * s.cycle[k%m.Period]
	}
	return f
}

// Quantiles are those of normal errors, for each probability p those of all steps.
func (f Forecast) Quantiles(p ...float64) [][]float64 {
	all := make([][]float64, len(p))
	for i, p := range p {
		z := quantile.Normal(p)
		for k, v := range f.Mean {
			all[i] = append(all[i], v+z*math.Sqrt(f.Variance[k]))
		}
	}
	return all
}
