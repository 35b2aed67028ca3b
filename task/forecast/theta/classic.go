package theta

import "math"

// Classic is the theta method (Assimakopoulos & Nikolopoulos 2000), the mean of the straight line
// through y and of simple exponential smoothing of y with its curvature doubled,
//
//	θ₀(t) = a + b·t,  θ₂(t) = 2·y(t) - θ₀(t),  f = (θ₀ + SES(θ₂))/2
//
// By Hyndman & Billah 2003 this is exponential smoothing with a drift of b/2. It needs one value.
func Classic(y []float64, h int) Forecast {
	n := len(y)
	a, b := Line(y)
	theta2 := make([]float64, n)
	for t, v := range y {
		theta2[t] = 2*v - (a + b*float64(t))
	}
	s := fitSES(theta2)
	var sum float64
	for t, v := range y {
		fitted := (a + b*float64(t) + s.fitted[t]) / 2
		sum += (v - fitted) * (v - fitted)
	}
	sd := math.Sqrt(sum / float64(max(n-3, 1)))
	return newForecast(h, sd, s.alpha, func(k int) float64 { return (a + b*float64(n+k) + s.level) / 2 })
}

// Line is the least-squares line a + b·t through y.
func Line(y []float64) (a, b float64) {
	n := float64(len(y))
	mid := (n - 1) / 2
	var mean, num, den float64
	for t, v := range y {
		mean += v / n
		num += (float64(t) - mid) * v
		den += (float64(t) - mid) * (float64(t) - mid)
	}
	if den > 0 {
		b = num / den
	}
	return mean - b*mid, b
}
