package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/recur-go/recur/internal/ieee"
	"github.com/recur-go/recur/internal/race"
)

func smallShapes() []shape {
	s := []shape{{1, 200, 18}, {2, 300, 64}, {5, 77, 129}, {15, 257, 33}, {131, 40, 12}, {3, 33, 1030}, {2, 20, 2500}, {1, 1, 1}, {4, 128, 4}}
	for n := 1; n <= 66; n += 5 {
		s = append(s, shape{3, n, 7}, shape{1, n, 5})
	}
	return s
}

// The product in bytes is that of its definition, in every tier and for any number
// of cores.
func TestInt8(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 1))
		for _, s := range smallShapes() {
			a, b, bias, ldc := numbers(r, s.m*s.k), numbers(r, s.k*s.n), numbers(r, s.n), s.n+3
			q := PackInt8(s.k, s.n, b, s.n)
			want := make([]Float, s.m*ldc)
			bytes := func(get func(i int) Float, n int) (v []int64, scale Float) {
				var most Float
				for i := range n {
					most = max(most, Float(math.Abs(float64(get(i)))))
				}
				for i := range n {
					v = append(v, int64(math.RoundToEven(float64(get(i)*(127/most)))))
				}
				return v, most / 127
			}
			for i := range s.m {
				x, sx := bytes(func(p int) Float { return a[i*s.k+p] }, s.k)
				for j := range s.n {
					w, sw := bytes(func(p int) Float { return b[p*s.n+j] }, s.k)
					sum := int64(0)
					for p := range x {
						sum += x[p] * w[p]
					}
					want[i*ldc+j] = bias[j] + Float(Float(sum)*Float(sx*sw))
				}
			}
			for _, procs := range []int{1, 3} {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
				c := make([]Float, s.m*ldc)
				q.Mul(s.m, a, s.k, bias, c, ldc)
				if err := sameBits(c, want); err != nil {
					t.Fatalf("%v on %d cores: %v", s, procs, err)
				}
			}
		}
	})
}

func TestInt8IsNear(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	const m, k, n = 20, 300, 50
	a, b := numbers(r, m*k), numbers(r, k*n)
	exact, c := make([]Float, m*n), make([]Float, m*n)
	Gemm(m, n, k, a, k, b, n, exact, n)
	PackInt8(k, n, b, n).Mul(m, a, k, nil, c, n)
	var num, den float64
	for i, v := range exact {
		num, den = num+float64((c[i]-v)*(c[i]-v)), den+float64(v*v)
	}
	if e := math.Sqrt(num / den); e > 0.02 || e == 0 {
		t.Errorf("the error is %v of the product", e)
	}
}

// What is not a number stays visible; zeros give zeros; what could overflow is refused.
func TestInt8Extremes(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		b := []Float{1, 2, 3, 4}
		q := PackInt8(2, 2, b, 2)
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			c := make([]Float, 4)
			q.Mul(2, []Float{1, Float(bad), 1, 1}, 2, nil, c, 2)
			if c[0] == c[0] || c[1] == c[1] || c[2] != c[2] {
				t.Errorf("%v gives %v", bad, c)
			}
		}
		c := []Float{7, 8}
		q.MulAdd(1, []Float{0, 0}, 2, c, 2)
		if c[0] != 7 || c[1] != 8 {
			t.Errorf("0 adds to %v", c)
		}
	})
	if PackInt8(1<<16+1, 0, nil, 0) != nil {
		t.Error("sums of any length are taken")
	}
}

// A half in every product is the weight that it rounds to.
func TestHalf(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 3))
		for _, s := range smallShapes() {
			a, b, bias := numbers(r, s.m*s.k), numbers(r, s.k*s.n), numbers(r, s.n)
			h := PackHalf(s.k, s.n, b, s.n)
			for i := range b {
				b[i] = Float(ieee.FromHalf(toHalf(float32(b[i]))))
			}
			want, c := make([]Float, s.m*s.n), make([]Float, s.m*s.n)
			GemmBias(s.m, s.n, s.k, a, s.k, b, s.n, bias, want, s.n)
			h.Mul(s.m, a, s.k, bias, c, s.n)
			if err := sameBits(c, want); err != nil {
				t.Fatalf("%v: %v", s, err)
			}
			GemmBias(s.m, s.n, s.k, a, s.k, b, s.n, bias, want, s.n)
			Gemm(s.m, s.n, s.k, a, s.k, b, s.n, want, s.n)
			h.MulAdd(s.m, a, s.k, c, s.n)
			if err := sameBits(c, want); err != nil {
				t.Fatalf("%v, added: %v", s, err)
			}
		}
	})
}

func TestHalves(t *testing.T) {
	var all []uint16
	for h := range 1 << 16 {
		all = append(all, uint16(h))
		f := ieee.FromHalf(uint16(h))
		if back := toHalf(f); f == f && !math.IsInf(float64(f), 0) && back != uint16(h) {
			t.Fatalf("%#x is %v and back %#x", h, f, back)
		}
	}
	for f, want := range map[float32]uint16{0: 0, 1: 0x3c00, -2: 0xc000, 65504: 0x7bff, 65519: 0x7bff, 1e9: 0x7bff, -1e9: 0xfbff,
		1.0 / (1 << 24): 1, 1.0 / (1 << 25): 0, 1.5 / (1 << 24): 2, 1 + 1.0/2048: 0x3c00, 1 + 3.0/2048: 0x3c02, 6.1035e-05: 0x400, 2047.5: 0x67ff + 1} {
		if got := toHalf(f); got != want {
			t.Errorf("%v is %#x, want %#x", f, got, want)
		}
	}
	eachTier(t, func(t *testing.T) {
		x := make([]Float, len(all))
		widen(all, x)
		for i, v := range x {
			if want := Float(ieee.FromHalf(all[i])); v != want && (v == v || want == want) {
				t.Fatalf("%#x widens to %v, want %v", i, v, want)
			}
		}
	})
}

func TestSmallDoesNotAllocate(t *testing.T) {
	if race.Enabled {
		t.Skip("pools forget under the race detector")
	}
	const m, k, n = 3, 100, 300
	a, b, c := make([]Float, m*k), make([]Float, k*n), make([]Float, m*n)
	q, h := PackInt8(k, n, b, n), PackHalf(k, n, b, n)
	if a := testing.AllocsPerRun(100, func() { q.MulAdd(m, a, k, c, n); h.MulAdd(m, a, k, c, n) }); a >= 1 {
		t.Errorf("%v allocations", a)
	}
}

func BenchmarkSmall(b *testing.B) {
	for _, s := range []shape{{1, 512, 192}, {32, 512, 128}, {128, 4096, 1024}} {
		x, w, c := make([]Float, s.m*s.k), make([]Float, s.k*s.n), make([]Float, s.m*s.n)
		p, q, h := PackB(s.k, s.n, w, s.n), PackInt8(s.k, s.n, w, s.n), PackHalf(s.k, s.n, w, s.n)
		for _, f := range []struct {
			name string
			mul  func()
		}{
			{"float", func() { p.MulAdd(s.m, x, s.k, c, s.n) }},
			{"int8", func() { q.MulAdd(s.m, x, s.k, c, s.n) }},
			{"half", func() { h.MulAdd(s.m, x, s.k, c, s.n) }},
		} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", f.name, s.m, s.k, s.n), func(b *testing.B) {
				for b.Loop() {
					f.mul()
				}
				b.ReportMetric(2*float64(s.m*s.n*s.k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
