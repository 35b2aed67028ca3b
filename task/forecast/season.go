package forecast

import "math"

// isSeasonal reports whether y repeats with the given season: whether its
// autocorrelation at that lag is beyond what chance gives in nine of ten cases,
//
//	|r(m)| > 1.645·√((1 + 2·Σ r(i)²)/n), i < m,
//
// which is the test of the M4 competition. Fewer than three seasons, or a
// constant, are not seasonal. y has no missing values.
func isSeasonal(y []float64, season int) bool {
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

// SeasonalIndices decomposes y into trend and season by moving averages and
// returns the index of each position t mod season, multiplicative (mean 1) or
// additive (mean 0). y is at least two seasons long and has no missing values.
func SeasonalIndices(y []float64, season int, multiplicative bool) []float64 {
	n, half := len(y), season/2
	index, count := make([]float64, season), make([]float64, season)
	for t := half; t < n-half; t++ {
		trend := 0.0
		for i := t - half; i <= t+half; i++ {
			trend += y[i]
		}
		if season%2 == 0 { // the two ends are the same position: half a weight each
			trend -= (y[t-half] + y[t+half]) / 2
		}
		trend /= float64(season)
		v := y[t] - trend
		if multiplicative {
			v = y[t] / trend
		}
		index[t%season] += v
		count[t%season]++
	}
	var mean float64
	for i := range index {
		index[i] /= count[i]
		mean += index[i] / float64(season)
	}
	for i := range index {
		if multiplicative {
			index[i] /= mean
		} else {
			index[i] -= mean
		}
	}
	return index
}
