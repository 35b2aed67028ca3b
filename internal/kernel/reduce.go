package kernel

// Dot returns Σ x[i]·y[i], for the length of x, added in float64.
func Dot(x, y []Float) Float {
	y = y[:len(x)]
	var acc [16]float64
	n := len(x) &^ 15
	dotLanes(x[:n], y[:n], &acc)
	for i := n; i < len(x); i++ {
		acc[i-n] += float64(x[i]) * float64(y[i])
	}
	return Float(join(&acc))
}

// Sum returns Σ x[i].
func Sum(x []Float) float64 {
	var acc [16]float64
	n := len(x) &^ 15
	sumLanes(x[:n], &acc)
	for i := n; i < len(x); i++ {
		acc[i-n] += float64(x[i])
	}
	return join(&acc)
}

// SumSq returns Σ x[i]².
func SumSq(x []Float) float64 {
	var acc [16]float64
	n := len(x) &^ 15
	sumSqLanes(x[:n], &acc)
	for i := n; i < len(x); i++ {
		acc[i-n] += float64(x[i]) * float64(x[i])
	}
	return join(&acc)
}

// maxOf returns the greatest of x, which is not empty. If x has a NaN the result may
// be any of x.
func maxOf(x []Float) Float {
	var acc [16]Float
	for i := range acc {
		acc[i] = x[0]
	}
	n := len(x) &^ 15
	maxLanes(x[:n], &acc)
	for i := n; i < len(x); i++ {
		acc[i-n] = max(acc[i-n], x[i])
	}
	m := acc[0]
	for _, v := range acc[1:] {
		m = max(m, v)
	}
	return m
}

// join adds the lanes pairwise.
func join(acc *[16]float64) float64 {
	for n := 8; n > 0; n /= 2 {
		for i := range n {
			acc[i] += acc[i+n]
		}
	}
	return acc[0]
}

// The definitions of the reductions: element i goes to lane i mod 16. Lengths are
// multiples of 16.

func dotLanesGo(x, y []Float, acc *[16]float64) {
	for i, v := range x {
		acc[i&15] += float64(float64(v) * float64(y[i]))
	}
}

func sumLanesGo(x []Float, acc *[16]float64) {
	for i, v := range x {
		acc[i&15] += float64(v)
	}
}

func sumSqLanesGo(x []Float, acc *[16]float64) {
	for i, v := range x {
		acc[i&15] += float64(float64(v) * float64(v))
	}
}

func maxLanesGo(x []Float, acc *[16]Float) {
	for i, v := range x {
		acc[i&15] = max(acc[i&15], v)
	}
}
