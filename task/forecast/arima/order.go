package arima

import (
	"fmt"
	"math"
)

// An Order has the numbers of coefficients and of differences of a model, the seasonal ones for
// steps of a season.
type Order struct {
	AR, I, MA    int
	SAR, SI, SMA int
	Constant     bool // a mean of the differences, which is a drift after one of them
}

// String writes an order as (2,1,1)(0,1,1), with a c behind it for a constant.
func (o Order) String() string {
	s := fmt.Sprintf("(%d,%d,%d)", o.AR, o.I, o.MA)
	if o.SAR+o.SI+o.SMA > 0 {
		s += fmt.Sprintf("(%d,%d,%d)", o.SAR, o.SI, o.SMA)
	}
	if o.Constant {
		s += " c"
	}
	return s
}

// coefficients is the number of those to estimate.
func (o Order) coefficients() int {
	n := o.AR + o.MA + o.SAR + o.SMA
	if o.Constant {
		n++
	}
	return n
}

// A tap is a coefficient at a lag.
type tap struct {
	lag   int
	value float64
}

// product appends to taps those of (1 - Σ aᵢBⁱ)(1 - Σ bⱼBᵐʲ) = 1 - Σ taps.
func product(taps []tap, a, b []float64, m int) []tap {
	for i, v := range a {
		taps = append(taps, tap{i + 1, v})
	}
	for j, s := range b {
		taps = append(taps, tap{(j + 1) * m, s})
		for i, v := range a {
			taps = append(taps, tap{(j+1)*m + i + 1, -s * v})
		}
	}
	return taps
}

// stationary sets a to the coefficients of a stationary autoregression whose partial
// autocorrelations are the hyperbolic tangents of u (Monahan 1984).
func stationary(a, u []float64) {
	var was [8]float64
	for k, v := range u {
		r := math.Tanh(v)
		copy(was[:k], a[:k])
		for i := range k {
			a[i] = was[i] - r*was[k-1-i]
		}
		a[k] = r
	}
}

// within reports whether the roots of 1 - Σ aᵢzⁱ are all further from 0 than a radius.
func within(a []float64, radius float64) bool {
	var c, was [8]float64
	f := 1.0
	for i, v := range a {
		f *= radius
		c[i] = v * f
	}
	for k := len(a) - 1; k >= 0; k-- { // the partial autocorrelations, from the last
		r := c[k]
		if !(math.Abs(r) < 1) {
			return false
		}
		copy(was[:], c[:])
		for i := range k {
			c[i] = (was[i] + r*was[k-1-i]) / (1 - r*r)
		}
	}
	return true
}
