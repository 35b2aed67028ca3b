// Package residual checks the errors of forecasts: whether they are 0 on average, and whether
// one tells of the next, which a good forecast leaves no trace of; and it flags values of a
// history that lie far from those around them. It reads values alone.
package residual

import "math"

// Fewest is the number of errors that checks need.
const Fewest = 8

// Checks are what errors in their order came to.
type Checks struct {
	N        int       // errors that are numbers
	Mean, SD float64   // mean and standard deviation
	MeanP    float64   // probability of a mean so far from 0, if it is 0 in truth
	ACF      []float64 // autocorrelations of lags 1, 2, …
	More     []float64 // ACF and those of more lags, which are drawn: as many as R's acf has, or half of the errors
	Q, P     float64   // statistic of Ljung and Box (1978) of these lags, and the probability of one so large without autocorrelation
}

// Check checks errors, of which NaN are missing; ok is false if there are too few, or if all
// are the same. The lags are as many as Hyndman & Athanasopoulos (2021) take where there is no
// season: ten, but a fifth of the errors at most.
func Check(e []float64) (c Checks, ok bool) {
	var sum float64
	for _, v := range e {
		if !math.IsNaN(v) {
			sum += v
			c.N++
		}
	}
	if c.N < Fewest {
		return c, false
	}
	n := float64(c.N)
	c.Mean = sum / n
	var squares float64
	for _, v := range e {
		if !math.IsNaN(v) {
			squares += (v - c.Mean) * (v - c.Mean)
		}
	}
	if !(squares > 0) || math.IsInf(squares, 0) {
		return c, false
	}
	c.SD = math.Sqrt(squares / (n - 1))
	c.MeanP = math.Erfc(math.Abs(c.Mean) / (c.SD / math.Sqrt(n)) / math.Sqrt2)
	c.ACF = acf(e, c.Mean, squares, max(1, min(10, c.N/5)))
	for i, r := range c.ACF {
		c.Q += n * (n + 2) * r * r / (n - float64(i+1))
	}
	c.More = acf(e, c.Mean, squares, max(len(c.ACF), min(int(10*math.Log10(n)), c.N/2)))
	c.P = chiSquareTail(c.Q, float64(len(c.ACF)))
	return c, true
}

// acf are the autocorrelations of lags 1 to lags of errors with a mean and a sum of squares about it.
func acf(e []float64, mean, squares float64, lags int) (all []float64) {
	for lag := 1; lag <= lags; lag++ {
		var r float64
		for i := lag; i < len(e); i++ {
			if v := (e[i] - mean) * (e[i-lag] - mean); !math.IsNaN(v) {
				r += v
			}
		}
		all = append(all, r/squares)
	}
	return all
}

// chiSquareTail is the probability that χ² with k degrees of freedom is above x: the upper
// regularised incomplete gamma function at k/2 and x/2, by its series below the mean and by its
// continued fraction (Lentz 1976) above.
func chiSquareTail(x, k float64) float64 {
	a, x := k/2, x/2
	if !(x > 0) {
		return 1
	}
	lg, _ := math.Lgamma(a)
	front := math.Exp(a*math.Log(x) - x - lg)
	if x < a+1 {
		term := 1 / a
		sum := term
		for n := a + 1; term > 1e-16*sum; n++ {
			term *= x / n
			sum += term
		}
		return 1 - front*sum
	}
	b := x + 1 - a
	c, d := math.Inf(1), 1/b
	value := d
	for i := 1.0; i < 1000; i++ {
		an := -i * (i - a)
		b += 2
		d = 1 / (an*d + b)
		c = b + an/c
		value *= c * d
		if math.Abs(c*d-1) < 1e-15 {
			break
		}
	}
	return front * value
}
