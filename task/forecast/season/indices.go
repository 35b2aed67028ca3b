package season

// Indices decomposes y into trend and season and returns the index of each position t mod m,
// multiplicative (mean 1) or additive (mean 0). The trend is a moving average over a cycle
// or, of fewer than three cycles, the line whose slope is the change from cycle to cycle, so
// that every value counts. y is at least two cycles long and has no missing values.
func Indices(y []float64, m int, multiplicative bool) []float64 {
	index, count := make([]float64, m), make([]float64, m)
	trend, from := average(y, m)
	if len(y) < 3*m {
		trend, from = slope(y, m), 0
	}
	for i, v := range trend {
		t := from + i
		if multiplicative {
			index[t%m] += y[t] / v
		} else {
			index[t%m] += y[t] - v
		}
		count[t%m]++
	}
	var mean float64
	for i := range index {
		index[i] /= count[i]
		mean += index[i] / float64(m)
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

// average is the centred moving average of y over a cycle of m steps, from step m/2 on.
func average(y []float64, m int) (trend []float64, from int) {
	n, half := len(y), m/2
	const long = 64 // from here on a sum that is carried along, not one for each step
	carried := 0.0
	for t := half; t < n-half; t++ {
		sum := 0.0
		if m <= long || t == half {
			for i := t - half; i <= t+half; i++ {
				sum += y[i]
			}
		} else {
			sum = carried + y[t+half] - y[t-half-1]
		}
		carried = sum
		if m%2 == 0 { // the two ends are the same position: half a weight each
			sum -= (y[t-half] + y[t+half]) / 2
		}
		trend = append(trend, sum/float64(m))
	}
	return trend, half
}

// slope is the line through y whose slope is that of the values around the means of their
// phases.
func slope(y []float64, m int) []float64 {
	n := len(y)
	mean, mid, count := make([]float64, m), make([]float64, m), make([]float64, m)
	for t, v := range y {
		mean[t%m] += v
		mid[t%m] += float64(t)
		count[t%m]++
	}
	var num, den float64
	for t, v := range y {
		p := t % m
		d := float64(t) - mid[p]/count[p]
		num += d * (v - mean[p]/count[p])
		den += d * d
	}
	b := num / den
	var a float64 // the mean over a cycle of the means of phases, at t = 0
	for p := range m {
		a += (mean[p] - b*mid[p]) / count[p] / float64(m)
	}
	trend := make([]float64, n)
	for t := range trend {
		trend[t] = a + b*float64(t)
	}
	return trend
}
