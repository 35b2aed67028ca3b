package arima_test

import (
	"encoding/json"
	"math"
	"os"
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
	series := fixture.Competitions(t)
	var ours, theirs, ratio, n float64
	for _, g := range all {
		of := series[g.Set+" "+g.Name]
		m, err := arima.Auto(of.Past, g.Period)
		if err != nil {
			t.Errorf("%s: %v", g.Name, err)
			continue
		}
		a, b := smape(of.Next, m.Forecast(len(g.Mean)).Mean), smape(of.Next, g.Mean)
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
