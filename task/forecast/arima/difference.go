package arima

import "math"

// difference takes d differences of y, and before them D of a season of m steps.
func difference(y []float64, m, d, D int) []float64 {
	w := append([]float64(nil), y...)
	less := func(lag int) {
		for t := len(w) - 1; t >= lag; t-- {
			w[t] -= w[t-lag]
		}
		w = w[min(lag, len(w)):]
	}
	for range D {
		less(m)
	}
	for range d {
		less(1)
	}
	return w
}

// differences is how many differences, two at most, make y stationary by the test of
// Kwiatkowski, Phillips, Schmidt & Shin 1992 at 5 %.
func differences(y []float64) (d int) {
	for d < 2 && len(y) > 3 && kpss(y) > 0.463 {
		y = difference(y, 1, 1, 0)
		d++
	}
	return d
}

// kpss is the statistic of the test for a level, 0 for a constant.
func kpss(y []float64) float64 {
	n := float64(len(y))
	mean, _ := moments(y)
	var sum, squares float64 // of the partial sums
	e := make([]float64, len(y))
	for t, v := range y {
		e[t] = v - mean
		sum += e[t]
		squares += sum * sum
	}
	lags := int(3 * math.Sqrt(n) / 13)
	long := dot(e, e) / n
	if long < 1e-20*mean*mean {
		return 0
	}
	for k := 1; k <= lags; k++ {
		long += 2 * (1 - float64(k)/float64(lags+1)) * dot(e[k:], e[:len(e)-k]) / n
	}
	return squares / (n * n * long)
}
