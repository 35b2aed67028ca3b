package accuracy

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fixture"
	"github.com/recur-go/recur/task/forecast"
)

// The metrics and simple methods give the figures that others have published.
func TestOfficialFigures(t *testing.T) {
	dir := fixture.Path(t, "data")
	for _, c := range []struct {
		name, file, period string
		season, scale      int
		f                  func(y []float64, season, h int, levels []float64) forecast.Forecast
		metric             string
		want               float64
	}{
		{"M3 naive", "m3_data", "YEARLY", 1, 1, forecast.SeasonalNaive, "smape", 17.88},
		{"tourism seasonal naive", "tcomp_data", "MONTHLY", 12, 12, forecast.SeasonalNaive, "mape", 22.56},
		{"tourism seasonal naive", "tcomp_data", "QUARTERLY", 4, 4, forecast.SeasonalNaive, "mape", 16.46},
		{"tourism naive", "tcomp_data", "YEARLY", 1, 1, forecast.SeasonalNaive, "mape", 23.61},
		{"M3 Theta", "m3_data", "MONTHLY", 12, 12, forecast.Theta, "mase", 0.864},
	} {
		set, err := competition(dir, c.file, c.period)
		if err != nil {
			t.Fatal(err)
		}
		var fs []forecast.Forecast
		for i, s := range set.past {
			fs = append(fs, c.f(s.Y, c.season, len(set.future[i]), nil))
		}
		if got := set.score(fs, c.scale)[c.metric]; math.Abs(got-c.want) > 6e-3 {
			t.Errorf("%s %s: %s is %.4f, published %v", c.name, c.period, c.metric, got, c.want)
		}
	}
}

// The benchmarks of GEFCom2014 predict the same for each quantile: the load of a year before,
// the price of a week before.
func TestPinballOfGEFCom(t *testing.T) {
	dir := fixture.Path(t, "data")
	for _, c := range []struct {
		file, value string
		lag         int
		want        map[float64]float64 // by task
	}{
		{"gefcom2014-load", "load", 365 * 24, map[float64]float64{4: 18.73837, 5: 22.75848, 15: 34.06848}},
		{"gefcom2014-price", "price", 7 * 24, map[float64]float64{4: 4.02875, 5: 7.97208, 15: 22.38333}},
	} {
		path := filepath.Join(dir, "ts", "energy", c.file+".csv.gz")
		tab, err := data.ReadFile(path, data.Options{Time: "timestamp", Y: c.value})
		if err != nil {
			t.Fatal(err)
		}
		y := tab.Series[0].Y
		tasks, err := data.ReadFile(path, data.Options{Time: "timestamp", Y: "eval_task"})
		if err != nil {
			t.Fatal(err)
		}
		for task, want := range c.want {
			var came, said []float64
			for i, v := range tasks.Series[0].Y {
				if v == task {
					came, said = append(came, y[i]), append(said, y[i-c.lag])
				}
			}
			var quantiles [][]float64
			var p []float64
			for q := range 99 {
				quantiles, p = append(quantiles, said), append(p, float64(q+1)/100)
			}
			if got := forecast.CRPS(came, quantiles, p) / 2; math.Abs(got-want) > 1e-5 {
				t.Errorf("%s, task %v: pinball is %.5f, published %.5f", c.value, task, got, want)
			}
		}
	}
}

func TestContests(t *testing.T) {
	dir := fixture.Path(t, "data")
	for _, c := range []struct {
		name              string
		read              func() (*contest, error)
		series, first, h  int
		missing, horizons int
	}{
		{"m4 hourly", func() (*contest, error) { return m4(dir, "Hourly") }, 414, 700, 48, 0, 1},
		{"m4 weekly", func() (*contest, error) { return m4(dir, "Weekly") }, 359, 2179, 13, 0, 1},
		{"cif", func() (*contest, error) { return cif(dir) }, 72, 108, 12, 0, 2},
		{"nn5", func() (*contest, error) { return nn5(dir) }, 111, 735, 56, 1673, 1},
	} {
		set, err := c.read()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		missing, horizons := 0, map[int]bool{}
		for i, s := range set.past {
			horizons[len(set.future[i])] = true
			for _, v := range s.Y {
				if math.IsNaN(v) {
					missing++
				}
			}
		}
		if len(set.past) != c.series || len(set.past[0].Y) != c.first || len(set.future[0]) != c.h || missing != c.missing || len(horizons) != c.horizons {
			t.Errorf("%s: %d series, the first of %d and %d values, %d missing, %d horizons", c.name, len(set.past), len(set.past[0].Y), len(set.future[0]), missing, len(horizons))
		}
	}
}
