package kernel

import (
	"math"
	"testing"
)

// everyFloat32 calls f with runs of float32s, one in step of all there are.
func everyFloat32(step uint32, f func(x []Float)) {
	var x []Float
	for u := uint64(0); u < 1<<32; u += uint64(step) {
		x = append(x, Float(math.Float32frombits(uint32(u))))
		if len(x) == 1<<16 {
			f(x)
			x = x[:0]
		}
	}
	f(x)
}

func exactSigmoid(x float64) float64 {
	if x > 0 {
		return 1 / (1 + math.Exp(-x))
	}
	return math.Exp(x) / (1 + math.Exp(x))
}

func TestActivations(t *testing.T) {
	step := uint32(4099)
	if testing.Short() {
		step *= 16
	}
	for _, c := range []struct {
		name     string
		f        func(dst, src []Float)
		exact    func(float64) float64
		ulp, abs float64
	}{
		{"Tanh", Tanhs, math.Tanh, 2.6, 1e-7},
		{"Sigmoid", Sigmoids, exactSigmoid, 2.5, 1e-7},
		{"Exp", Exps, math.Exp, 1.5, math.Inf(1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachTier(t, func(t *testing.T) {
				var ulp, abs float64
				var at Float
				dst := make([]Float, 1<<16)
				everyFloat32(step, func(x []Float) {
					c.f(dst, x)
					for i, v := range x {
						want := c.exact(float64(v))
						u := ulps(dst[i], want)
						if u > ulp {
							ulp, at = u, v
						}
						if a := math.Abs(float64(dst[i]) - want); a > abs {
							abs = a
						}
					}
				})
				t.Logf("largest error %.3g ulp, at %v; %.3g absolute", ulp, at, abs)
				if ulp > c.ulp || abs > c.abs {
					t.Errorf("error %v ulp, at %v, %v absolute; want at most %v, %v", ulp, at, abs, c.ulp, c.abs)
				}
			})
		})
	}
}
