package residual_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recur-go/recur/task/forecast/residual"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// The figures are those of the formulas in Python; with two lags the tail is exp(-Q/2).
func TestCheck(t *testing.T) {
	e := []float64{1, -0.5, 0.3, 2, -1.2, 0.7, 0.1, -0.4, 1.5, -0.9}
	c, ok := residual.Check(e)
	if !ok || c.N != 10 || len(c.ACF) != 2 {
		t.Fatalf("%+v, %v", c, ok)
	}
	near(t, "mean", c.Mean, 0.26, 1e-12)
	near(t, "standard deviation", c.SD, 1.044775361289, 1e-9)
	near(t, "lag 1", c.ACF[0], -0.603379478827, 1e-9)
	near(t, "lag 2", c.ACF[1], -0.007654723127, 1e-9)
	if len(c.More) != 5 || c.More[0] != c.ACF[0] || c.More[1] != c.ACF[1] {
		t.Errorf("more lags: %v", c.More)
	}
	near(t, "Q", c.Q, 4.855102861392, 1e-9)
	near(t, "p", c.P, 0.088252660996, 1e-9)
	for _, e := range [][]float64{nil, e[:7], {1, 1, 1, 1, 1, 1, 1, 1, 1}, {math.NaN(), 1, 2, 3, 4, 5, 6, 7}} {
		if _, ok := residual.Check(e); ok {
			t.Errorf("%v are checked", e)
		}
	}
}

// White noise is suspected as often as the probability says, at a size of any order; errors
// that follow each other are found.
func TestCheckOfNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const trials = 2000
	white, mean, follow := 0, 0, 0
	for range trials {
		e, f := make([]float64, 100), make([]float64, 100)
		for i := range e {
			e[i] = 1e-9 * r.NormFloat64()
			f[i] = e[i]
			if i > 0 {
				f[i] += 0.6 * f[i-1]
			}
		}
		if c, _ := residual.Check(e); c.P < 0.05 {
			white++
		} else if c.MeanP < 0.05 {
			mean++
		}
		if c, _ := residual.Check(f); c.P < 0.05 {
			follow++
		}
	}
	near(t, "share of white noise that is suspected", float64(white)/trials, 0.05, 0.02)
	near(t, "share whose mean is", float64(mean)/trials, 0.05, 0.02)
	if follow < trials*95/100 {
		t.Errorf("errors that follow each other are found in %d of %d", follow, trials)
	}
}

// Spikes are found, also the last value and in a season; noise, trends, shifts and counts have
// next to none.
func TestOutliers(t *testing.T) {
	var r *rand.Rand
	for name, made := range map[string]func(i int) float64{
		"noise":  func(int) float64 { return r.NormFloat64() },
		"line":   func(i int) float64 { return 3*float64(i) + r.NormFloat64() },
		"year":   func(i int) float64 { return 20*math.Sin(float64(i)*math.Pi/6) + r.NormFloat64() },
		"shift":  func(i int) float64 { return 100*math.Floor(float64(i)/60) + r.NormFloat64() },
		"exact":  func(i int) float64 { return float64(i % 12) },
		"counts": func(i int) float64 { return math.Floor(max(0, 1.5*r.NormFloat64())) },
	} {
		r = rand.New(rand.NewPCG(3, uint64(len(name)))) // the same whatever comes first
		for _, size := range []float64{1, 1e-9, -1e12} {
			flagged := 0
			for range 50 {
				y := make([]float64, 120)
				for i := range y {
					y[i] = size * made(i)
				}
				y[7] = math.NaN()
				flagged += len(residual.Outliers(y, 12))
			}
			if most := map[string]int{"counts": 60}[name]; flagged > max(most, 6) { // of 6,000 values
				t.Errorf("%s times %g: %d are flagged", name, size, flagged)
			}
			if name == "counts" {
				continue
			}
			for _, at := range []int{0, 50, 119} {
				y := make([]float64, 120)
				for i := range y {
					y[i] = size * made(i)
				}
				usual := y[at]
				y[at] += 30 * size
				found := residual.Outliers(y, 12)
				most := slices.MaxFunc(append(found, residual.Outlier{}), func(a, b residual.Outlier) int { return cmp.Compare(math.Abs(a.Distance), math.Abs(b.Distance)) })
				if len(found) == 0 || len(found) > 2 || most.At != at || !(math.Abs(most.Usual-usual) < 8*math.Abs(size)) { // a neighbour may be hit too
					t.Errorf("%s times %g: a spike at %d: %+v, usual %v", name, size, at, found, usual)
				}
			}
		}
	}
	for _, y := range [][]float64{nil, {1}, {5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5}} {
		if found := residual.Outliers(y, 7); found != nil {
			t.Errorf("%v: %+v", y, found)
		}
	}
}

func ExampleOutliers() {
	y := []float64{10, 11, 9, 10, 12, 10, 95, 11, 10, 9, 11, 10, 12}
	for _, o := range residual.Outliers(y, 1) {
		fmt.Println(o.At, y[o.At])
	}
	// Output: 6 95
}
