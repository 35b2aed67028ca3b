package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestLogSoftmaxExp(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 1))
		for _, n := range lengths[1:] {
			x := numbers(r, n)
			for i := range x {
				x[i] = x[i]*10 + 1000
			}
			var sum float64
			for _, v := range x {
				sum += math.Exp(float64(v) - 1000)
			}
			p := make([]Float, n)
			k := n / 3
			logp := LogSoftmaxExp(p, x, k)
			if want := float64(x[k]) - 1000 - math.Log(sum); math.Abs(logp-want) > 1e-6 {
				t.Fatalf("n = %d: log p = %v, want %v", n, logp, want)
			}
			for i, v := range x {
				if want := math.Exp(float64(v)-1000) / sum; math.Abs(float64(p[i])-want) > 1e-6*want+1e-37 {
					t.Fatalf("n = %d: p[%d] = %v, want %v", n, i, p[i], want)
				}
			}
			LogSoftmaxExp(x, x, k) // in place
			if err := sameBits(x, p); err != nil {
				t.Fatalf("in place: %v", err)
			}
		}
		inf := Float(math.Inf(1))
		p := make([]Float, 3)
		if logp := LogSoftmaxExp(p, []Float{-inf, 0, 0}, 0); !math.IsInf(logp, -1) || p[0] != 0 || p[1] != 0.5 {
			t.Errorf("a class at -Inf: p = %v, log p = %v", p, logp)
		}
		if logp := LogSoftmaxExp(p, []Float{1, inf - inf, 2}, 0); logp == logp || p[0] == p[0] || p[2] == p[2] {
			t.Errorf("a class at NaN: p = %v, log p = %v, want NaN", p, logp)
		}
	})
}

func TestLayerNorm(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(2, 2))
		for _, n := range []int{1, 2, 7, 16, 33, 200} {
			const eps = 1e-3
			x, gain, bias, dy, dx := numbers(r, n), numbers(r, n), numbers(r, n), numbers(r, n), numbers(r, n)
			start := append([]Float(nil), dx...)
			for i := range x {
				x[i] = x[i]*3 + 5
			}
			y, xhat := make([]Float, n), make([]Float, n)
			inv := LayerNorm(y, xhat, x, gain, bias, eps)
			LayerNormGrad(dx, dy, xhat, gain, inv)

			// The same in float64.
			var mean, square float64
			for _, v := range x {
				mean += float64(v) / float64(n)
			}
			for _, v := range x {
				square += (float64(v) - mean) * (float64(v) - mean) / float64(n)
			}
			rstd := 1 / math.Sqrt(square+eps)
			var e1, e2 float64
			for i, v := range x {
				e := float64(gain[i]) * float64(dy[i])
				e1 += e / float64(n)
				e2 += e * (float64(v) - mean) * rstd / float64(n)
			}
			for i, v := range x {
				h := (float64(v) - mean) * rstd
				if want := h*float64(gain[i]) + float64(bias[i]); math.Abs(float64(y[i])-want) > 1e-5 {
					t.Fatalf("n = %d: y[%d] = %v, want %v", n, i, y[i], want)
				}
				want := float64(start[i]) + rstd*(float64(gain[i])*float64(dy[i])-e1-h*e2)
				if math.Abs(float64(dx[i])-want) > 1e-5*max(1, rstd) {
					t.Fatalf("n = %d: dx[%d] = %v, want %v", n, i, dx[i], want)
				}
			}
		}
	})
}

// Two steps of each optimiser against the equations in float64.
func TestOptimisers(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(4, 4))
		const n, lr, b1, b2, eps, decay, mu = 37, 0.01, 0.9, 0.99, 1e-6, 0.1, 0.8
		p := numbers(r, n)
		adamP, momP, nesP := append([]Float(nil), p...), append([]Float(nil), p...), append([]Float(nil), p...)
		m, v, mom, nes := make([]Float, n), make([]Float, n), make([]Float, n), make([]Float, n)
		type state struct{ p, m, v, momP, mom, nesP, nes float64 }
		want := make([]state, n)
		for i := range want {
			x := float64(p[i])
			want[i] = state{p: x, momP: x, nesP: x}
		}
		for step := 1; step <= 2; step++ {
			g := numbers(r, n)
			c1, c2 := 1-math.Pow(b1, float64(step)), 1-math.Pow(b2, float64(step))
			Adam(adamP, g, m, v, lr, b1, b2, eps, Float(c1), Float(c2), decay)
			Momentum(momP, g, mom, lr, mu, decay)
			Nesterov(nesP, g, nes, lr, mu, decay)
			for i := range want {
				w, d := &want[i], float64(g[i])
				w.m = b1*w.m + (1-b1)*d
				w.v = b2*w.v + (1-b2)*d*d
				w.p = w.p - lr*decay*w.p - lr*(w.m/c1)/(math.Sqrt(w.v/c2)+eps)
				w.mom = mu*w.mom + d + decay*w.momP
				w.momP -= lr * w.mom
				e := d + decay*w.nesP
				w.nes = mu*w.nes + e
				w.nesP -= lr * (e + mu*w.nes)
			}
		}
		for i, w := range want {
			for _, c := range []struct {
				name string
				got  Float
				want float64
			}{{"Adam", adamP[i], w.p}, {"Momentum", momP[i], w.momP}, {"Nesterov", nesP[i], w.nesP}} {
				if math.Abs(float64(c.got)-c.want) > 1e-6*max(1, math.Abs(c.want)) {
					t.Errorf("%s: p[%d] = %v, want %v", c.name, i, c.got, c.want)
				}
			}
		}
	})
}
