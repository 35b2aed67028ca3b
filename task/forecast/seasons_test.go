package forecast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// made sums waves of the given numbers of steps, a line and noise.
func made(n int, noise float64, periods ...float64) (y []float64) {
	r := rand.New(rand.NewPCG(5, uint64(n)))
	for t := range n {
		v := 100 + 0.01*float64(t) + noise*r.NormFloat64()
		for i, p := range periods {
			v += float64(10-2*i) * math.Sin(2*math.Pi*float64(t)/p)
		}
		y = append(y, v)
	}
	return y
}

// MSTL forecasts what has several seasons, or a long one, with errors near to the noise.
func TestMSTL(t *testing.T) {
	for _, c := range []struct {
		n, m, h int
		periods []float64
	}{
		{24 * 35, 24, 168, []float64{24, 168}},
		{96 * 28, 96, 96, []float64{96, 672}},
		{800, 7, 60, []float64{7, 365.25}},
		{210, 52, 52, []float64{365.25 / 7}},
		{20500, 24, 72, []float64{24, 168, 8766}},
	} {
		y := made(c.n+c.h, 2, c.periods...)
		f := MSTL(y[:c.n], c.m, c.h, []float64{0.8, 0.95})
		if e := MAE(y[c.n:], f.Point); e > 2.8 {
			t.Errorf("seasons of %v: mean absolute error %.2f, of seasonal naive %.2f", c.periods, e, MAE(y[c.n:], SeasonalNaive(y[:c.n], c.m, c.h, nil).Point))
		}
		if share := Coverage(y[c.n:], f.Bands[1]); share < 0.7 {
			t.Errorf("seasons of %v: the 95 %% band covers %.0f %%", c.periods, 100*share)
		}
	}
}

// In a back-test the seasons are found once, and the forecasts are as good as those made anew.
func TestStartMSTL(t *testing.T) {
	y := made(24*40, 2, 24, 168)
	forecast := startMSTL(24)
	for o := 24 * 30; o < 24*39; o += 36 {
		f, g := forecast(y[:o], 24, nil), MSTL(y[:o], 24, 24, nil)
		if d := MAE(f.Point, g.Point); d > 0.5 {
			t.Errorf("from %d: %.2f from a forecast made anew", o, d)
		}
	}
	if f := forecast(y[:30], 24, nil); math.IsNaN(f.Point[0]) {
		t.Error("a history shorter than the seasons gives NaN")
	}
}

// The baselines of a season: ets where the season is short, mstl where it is long or not alone.
func TestBaselinesBySeason(t *testing.T) {
	for m, want := range map[int][]string{
		1: {"ets", "arima"}, 4: {"ets", "arima"}, 12: {"ets", "arima"}, 7: {"ets", "arima", "mstl"},
		24: {"arima", "mstl"}, 52: {"arima", "mstl"}, 96: {"mstl"},
	} {
		var got []string
		for _, b := range Baselines(m)[5:] {
			got = append(got, b.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("season %d: %v, want %v", m, got, want)
		}
	}
}

// All baselines give numbers, of whatever there is.
func TestBaselinesOfAnyHistory(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	counts := make([]float64, 200)
	for t := range counts {
		if r.Float64() < 0.2 {
			counts[t] = float64(r.IntN(5))
		}
	}
	tail := append(made(100, 1, 12), make([]float64, 700)...)
	for t := 100; t < len(tail); t++ {
		tail[t] = math.NaN()
	}
	var shift []float64
	for t := range 300 {
		shift = append(shift, float64(t/200)*1e6+float64(t%7))
	}
	long := made(30000, 1, 24)
	if !testing.Short() {
		long = made(1000000, 1, 24, 168)
	}
	for name, y := range map[string][]float64{
		"one": {5}, "two": {5, 6}, "counts": counts, "zeros": make([]float64, 100), "a missing end": tail, "shift": shift,
		"small": {1e-9, 2e-9, 1e-9, 2e-9, 1e-9, 2e-9, 1e-9, 3e-9, 1e-9, 2e-9}, "big": made(100, 1e12, 12), "long": long,
	} {
		for _, m := range []int{1, 7, 12, 24, 52} {
			for _, b := range Baselines(m) {
				f := b.start(m)(y, 30, []float64{0.5, 0.95})
				for k, v := range f.Point {
					lo, hi := f.Bands[1].Lo[k], f.Bands[1].Hi[k]
					if math.IsNaN(v+lo+hi) || math.IsInf(v+lo+hi, 0) || lo > v || v > hi {
						t.Errorf("%s, season %d, %s: step %d is %v, %v to %v", name, m, b.Name, k+1, v, lo, hi)
						break
					}
				}
			}
		}
	}
}

func BenchmarkBaselines(b *testing.B) {
	for _, c := range []struct{ n, m, origins int }{{144, 12, 24}, {1000, 24, 24}, {1000000, 24, 24}} {
		y := made(c.n, 2, float64(c.m), 7*float64(c.m))
		for _, base := range Baselines(c.m) {
			b.Run(fmt.Sprintf("%s/%d", base.Name, c.n), func(b *testing.B) {
				for b.Loop() {
					f := base.start(c.m)
					for j := range c.origins {
						f(y[:c.n-c.origins+j], 12, []float64{0.8, 0.95})
					}
				}
			})
		}
	}
}
