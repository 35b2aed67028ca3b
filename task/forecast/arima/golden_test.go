package arima_test

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/recur-go/recur/internal/fixture"
	"github.com/recur-go/recur/task/forecast/arima"
)

// TestAutoBesideStatsforecast compares with AutoARIMA of statsforecast, see testdata/golden.py,
// which estimates by the exact likelihood: the orders differ now and then, the errors hardly.
func TestAutoBesideStatsforecast(t *testing.T) {
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		Set, Name string
		Period    int
		Mean      []float64
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	var m3 map[string]struct{ X, XX []float64 }
	if err := json.NewDecoder(fixture.Open(t, "data/ts/m3/m3_data.json.gz")).Decode(&m3); err != nil {
		t.Fatal(err)
	}
	m4 := map[string][]float64{}
	for _, part := range []string{"monthly", "quarterly"} {
		rows, err := csv.NewReader(fixture.Open(t, "data/ts/m4/sample-m4_"+part+".csv.gz")).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			v, err := strconv.ParseFloat(row[2], 64)
			if err != nil {
				t.Fatal(err)
			}
			name := "M4 " + part + row[0]
			m4[name] = append(m4[name], v)
		}
	}
	var ours, theirs, ratio, n float64
	for _, g := range all {
		h := len(g.Mean)
		y, next := m3[g.Name].X, m3[g.Name].XX
		if g.Set != "M3 monthly" {
			of := m4[g.Set+g.Name]
			y, next = of[:len(of)-h], of[len(of)-h:]
		}
		m, err := arima.Auto(y, g.Period)
		if err != nil {
			t.Errorf("%s: %v", g.Name, err)
			continue
		}
		a, b := smape(next, m.Forecast(h).Mean), smape(next, g.Mean)
		ours, theirs, n = ours+a, theirs+b, n+1
		ratio += math.Log(a / b)
	}
	t.Logf("sMAPE of %v series: %.3f, statsforecast has %.3f; geometric mean of the ratios %.3f", n, ours/n, theirs/n, math.Exp(ratio/n))
	if ours > 1.02*theirs || ratio/n > 0.02 {
		t.Error("forecasts are worse than those of statsforecast")
	}
}

func smape(y, f []float64) (sum float64) {
	for k, v := range y {
		if d := math.Abs(v) + math.Abs(f[k]); d > 0 {
			sum += 200 * math.Abs(v-f[k]) / d / float64(len(y))
		}
	}
	return sum
}
