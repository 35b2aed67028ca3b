package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
)

// An elementwise kernel under test: how many slices it has, and its two versions.
// The first slices are written, the rest only read.
type elementwise struct {
	name    string
	slices  int
	written int
	f, twin func(s [][]Float)
	ulps    float64 // how far from its twin, in units of the largest operand
}

var elementwises = []elementwise{
	{"Add", 3, 1, func(s [][]Float) { Add(s[0], s[1], s[2]) }, func(s [][]Float) { addGo(s[0], s[1], s[2]) }, 0},
	{"Sub", 3, 1, func(s [][]Float) { Sub(s[0], s[1], s[2]) }, func(s [][]Float) { subGo(s[0], s[1], s[2]) }, 0},
	{"Mul", 3, 1, func(s [][]Float) { Mul(s[0], s[1], s[2]) }, func(s [][]Float) { mulGo(s[0], s[1], s[2]) }, 0},
	{"MulAdd", 3, 1, func(s [][]Float) { MulAdd(s[0], s[1], s[2]) }, func(s [][]Float) { mulAddGo(s[0], s[1], s[2]) }, 4},
	{"AddTo", 2, 1, func(s [][]Float) { AddTo(s[0], s[1]) }, func(s [][]Float) { addToGo(s[0], s[1]) }, 0},
	{"Axpy", 2, 1, func(s [][]Float) { Axpy(0.3, s[1], s[0]) }, func(s [][]Float) { axpyGo(s[0], s[1], 0.3) }, 4},
	{"Scale", 1, 1, func(s [][]Float) { Scale(0.3, s[0]) }, func(s [][]Float) { scaleGo(s[0], 0.3) }, 0},
	{"Lerp", 4, 1, func(s [][]Float) { Lerp(s[0], s[1], s[2], s[3]) }, func(s [][]Float) { lerpGo(s[0], s[1], s[2], s[3]) }, 4},
	{"Tanhs", 2, 1, func(s [][]Float) { Tanhs(s[0], s[1]) }, func(s [][]Float) { tanhsGo(s[0], s[1]) }, 4},
	{"Sigmoids", 2, 1, func(s [][]Float) { Sigmoids(s[0], s[1]) }, func(s [][]Float) { sigmoidsGo(s[0], s[1]) }, 4},
	{"Exps", 2, 1, func(s [][]Float) { Exps(s[0], s[1]) }, func(s [][]Float) { expsGo(s[0], s[1], 0) }, 4},
	{"exps", 2, 1, func(s [][]Float) { exps(s[0], s[1], 0.7) }, func(s [][]Float) { expsGo(s[0], s[1], 0.7) }, 4},
	{"ReLU", 2, 1, func(s [][]Float) { ReLU(s[0], s[1]) }, func(s [][]Float) { reluGo(s[0], s[1]) }, 0},
	{"ReLUGrad", 3, 1, func(s [][]Float) { ReLUGrad(s[0], s[1], s[2]) }, func(s [][]Float) { reluGradGo(s[0], s[1], s[2]) }, 0},
	{"TanhGrad", 3, 1, func(s [][]Float) { TanhGrad(s[0], s[1], s[2]) }, func(s [][]Float) { tanhGradGo(s[0], s[1], s[2]) }, 4},
	{"SigmoidGrad", 3, 1, func(s [][]Float) { SigmoidGrad(s[0], s[1], s[2]) }, func(s [][]Float) { sigmoidGradGo(s[0], s[1], s[2]) }, 4},
	{"shift", 2, 1, func(s [][]Float) { shift(s[0], s[1], 0.3) }, func(s [][]Float) { shiftGo(s[0], s[1], 0.3) }, 0},
	{"norm", 4, 2, func(s [][]Float) { norm(s[0], s[1], s[2], s[3], 1.5) }, func(s [][]Float) { normGo(s[0], s[1], s[2], s[3], 1.5) }, 4},
	{"normGrad", 4, 1, func(s [][]Float) { normGrad(s[0], s[1], s[2], s[3], 1.5, 0.1, 0.4) }, func(s [][]Float) { normGradGo(s[0], s[1], s[2], s[3], 1.5, 0.1, 0.4) }, 8},
	{"adam", 4, 4, func(s [][]Float) {
		square(s[3])
		adam(s[0], s[1], s[2], s[3], 0.9, 0.1, 0.99, 0.01, 0.999, 0.002, 1.25, 1e-4)
	}, func(s [][]Float) {
		square(s[3])
		adamGo(s[0], s[1], s[2], s[3], 0.9, 0.1, 0.99, 0.01, 0.999, 0.002, 1.25, 1e-4)
	}, 4},
	{"Momentum", 3, 3, func(s [][]Float) { Momentum(s[0], s[1], s[2], 0.1, 0.9, 0.01) }, func(s [][]Float) { momentumGo(s[0], s[1], s[2], 0.1, 0.9, 0.01) }, 4},
	{"Nesterov", 3, 3, func(s [][]Float) { Nesterov(s[0], s[1], s[2], 0.1, 0.9, 0.01) }, func(s [][]Float) { nesterovGo(s[0], s[1], s[2], 0.1, 0.9, 0.01) }, 4},
}

// square makes x what a second moment is, not negative.
func square(x []Float) {
	for i, v := range x {
		x[i] = v * v
	}
}

func eachElementwise(t *testing.T, f func(t *testing.T, e elementwise)) {
	eachTier(t, func(t *testing.T) {
		for _, e := range elementwises {
			t.Run(e.name, func(t *testing.T) { f(t, e) })
		}
	})
}

// Every length and alignment writes what it should and nothing else, and an element
// is the same there as alone.
func TestElementwise(t *testing.T) {
	eachElementwise(t, func(t *testing.T, e elementwise) {
		r := rand.New(rand.NewPCG(1, 1))
		for i, n := range lengths {
			s, twin := make([][]Float, e.slices), make([][]Float, e.slices)
			var before [][]Float
			var checks []func()
			for j := range s {
				x, check := guarded(t, n, (i+3*j)%9)
				copy(x, numbers(r, n))
				s[j], checks = x, append(checks, check)
				before = append(before, append([]Float(nil), x...))
				twin[j] = append([]Float(nil), x...)
			}
			e.f(s)
			e.twin(twin)
			for j := range s {
				checks[j]()
				if err := near(s[j], twin[j], e.ulps); err != nil {
					t.Fatalf("slice %d: against the Go twin: %v", j, err)
				}
				if j >= e.written {
					if err := sameBits(s[j], before[j]); err != nil {
						t.Fatalf("slice %d is only read: %v", j, err)
					}
				}
			}
			for k := 0; k < n; k += 1 + n/50 {
				one := make([][]Float, e.slices)
				for j := range one {
					one[j] = []Float{before[j][k]}
				}
				e.f(one)
				for j := range one {
					if !same(one[j][0], s[j][k]) {
						t.Fatalf("slice %d, element %d of %d: %v, alone %v", j, k, n, s[j][k], one[j][0])
					}
				}
			}
		}
	})
}

// near allows so many float32 roundings of numbers of the size that numbers has.
func near(got, want []Float, ulps float64) error {
	if !isFloat32 {
		ulps *= 0x1p-29
	}
	for i, w := range want {
		e := math.Abs(float64(got[i]) - float64(w))
		if !same(got[i], w) && !(e <= ulps*0x1p-23*max(1, math.Abs(float64(w)))) {
			return fmt.Errorf("element %d of %d: %v, want %v", i, len(want), got[i], w)
		}
	}
	return nil
}

// A destination may be any of the sources.
func TestElementwiseInPlace(t *testing.T) {
	eachElementwise(t, func(t *testing.T, e elementwise) {
		if e.written != 1 {
			t.Skip("has more than one result")
		}
		r := rand.New(rand.NewPCG(2, 2))
		for _, n := range lengths {
			for j := 1; j < e.slices; j++ {
				s := make([][]Float, e.slices)
				for k := range s {
					s[k] = numbers(r, n)
				}
				apart := append([][]Float(nil), s...)
				apart[0] = append([]Float(nil), s[j]...)
				apart[j] = append([]Float(nil), s[j]...)
				s[0] = s[j]
				e.f(apart)
				e.f(s)
				if err := sameBits(s[0], apart[0]); err != nil {
					t.Fatalf("in place of slice %d: %v", j, err)
				}
			}
		}
	})
}

// NaN, infinities, zeros and extremes do what the Go twin does with them.
func TestElementwiseSpecial(t *testing.T) {
	inf := math.Inf(1)
	special := []float64{math.NaN(), inf, -inf, 0, math.Copysign(0, -1), 1, -1, 1e-44, -1e-44, 1e18, -1e18, 88.8, -87.5, -103.9, 1e-20}
	eachElementwise(t, func(t *testing.T, e elementwise) {
		for shift := range special {
			s, twin := make([][]Float, e.slices), make([][]Float, e.slices)
			for j := range s {
				for i := range 23 {
					v := Float(special[(i*(j+1)+shift*j)%len(special)])
					s[j], twin[j] = append(s[j], v), append(twin[j], v)
				}
			}
			e.f(s)
			e.twin(twin)
			for j := range s {
				if err := near(s[j], twin[j], max(1, 2*e.ulps)); err != nil {
					t.Errorf("slice %d: %v", j, err)
				}
			}
		}
	})
}

// The ends of the activations.
func TestActivationsSpecial(t *testing.T) {
	inf := Float(math.Inf(1))
	nan := inf - inf
	for _, c := range []struct {
		name string
		f    func(dst, src []Float)
		x, y Float
	}{
		{"tanh", Tanhs, nan, nan}, {"tanh", Tanhs, inf, 1}, {"tanh", Tanhs, -inf, -1}, {"tanh", Tanhs, 0, 0}, {"tanh", Tanhs, 1e-30, 1e-30},
		{"sigmoid", Sigmoids, nan, nan}, {"sigmoid", Sigmoids, inf, 1}, {"sigmoid", Sigmoids, -inf, 0}, {"sigmoid", Sigmoids, 0, 0.5},
		{"exp", Exps, nan, nan}, {"exp", Exps, inf, inf}, {"exp", Exps, -inf, 0}, {"exp", Exps, 0, 1}, {"exp", Exps, 1000, inf},
		{"relu", ReLU, nan, nan}, {"relu", ReLU, inf, inf}, {"relu", ReLU, -inf, 0},
	} {
		eachTier(t, func(t *testing.T) {
			y := []Float{c.x}
			c.f(y, y)
			if !same(y[0], c.y) {
				t.Errorf("%s(%v) = %v, want %v", c.name, c.x, y[0], c.y)
			}
		})
	}
}

// Reductions have the same bits in every tier.
func TestReductions(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(x, y []Float) float64
		term func(x, y float64) float64
	}{
		{"Dot", func(x, y []Float) float64 { return float64(Dot(x, y)) }, func(x, y float64) float64 { return x * y }},
		{"Sum", func(x, y []Float) float64 { return Sum(x) }, func(x, y float64) float64 { return x }},
		{"SumSq", func(x, y []Float) float64 { return SumSq(x) }, func(x, y float64) float64 { return x * x }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 3))
			for i, n := range lengths {
				x, _ := guarded(t, n, i%7) // what lies around them must not count
				y, _ := guarded(t, n, i%5)
				copy(x, numbers(r, n))
				copy(y, numbers(r, n))
				var want, size float64
				for j := range x {
					v := c.term(float64(x[j]), float64(y[j]))
					want += v
					size += math.Abs(v)
				}
				first := math.NaN()
				eachTier(t, func(t *testing.T) {
					got := c.f(x, y)
					if math.Abs(got-want) > 1e-7*size {
						t.Fatalf("n = %d: %v, want %v", n, got, want)
					}
					if first != first {
						first = got
					}
					if got != first {
						t.Fatalf("n = %d: %v, another tier has %v", n, got, first)
					}
				})
			}
		})
	}
}

func TestMax(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		for n := 1; n < 70; n++ {
			for at := range n {
				x, _ := guarded(t, n, n%7)
				for i := range x {
					x[i] = Float(-5 - i%3)
				}
				x[at] = -1
				if m := maxOf(x); m != -1 {
					t.Fatalf("greatest of %d is %v, want -1, which is at %d", n, m, at)
				}
			}
		}
	})
}

func TestRows(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		const m, n, ld = 5, 21, 25
		r := rand.New(rand.NewPCG(4, 4))
		c, bias := numbers(r, (m-1)*ld+n), numbers(r, n)
		want := append([]Float(nil), c...)
		sums, wantSums := append([]Float(nil), bias...), append([]Float(nil), bias...)
		for i := range m {
			for j := range n {
				want[i*ld+j] += bias[j]
				wantSums[j] += c[i*ld+j]
			}
		}
		ColSums(m, n, c, ld, sums)
		AddRows(m, n, bias, c, ld)
		if err := sameBits(c, want); err != nil {
			t.Errorf("AddRows: %v", err)
		}
		if err := sameBits(sums, wantSums); err != nil {
			t.Errorf("ColSums: %v", err)
		}
	})
}

func TestTranspose(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		for m := range 20 {
			for _, n := range []int{0, 1, 5, 8, 9, 16, 31, 40, 2051} {
				ldd := m + n%3
				src, dst := make([]Float, m*n), make([]Float, n*ldd)
				for i := range src {
					src[i] = Float(i + 1)
				}
				Transpose(m, n, src, dst, ldd)
				for j := range n {
					for i := range ldd {
						want := Float(0)
						if i < m {
							want = src[i*n+j]
						}
						if dst[j*ldd+i] != want {
							t.Fatalf("%dx%d: element (%d, %d) is %v, want %v", m, n, j, i, dst[j*ldd+i], want)
						}
					}
				}
			}
		}
	})
}

func BenchmarkElementwise(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const n = 4096
	for _, e := range elementwises {
		if e.name == "adam" {
			e.f = func(s [][]Float) { Adam(s[0], s[1], s[2], s[3], 1e-3, 0.9, 0.999, 1e-8, 0.1, 0.001, 0) }
		}
		s := make([][]Float, e.slices)
		for j := range s {
			s[j] = numbers(r, n)
		}
		square(s[e.slices-1])
		b.Run(e.name, func(b *testing.B) {
			for b.Loop() {
				e.f(s)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/elem")
		})
	}
}

// Columns have the same sums on any number of cores.
func TestColSumsOnSeveralCores(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 1))
	const m, n, lda = 1000, 333, 340
	a, start := numbers(r, m*lda), numbers(r, n)
	want := append([]Float(nil), start...)
	for i := range m {
		for j := range n {
			want[j] += a[i*lda+j]
		}
	}
	for _, procs := range []int{1, 2, 5} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		got := append([]Float(nil), start...)
		ColSums(m, n, a, lda, got)
		if err := sameBits(got, want); err != nil {
			t.Errorf("%d cores: %v", procs, err)
		}
	}
}
