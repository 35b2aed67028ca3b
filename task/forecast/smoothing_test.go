package forecast

import (
	"math"
	"math/rand/v2"
	"testing"
)

// growing is a series with a trend and a season that grows with it.
func growing(n int) (y []float64) {
	r := rand.New(rand.NewPCG(5, 6))
	for t := range n {
		y = append(y, (100+float64(t))*(1+0.3*math.Sin(float64(t)*math.Pi/6))+2*r.NormFloat64())
	}
	return y
}

// In a back-test the first forecast is ETS, and those after it are as good.
func TestStartETS(t *testing.T) {
	y := growing(168)
	forecast := startETS(12)
	var started, anew float64
	for o := 120; o < 156; o += 6 {
		f, g := forecast(y[:o], 12, []float64{0.8}), ETS(y[:o], 12, 12, []float64{0.8})
		started += MAE(y[o:o+12], f.Point)
		anew += MAE(y[o:o+12], g.Point)
		for k, p := range f.Point {
			if o == 120 && p != g.Point[k] {
				t.Fatalf("the first forecast is %v, ETS %v", f.Point, g.Point)
			}
			if !(f.Bands[0].Lo[k] < p && p < f.Bands[0].Hi[k]) {
				t.Fatalf("the band of %v is %v to %v", p, f.Bands[0].Lo[k], f.Bands[0].Hi[k])
			}
		}
	}
	if started > 1.1*anew {
		t.Errorf("mean absolute errors of %.2f, by a new choice each time %.2f", started/6, anew/6)
	}
	// a shorter history is another beginning
	if f, g := forecast(y[:60], 12, nil), ETS(y[:60], 12, 12, nil); MAE(f.Point, g.Point) != 0 {
		t.Errorf("a new beginning has %v, ETS %v", f.Point, g.Point)
	}
}

func TestETSOfAnyHistory(t *testing.T) {
	hole := growing(60)
	for t := 20; t < 25; t++ {
		hole[t] = math.NaN()
	}
	shift := growing(60)
	for t := 40; t < 60; t++ {
		shift[t] = -shift[t]
	}
	long := growing(5000)
	for name, y := range map[string][]float64{
		"one value": {3}, "three": {1, 2, 4}, "constant": {5, 5, 5, 5, 5, 5, 5}, "missing": hole, "below 0": shift, "long": long,
	} {
		for _, m := range []int{1, 12, 52} {
			for k, v := range ETS(y, m, 24, []float64{0.95}).Point {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Errorf("%s, season %d: step %d is %v", name, m, k+1, v)
				}
			}
		}
	}
	// values below 0 come after a fit that multiplies
	forecast := startETS(12)
	forecast(shift[:38], 12, nil)
	for _, v := range forecast(shift[:41], 12, nil).Point {
		if math.IsNaN(v) {
			t.Error("NaN after a value below 0")
		}
	}
}
