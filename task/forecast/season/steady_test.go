package season_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recur-go/recur/task/forecast/season"
)

// A spike stays whole in what is left, and the parts add up to the series; without one they are
// nearly those of Decompose.
func TestSteady(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	y := make([]float64, 96)
	for k := range y {
		y[k] = 100 + 20*math.Sin(2*math.Pi*float64(k)/12) + r.NormFloat64()
	}
	plain, err := season.Decompose(y, []float64{12}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, spike := range []float64{0, 200} {
		x := slices.Clone(y)
		x[50] += spike
		d, err := season.Steady(x, []float64{12})
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range x {
			if sum := d.Trend[k] + d.Seasons[0][k] + d.Rest[k]; math.Abs(sum-v) > 1e-9 {
				t.Fatalf("spike %v: the parts of value %d add up to %v, not %v", spike, k, sum, v)
			}
			off := 0.5
			if k%12 == 50%12 { // its phase has a value less
				off = 2
			}
			if far := math.Abs(d.Trend[k] + d.Seasons[0][k] - plain.Trend[k] - plain.Seasons[0][k]); far > off {
				t.Errorf("spike %v: trend and season at %d are %v off", spike, k, far)
			}
		}
	}
	for _, y := range [][]float64{nil, y[:20], append([]float64{math.NaN()}, y...)} {
		if _, err := season.Steady(y, []float64{12}); err == nil {
			t.Errorf("%v are taken apart", y)
		}
	}
}
