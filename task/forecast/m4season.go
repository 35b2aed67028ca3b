package forecast

import "math"

// m4Seasonal reports whether y repeats with the given season: whether its
// autocorrelation at that lag is beyond what chance gives in nine of ten cases,
//
//	|r(m)| > 1.645·√((1 + 2·Σ r(i)²)/n), i < m,
//
// which is the test of the M4 competition. Fewer than three seasons, or a
// constant, are not seasonal. y has no missing values.
func m4Seasonal(y []float64, season int) bool {
	n := len(y)
	if season < 2 || n < 3*season {
		return false
	}
	var mean, c0 float64
	for _, v := range y {
		mean += v / float64(n)
	}
	for _, v := range y {
		c0 += (v - mean) * (v - mean)
	}
	r := func(lag int) (sum float64) {
		for t := lag; t < n; t++ {
			sum += (y[t] - mean) * (y[t-lag] - mean)
		}
		return sum / c0
	}
	squares := 1.0
	for i := 1; i < season; i++ {
		squares += 2 * r(i) * r(i)
	}
	return math.Abs(r(season)) > 1.645*math.Sqrt(squares/float64(n))
}
