package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/recur-go/recur/internal/race"
)

// oracle is the product with one rounding a step, which is what assembly declares;
// the Go tier rounds the product too. (Two float64 roundings would have to fall on
// one side by chance to differ from a float32 FMA, which these numbers do not.)
func oracle(m, n, k int, a []Float, rsa, csa int, b []Float, rsb, csb int, c []Float, ldc int) {
	if tier == goTier {
		gemmGo(m, n, k, a, rsa, csa, b, rsb, csb, c, ldc)
		return
	}
	for i := range m {
		for j := range n {
			v := c[i*ldc+j]
			for p := range k {
				v = Float(math.FMA(float64(a[i*rsa+p*csa]), float64(b[p*rsb+j*csb]), float64(v)))
			}
			c[i*ldc+j] = v
		}
	}
}

type shape struct{ m, n, k int }

func shapes() []shape {
	var s []shape
	for m := 1; m <= 30; m++ {
		s = append(s, shape{m, 33, 5})
	}
	for n := 1; n <= 67; n++ {
		s = append(s, shape{3, n, 7}, shape{17, n, 3}, shape{1, n, 4})
	}
	for k := 1; k <= 18; k++ {
		s = append(s, shape{7, 40, k}, shape{40, 19, k}, shape{1, 200, k}, shape{2, 130, k})
	}
	return append(s, shape{1, 128, 1}, shape{1, 257, 100}, shape{2, 300, 64}, shape{5, 77, 129}, shape{29, 70, 400},
		shape{61, 33, 800}, shape{301, 50, 20}, shape{600, 35, 9}, shape{3, 2100, 11}, shape{31, 2100, 11}, shape{1, 5, 2100}, shape{40, 10, 2049})
}

// forms are the ways to write C += A·B, as a function of A [m,k] and B [k,n] dense.
var forms = map[string]func(m, n, k int, a, b, c []Float, ldc int){
	"Gemm": func(m, n, k int, a, b, c []Float, ldc int) { Gemm(m, n, k, a, k, b, n, c, ldc) },
	"NT": func(m, n, k int, a, b, c []Float, ldc int) {
		bt := make([]Float, n*(k+3))
		transposeGo(k, n, b, n, bt, k+3)
		GemmNT(m, n, k, a, k, bt, k+3, c, ldc)
	},
	"TN": func(m, n, k int, a, b, c []Float, ldc int) {
		at := make([]Float, k*(m+1))
		transposeGo(m, k, a, k, at, m+1)
		GemmTN(m, n, k, at, m+1, b, n, c, ldc)
	},
	"Packed": func(m, n, k int, a, b, c []Float, ldc int) { PackB(k, n, b, n).MulAdd(m, a, k, c, ldc) },
	"PackedT": func(m, n, k int, a, b, c []Float, ldc int) {
		bt := make([]Float, n*k)
		transposeGo(k, n, b, n, bt, k)
		PackBT(k, n, bt, k).MulAdd(m, a, k, c, ldc)
	},
	"PackedRow": func(m, n, k int, a, b, c []Float, ldc int) {
		p := new(Packed)
		p.PackRow(k, n, b, n)
		p.MulAdd(m, a, k, c, ldc)
	},
	"PackedRowT": func(m, n, k int, a, b, c []Float, ldc int) {
		bt, p := make([]Float, n*(k+2)), new(Packed)
		transposeGo(k, n, b, n, bt, k+2)
		p.PackRowT(k, n, bt, k+2)
		p.MulAdd(m, a, k, c, ldc)
	},
}

// freshForms are the ways to write C = A·B + bias.
var freshForms = map[string]func(m, n, k int, a, b, bias, c []Float, ldc int){
	"Gemm": func(m, n, k int, a, b, bias, c []Float, ldc int) { GemmBias(m, n, k, a, k, b, n, bias, c, ldc) },
	"NT": func(m, n, k int, a, b, bias, c []Float, ldc int) {
		bt := make([]Float, n*k)
		transposeGo(k, n, b, n, bt, k)
		GemmNTBias(m, n, k, a, k, bt, k, bias, c, ldc)
	},
	"Packed": func(m, n, k int, a, b, bias, c []Float, ldc int) { PackB(k, n, b, n).Mul(m, a, k, bias, c, ldc) },
	"PackedRow": func(m, n, k int, a, b, bias, c []Float, ldc int) {
		p := new(Packed)
		p.PackRow(k, n, b, n)
		p.Mul(m, a, k, bias, c, ldc)
	},
}

// What begins from a bias has the bits of what adds to a matrix of it, and does not
// look at what was there, nor touch what lies between the rows.
func TestBias(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 9))
		for i, s := range append(shapes(), shape{2, 3, 0}, shape{90, 2100, 800}) {
			if tier == goTier && s.m*s.n*s.k > 1<<22 {
				continue
			}
			a, b, ldc := numbers(r, s.m*s.k), numbers(r, s.k*s.n), s.n+i%4
			for _, bias := range [][]Float{nil, numbers(r, s.n)} {
				want := make([]Float, s.m*ldc)
				for row := range s.m {
					copy(want[row*ldc:(row+1)*ldc], bias)
					for j := s.n; j < ldc; j++ {
						want[row*ldc+j] = 7
					}
				}
				Gemm(s.m, s.n, s.k, a, s.k, b, s.n, want, ldc)
				for name, f := range freshForms {
					c := make([]Float, len(want))
					for j := range c {
						c[j] = Float(math.NaN())
						if j%ldc >= s.n {
							c[j] = 7
						}
					}
					f(s.m, s.n, s.k, a, b, bias, c, ldc)
					if err := sameBits(c, want); err != nil {
						t.Fatalf("%s %v, bias %v: %v", name, s, bias != nil, err)
					}
				}
			}
		}
	})
}

func TestGemm(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for i, s := range shapes() {
			a, b := numbers(r, s.m*s.k), numbers(r, s.k*s.n)
			ldc := s.n + i%5
			c0 := numbers(r, s.m*ldc)
			want := append([]Float(nil), c0...)
			oracle(s.m, s.n, s.k, a, s.k, 1, b, s.n, 1, want, ldc)
			for name, f := range forms {
				c, check := guarded(t, (s.m-1)*ldc+s.n, i%8)
				copy(c, c0)
				f(s.m, s.n, s.k, a, b, c, ldc)
				check()
				if err := sameBits(c, want[:len(c)]); err != nil {
					t.Fatalf("%s %v: %v", name, s, err)
				}
			}
		}
	})
}

// A row gives the same bits alone, in any batch, and for any number of cores.
func TestGemmRowsAndCores(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		shapes := []shape{{37, 200, 600}, {700, 96, 80}, {5, 1100, 800}, {64, 512, 129}, {1, 4100, 1030}}
		if tier == goTier {
			shapes = []shape{{37, 70, 30}, {150, 33, 20}, {1, 300, 250}}
		}
		for _, s := range shapes {
			a, b, c0 := numbers(r, s.m*s.k), numbers(r, s.k*s.n), numbers(r, s.m*s.n)
			if !worthCores(s.m, s.n, s.k) {
				t.Fatalf("%v stays on one core", s)
			}
			var want []Float
			for _, procs := range []int{1, 2, 3, 7} {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
				for name, f := range forms {
					c := append([]Float(nil), c0...)
					f(s.m, s.n, s.k, a, b, c, s.n)
					if want == nil {
						want = c
					}
					if err := sameBits(c, want); err != nil {
						t.Fatalf("%s %v with %d cores: %v", name, s, procs, err)
					}
				}
			}
			for _, i := range []int{0, s.m / 2, s.m - 1} {
				for name, f := range forms {
					c := append([]Float(nil), c0[i*s.n:(i+1)*s.n]...)
					f(1, s.n, s.k, a[i*s.k:(i+1)*s.k], b, c, s.n)
					if err := sameBits(c, want[i*s.n:(i+1)*s.n]); err != nil {
						t.Fatalf("%s %v: row %d alone: %v", name, s, i, err)
					}
				}
			}
		}
	})
}

// The tiers differ by the roundings only.
func TestGemmAgainstGo(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		const m, n, k = 19, 83, 300
		a, b, c := numbers(r, m*k), numbers(r, k*n), make([]Float, m*n)
		Gemm(m, n, k, a, k, b, n, c, n)
		for i := range m {
			for j := range n {
				var want, size float64
				for p := range k {
					x := float64(a[i*k+p]) * float64(b[p*n+j])
					want += x
					size += math.Abs(x)
				}
				if e := math.Abs(float64(c[i*n+j]) - want); e > 1e-6*size {
					t.Fatalf("(%d, %d): %v, want %v", i, j, c[i*n+j], want)
				}
			}
		}
	})
}

func TestGemmNaNAndInf(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		inf := Float(math.Inf(1))
		nan := inf - inf
		const m, n, k = 9, 37, 6
		for name, f := range forms {
			a, b, c := make([]Float, m*k), make([]Float, k*n), make([]Float, m*n)
			for i := range a {
				a[i] = 1
			}
			b[2*n+36] = nan // the last column, beyond the last whole vector
			b[3*n+20] = inf
			f(m, n, k, a, b, c, n)
			for i, v := range c {
				want := map[int]Float{36: nan, 20: inf}[i%n]
				if !same(v, want) {
					t.Fatalf("%s: column %d is %v, want %v", name, i%n, v, want)
				}
			}
		}
	})
}

func TestGemmEmptyAndShort(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		c := []Float{1, 2}
		Gemm(0, 2, 3, nil, 3, nil, 2, nil, 2)
		Gemm(1, 2, 0, nil, 0, nil, 2, c, 2)
		PackB(0, 2, nil, 2).MulAdd(1, nil, 0, c, 2)
		if c[0] != 1 || c[1] != 2 {
			t.Errorf("an empty product changed C to %v", c)
		}
		for name, f := range map[string]func(){
			"a": func() { Gemm(2, 2, 3, make([]Float, 5), 3, make([]Float, 6), 2, make([]Float, 4), 2) },
			"b": func() { Gemm(2, 2, 3, make([]Float, 6), 3, make([]Float, 5), 2, make([]Float, 4), 2) },
			"c": func() { Gemm(2, 2, 3, make([]Float, 6), 3, make([]Float, 6), 2, make([]Float, 3), 2) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("no panic with %s too short", name)
					}
				}()
				f()
			}()
		}
	})
}

func TestPackedIsReused(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	p := PackB(40, 100, numbers(r, 4000), 100)
	for _, s := range []shape{{3, 90, 40}, {3, 7, 5}, {3, 33, 64}} {
		a, b := numbers(r, s.m*s.k), numbers(r, s.k*s.n)
		want, c := make([]Float, s.m*s.n), make([]Float, s.m*s.n)
		Gemm(s.m, s.n, s.k, a, s.k, b, s.n, want, s.n)
		p.Pack(s.k, s.n, b, s.n)
		p.MulAdd(s.m, a, s.k, c, s.n)
		if err := sameBits(c, want); err != nil {
			t.Errorf("%v: %v", s, err)
		}
	}
}

func TestGemmDoesNotAllocate(t *testing.T) {
	if race.Enabled {
		t.Skip("pools forget under the race detector")
	}
	for _, s := range []shape{{20, 80, 50}, {100, 300, 200}, {1, 512, 128}} {
		a, b, c := make([]Float, s.m*s.k), make([]Float, s.k*s.n), make([]Float, s.m*s.n)
		p := PackB(s.k, s.n, b, s.n)
		for name, f := range map[string]func(){
			"Gemm":   func() { Gemm(s.m, s.n, s.k, a, s.k, b, s.n, c, s.n) },
			"NT":     func() { GemmNT(s.m, s.n, s.k, a, s.k, b, s.k, c, s.n) },
			"TN":     func() { GemmTN(s.m, s.n, s.k, a, s.m, b, s.n, c, s.n) },
			"Packed": func() { p.Pack(s.k, s.n, b, s.n); p.MulAdd(s.m, a, s.k, c, s.n) },
		} {
			if n := testing.AllocsPerRun(100, f); n >= 1 {
				t.Errorf("%s %v: %v allocations", name, s, n)
			}
		}
	}
}

// Assembly must not hold up the garbage collector: every call of it is short and
// checks the stack, where the runtime stops a goroutine.
func TestCollectorIsNotHeldUp(t *testing.T) {
	const m, n, k = 14, 32, 512
	stop, stopped := make(chan bool), make(chan bool)
	for range runtime.GOMAXPROCS(0) {
		go func() {
			a, b, c := make([]Float, m*k), make([]Float, k*n), make([]Float, m*n)
			x := make([]Float, 1000)
			for {
				select {
				case <-stop:
					stopped <- true
					return
				default:
				}
				for range 1000 {
					Gemm(m, n, k, a, k, b, n, c, n)
					Tanhs(x, x)
				}
			}
		}()
	}
	done := make(chan bool)
	go func() {
		for range 10 {
			runtime.GC()
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Error("ten collections took more than 30 s beside a loop of products")
	}
	close(stop)
	for range runtime.GOMAXPROCS(0) {
		<-stopped
	}
}

// The peak of the machine: a tile whose operands stay in the first cache.
func BenchmarkPeak(b *testing.B) {
	if tier == goTier {
		b.Skip("no assembly")
	}
	const k = 4096
	m, n := tileRows(), width()
	x, y, z := make([]Float, k), make([]Float, n), make([]Float, m*n)
	for b.Loop() {
		sweep(m, n, k, x, 0, 0, 0, y, 0, 0, start{}, z, n)
	}
	b.ReportMetric(2*float64(m*n*k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

// The products of recurrent layers.
func BenchmarkGemm(b *testing.B) {
	for _, s := range []shape{{1, 512, 128}, {1, 2048, 512}, {20, 800, 200}, {20, 2600, 650}, {32, 512, 128}, {50, 400, 100},
		{64, 2048, 512}, {128, 4096, 1024}, {150, 600, 150}, {2048, 512, 64}, {4096, 2048, 256}, {700, 2600, 650}, {1000, 400, 1}, {4200, 600, 28},
		{512, 128, 2048}, {2048, 512, 4096}, {800, 200, 700}, {600, 150, 4200}, {512, 512, 512}} {
		r := rand.New(rand.NewPCG(1, 1))
		x, y, z := numbers(r, s.m*s.k), numbers(r, s.k*s.n), numbers(r, s.m*s.n)
		p := PackB(s.k, s.n, y, s.n)
		for _, f := range []struct {
			name string
			f    func()
		}{
			{"N", func() { Gemm(s.m, s.n, s.k, x, s.k, y, s.n, z, s.n) }},
			{"NT", func() { GemmNT(s.m, s.n, s.k, x, s.k, y, s.k, z, s.n) }},
			{"TN", func() { GemmTN(s.m, s.n, s.k, x, s.m, y, s.n, z, s.n) }},
			{"packed", func() { p.MulAdd(s.m, x, s.k, z, s.n) }},
			{"pack", func() { p.Pack(s.k, s.n, y, s.n) }},
		} {
			b.Run(fmt.Sprintf("%dx%dx%d/%s", s.m, s.n, s.k, f.name), func(b *testing.B) {
				for b.Loop() {
					f.f()
				}
				b.ReportMetric(2*float64(s.m*s.n*s.k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
