//go:build recur_f64

package kernel

import "math"

func exp(x float64) float64  { return math.Exp(x) }
func tanh(x float64) float64 { return math.Tanh(x) }

func sigmoid(x float64) float64 {
	z := math.Exp(-math.Abs(x))
	if x > 0 {
		return 1 / (1 + z)
	}
	return z / (1 + z)
}
