package theta

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// TestDynamicGolden compares with the means of statsforecast's DynamicOptimizedTheta, see
// testdata/golden.py, which searches three parameters where Dynamic searches one.
func TestDynamicGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		Name    string
		Y, Mean []float64
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	var close, count float64
	for _, g := range all {
		f := Dynamic(g.Y, len(g.Mean))
		for k, want := range g.Mean {
			off := math.Abs(f.Mean[k]/want - 1)
			if off > 1e-2 {
				t.Errorf("%s, step %d: %.6g, statsforecast has %.6g", g.Name, k+1, f.Mean[k], want)
			}
			if off < 1e-3 {
				close++
			}
			count++
		}
	}
	if close < 0.7*count {
		t.Errorf("%v of %v steps are within a thousandth of statsforecast's", close, count)
	}
}

// TestDynamicLevel shows that a level plays no part, whatever its size.
func TestDynamicLevel(t *testing.T) {
	y, high := make([]float64, 50), make([]float64, 50)
	for i := range y {
		y[i] = 3*float64(i) + 8*math.Sin(float64(i*i))
		high[i] = y[i] + 1e9
	}
	low, up := Dynamic(y, 5), Dynamic(high, 5)
	for k := range low.Mean {
		if math.Abs(up.Mean[k]-1e9-low.Mean[k]) > 1e-3 || math.Abs(up.Deviation[k]-low.Deviation[k]) > 1e-3 {
			t.Errorf("step %d: %v ± %v, and %v ± %v with a level of 1e9", k+1, low.Mean[k], low.Deviation[k], up.Mean[k], up.Deviation[k])
		}
	}
}

func TestHolt(t *testing.T) {
	var y []float64
	for i := range 40 {
		y = append(y, 10+2*float64(i))
	}
	if m := fitHolt(y, false); math.Abs(m.ahead(5)-(y[39]+10)) > 0.01 {
		t.Errorf("Holt's method continues a line as %v", m.ahead(5))
	}
}

func TestShort(t *testing.T) {
	for _, y := range [][]float64{{5}, {5, 5}, {1, 2, 3}, {0, 0, 0, 0}, {5, 5, 5, 5, 5, 5}, {1e300, -1e300, 1e300}} {
		for name, method := range map[string]func([]float64, int) Forecast{"Classic": Classic, "Dynamic": Dynamic, "Comb": Comb} {
			f := method(y, 3)
			for k, v := range f.Mean {
				if math.IsNaN(v) || math.IsNaN(f.Deviation[k]) {
					t.Errorf("%s of %v: %v ± %v", name, y, f.Mean, f.Deviation)
					break
				}
			}
		}
	}
}
