package forecast

import (
	"math"
	"testing"
)

func TestMetricsByHand(t *testing.T) {
	nan := math.NaN()
	history, y, f := []float64{1, 3, 2, 6}, []float64{8, nan, 0}, []float64{6, 5, 1}
	band := Band{Level: 0.8, Lo: []float64{5, 0, 1}, Hi: []float64{7, 9, 2}}
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"SMAPE", SMAPE(y, f), (200*2./14 + 200) / 2},
		{"MAPE", MAPE(y, f), 25},
		{"MAE", MAE(y, f), 1.5},
		{"MSE", MSE(y, f), 2.5},
		{"WAPE", WAPE(y, f), 3. / 8},
		{"MASE", MASE(history, y, f, 1), 1.5 / (7. / 3)},
		{"MASE of a season of 2", MASE(history, y, f, 2), 1.5 / 2},
		{"MASE of a short history", MASE(history[:2], y, f, 7), 1.5 / 2},
		{"RMSSE", RMSSE(history, y, f, 1), math.Sqrt(2.5 / 7)},
		{"OWA", OWA(10, 2, 20, 4), 0.5},
		{"Pinball", Pinball(y, f, 0.9), (0.9*2 + 0.1) / 2},
		{"CRPS", CRPS(y, [][]float64{f, f}, []float64{0.25, 0.75}), 1.5},
		{"Coverage", Coverage(y, band), 0},
		{"MSIS", MSIS(history, y, band, 2), ((2 + 10*1) + (1 + 10*1)) / 2. / 2},
	} {
		if math.Abs(c.got-c.want) > 1e-12 {
			t.Errorf("%s is %v, want %v", c.name, c.got, c.want)
		}
	}
	if e := MASE([]float64{2, 2, 2}, y, f, 1); !math.IsNaN(e) {
		t.Errorf("MASE of a constant history is %v", e)
	}
	if e := MAE([]float64{nan}, []float64{1}); !math.IsNaN(e) {
		t.Errorf("MAE of nothing is %v", e)
	}
}

func TestComb(t *testing.T) {
	// A line is what all but the first of the three methods forecast.
	var y []float64
	for i := range 40 {
		y = append(y, 10+2*float64(i))
	}
	f := Comb(y, 1, 3, nil).Point
	for k, v := range f {
		if want := y[39] + 2*float64(k+1); v > want || v < want-3*float64(k+1) {
			t.Errorf("step %d of a line is %v, the line at %v", k+1, v, want)
		}
	}
	for _, y := range [][]float64{{5}, {5, 5, 5, 5, 5, 5}, {0, 0, 0, 0}, {1, 2, 3}} {
		for k, v := range Comb(y, 4, 2, []float64{0.8}).Point {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("Comb of %v is %v at step %d", y, v, k)
			}
		}
	}
	// With values that are not above 0 the season is taken off, not divided by.
	for i := range y {
		y[i] = math.Sin(float64(i) * math.Pi / 2)
	}
	if f := Naive2(y, 4, 4, nil).Point; math.Abs(f[1]-1) > 0.1 || math.Abs(f[3]+1) > 0.1 {
		t.Errorf("the season of a sine is forecast as %v", f)
	}
}
