package kernel

import "math"

// ExpsBelowMax sets p = e^(x-m) with m the greatest of x, for the length of x, and returns m
// and the sum of p.
func ExpsBelowMax(p, x []Float) (m Float, sum float64) {
	m, p = maxOf(x), p[:len(x)]
	exps(p, x, m)
	return m, Sum(p)
}

// ExpsTimes sets p = k·e^(x-m), for the length of x.
func ExpsTimes(p, x []Float, m, k Float) {
	p = p[:len(x)]
	exps(p, x, m)
	scale(p, k)
}

// LogSoftmaxExp sets p = softmax(x), for the length of x, and returns log p[k].
func LogSoftmaxExp(p, x []Float, k int) float64 {
	xk := x[k]
	m, sum := ExpsBelowMax(p, x)
	p = p[:len(x)]
	scale(p, Float(1/sum))
	return float64(xk) - float64(m) - math.Log(sum)
}
