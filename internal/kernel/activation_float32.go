//go:build !recur_f64

package kernel

import "math"

// reduce splits x = n·ln 2 + r, |r| <= ln 2 / 2, and returns n and e^r - 1.
func reduce(x float32) (n, p float32) {
	n = float32(math.RoundToEven(float64(x * log2e)))
	r := x - n*ln2Hi // exact
	r -= float32(n * ln2Lo)
	var q float32
	for i := len(expPoly) - 1; i >= 0; i-- {
		q = float32(q*r) + expPoly[i]
	}
	return n, float32(float32(r*r)*q) + r
}

// exp is e^x = 2ⁿ(1+p).
func exp(x float32) float32 {
	if x != x {
		return x
	}
	n, p := reduce(min(max(x, expMin), expMax))
	return float32(math.Ldexp(float64(1+p), int(n)))
}

// sigmoid is 1/(1+z), or z/(1+z) for x <= 0, with z = e^-|x|.
func sigmoid(x float32) float32 {
	z := exp(-float32(math.Abs(float64(x))))
	if x > 0 {
		return 1 / (1 + z)
	}
	return z / (1 + z)
}

// tanh is u/(u+2) with u = e^2|x| - 1 = 2ⁿp + (2ⁿ-1), and the sign of x.
func tanh(x float32) float32 {
	if x != x {
		return x
	}
	a := min(float32(math.Abs(float64(x))), 10)
	n, p := reduce(a + a)
	s := float32(math.Ldexp(1, int(n)))
	u := float32(s*p) + (s - 1)
	return float32(math.Copysign(float64(u/(u+2)), float64(x)))
}
