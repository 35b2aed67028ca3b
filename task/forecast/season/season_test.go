package season_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/task/forecast/season"
)

// The values are those of scipy.stats.f.sf.
func TestTail(t *testing.T) {
	for _, c := range []struct{ f, a, b, want float64 }{
		{3.2, 2, 19, 0.06342184927301242},
		{8.9, 11, 9, 0.001402513943090051},
		{1.1, 167, 165, 0.27007988673574723},
		{40, 3, 5, 0.0006425121649401909},
		{0.3, 6, 100, 0.9355376317281197},
		{0, 3, 4, 1},
	} {
		if got := season.Tail(c.f, c.a, c.b); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("F(%v, %v) above %v: %v, scipy %v", c.a, c.b, c.f, got, c.want)
		}
	}
}

// A season is the same at any scale and height, and what repeats exactly is a season.
func TestHasAtAnyScale(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	noise := series(60, func(int) float64 { return r.NormFloat64() })
	for _, scale := range []float64{1e-300, 1e-9, 1, 1e12, 1e300} {
		for _, height := range []float64{0, 10, -1e5} {
			for _, c := range []struct {
				name   string
				n, m   int
				season bool
				f      func(t int) float64
			}{
				{"exact", 24, 12, true, func(t int) float64 { return float64(t % 12 * 5 % 7) }},
				{"exact spike", 36, 12, true, func(t int) float64 { return float64((t % 12) / 11) }},
				{"exact week, 21 days", 21, 7, true, func(t int) float64 { return float64(t % 7 / 5) }},
				{"exact with a trend", 26, 12, true, func(t int) float64 { return float64(t) + 3*float64(t%12/6) }},
				{"sawtooth of 2", 12, 2, true, func(t int) float64 { return float64(t % 2) }},
				{"noisy", 60, 12, true, func(t int) float64 { return 3*math.Sin(float64(t)*math.Pi/6) + noise[t] }},
				{"noise", 60, 12, false, func(t int) float64 { return noise[t] }},
				{"constant", 60, 12, false, func(int) float64 { return 3 }},
				{"line", 60, 12, false, func(t int) float64 { return 3 * float64(t) }},
				{"one value apart", 60, 12, false, func(t int) float64 { return float64(t / 59) }},
				{"shift", 60, 12, false, func(t int) float64 { return float64(t / 30) }},
				{"under two cycles", 23, 12, false, func(t int) float64 { return float64(t % 12) }},
			} {
				y := series(c.n, func(t int) float64 { return scale * (height + c.f(t)) })
				if got := season.Has(y, c.m); got != c.season {
					t.Errorf("%s × %v around %v: %v", c.name, scale, height, got)
				}
			}
		}
	}
}

func TestHasOfNoNumbers(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		y := series(48, func(t int) float64 { return float64(t % 12) })
		y[30] = v
		if season.Has(y, 12) {
			t.Errorf("a series with %v has a season", v)
		}
	}
	for _, m := range []int{-1, 0, 1} {
		if season.Has(make([]float64, 48), m) {
			t.Errorf("there is a season of %d steps", m)
		}
	}
}

// From two cycles on the indices are found, of any number of values.
func TestIndices(t *testing.T) {
	for _, n := range []int{24, 29, 35, 36, 40, 120} {
		for _, multiplicative := range []bool{false, true} {
			y := series(n, func(t int) float64 {
				s := float64(t*5%12) - 5.5
				if multiplicative {
					return (100 + 2*float64(t)) * (1 + s/20)
				}
				return 100 + 2*float64(t) + s
			})
			index := season.Indices(y, 12, multiplicative)
			for p, got := range index {
				want, tol := float64(p*5%12)-5.5, 1e-9
				if multiplicative {
					want, tol = 1+want/20, 0.03 // the moving average is a little off
				}
				if math.Abs(got-want) > tol {
					t.Errorf("%d values, multiplicative %v: index %d is %v, want %v", n, multiplicative, p, got, want)
				}
			}
		}
	}
}

// The sum that is carried along for long seasons gives what a sum for each step gives.
func TestIndicesOfLongSeason(t *testing.T) {
	const m = 100
	y := series(5*m, func(t int) float64 { return 1e6 + float64(t) + float64(t*37%m) })
	for p, got := range season.Indices(y, m, false) {
		if want := float64(p*37%m) - (m-1)/2.; math.Abs(got-want) > 1e-6 {
			t.Fatalf("index %d is %v, want %v", p, got, want)
		}
	}
}

func FuzzHas(f *testing.F) {
	f.Add(2, 1.0, 2.0, 3.0, uint64(1))
	f.Add(12, 1e300, -1e-300, 0.0, uint64(2))
	f.Fuzz(func(t *testing.T, m int, a, b, c float64, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		y := series(r.IntN(100), func(int) float64 { return [...]float64{a, b, c}[r.IntN(3)] })
		season.Has(y, m%1000)
	})
}

func ExampleHas() {
	var sales []float64
	for t := range 26 { // two years and two months
		sales = append(sales, 100+2*float64(t))
		if t%12 == 11 {
			sales[t] += 40
		}
	}
	fmt.Println(season.Has(sales, 12), season.Has(sales, 7))
	fmt.Printf("December is %.0f above the mean of a year.\n", season.Indices(sales, 12, false)[11])
	// Output:
	// true false
	// December is 37 above the mean of a year.
}

func BenchmarkHas(b *testing.B) {
	for _, c := range [][2]int{{36, 12}, {144, 12}, {700, 24}, {1000000, 96}, {1000000, 8766}} {
		b.Run(fmt.Sprintf("%d×%d", c[0], c[1]), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			y := series(c[0], func(int) float64 { return r.NormFloat64() })
			for b.Loop() {
				season.Has(y, c[1])
			}
		})
	}
}
