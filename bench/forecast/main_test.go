package main

import (
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/internal/fixture"
)

// The panel is what it was when the peers' forecasts were made.
func TestPanel(t *testing.T) {
	panel, err := readPanel(fixture.Path(t, "data"))
	if err != nil {
		t.Fatal(err)
	}
	made, err := readForecasts(filepath.Join("..", "..", peersFile))
	if err != nil {
		t.Fatal(err)
	}
	count, kinds := map[string]int{}, map[string]int{}
	for _, f := range made.Forecasts {
		count[f.Series]++
	}
	for _, s := range panel {
		kinds[s.Kind]++
		if count[s.Name] != folds*(len(peers)+1) {
			t.Errorf("%s: %d forecasts of the peers", s.Name, count[s.Name])
		}
		if len(s.Times) != len(s.Y) || s.history(0) < 2*s.Horizon || s.history(folds-1) != len(s.Y)-s.Horizon {
			t.Errorf("%s: %d times, %d values, %d before the first fold", s.Name, len(s.Times), len(s.Y), s.history(0))
		}
	}
	want := map[string]int{"yearly": 9, "quarterly": 10, "monthly": 8, "weekly": 5, "daily": 7, "hourly": 11, "other": 2}
	if len(panel) != 52 || !reflect.DeepEqual(kinds, want) {
		t.Errorf("%d series, %v, want %v", len(panel), kinds, want)
	}
}

// line is a series of 0, 1, 2, … and two folds of two steps.
func line(name, kind string) *series {
	s := &series{Name: name, Kind: kind, Season: 1, Horizon: 2}
	for i := range 12 {
		v := float64(i)
		s.Y, s.Times = append(s.Y, &v), append(s.Times, "")
	}
	return s
}

// off is a forecast of a line that is wrong by e at every step, with bands of ±1 and ±2 about it.
func off(s *series, fold int, model string, e float64) forecast {
	f := forecast{Series: s.Name, Fold: fold, Model: model, Seconds: 2}
	for k := range s.Horizon {
		p := float64(s.history(fold)+k) + e
		f.Point = append(f.Point, p)
		for b := range f.Lo {
			f.Lo[b], f.Hi[b] = append(f.Lo[b], p-float64(b+1)), append(f.Hi[b], p+float64(b+1))
		}
	}
	return f
}

func TestScores(t *testing.T) {
	a, b, c := line("a", "yearly"), line("b", "hourly"), line("c", "hourly")
	var all []forecast
	for fold := range folds {
		for _, s := range []*series{a, b} {
			for i, model := range append([]string{"SeasonalNaive"}, peers...) {
				all = append(all, off(s, fold, model, float64(5-i))) // Prophet is best, off by 1
			}
		}
		all = append(all, off(a, fold, "recur", 0.5))
	}
	all = append(all, off(b, 1, "recur", 2))
	r := newResults([]*series{a, b, c}, all)
	if len(r.Rows) != 2 || r.Rows[0].Folds != 2 || r.Rows[1].Folds != 1 || r.Rows[1].Best != "Prophet" {
		t.Fatalf("%+v", r.Rows)
	}
	for i, want := range []score{{MASE: 0.5, Ratio: 0.5, Cover80: 1, Cover95: 1, MSIS: 4, Seconds: 2}, {MASE: 2, Ratio: 2, Cover95: 1, MSIS: 4, Seconds: 2}} {
		if got := r.Rows[i].Scores["recur"]; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if got := r.Rows[0].Scores[mean]; math.Abs(got.MASE-3) > 1e-9 || math.Abs(got.Ratio-3) > 1e-9 {
		t.Errorf("the mean of errors of 4, 3 and 2: %+v", got)
	}
	want := sum{Model: "recur", Kind: "all", Series: 2, Ratio: 1, Worse: 0.5, Worst: 2, MASE: 1.25, Cover80: 0.5, Cover95: 1, MSIS: 4}
	if got := r.Sums[0]; math.Abs(got.Ratio-1) > 1e-9 || math.Abs(got.MSIS-4) > 1e-9 {
		t.Errorf("%+v, want %+v", got, want)
	} else if got.Ratio, got.MSIS = 1, 4; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if table := r.String(); !strings.Contains(table, "a                    yearly     MASE  0.500   0.50 of Prophet") {
		t.Error(table)
	}
}

func TestClock(t *testing.T) {
	var c clock
	at := time.Date(2020, 1, 1, 7, 55, 0, 0, time.UTC)
	for i, v := range []float64{9, 1, math.NaN(), 3, 5} {
		c.put(at.Add(time.Duration(i)*20*time.Minute), v) // 07:55, 08:15, 08:35, 08:55, 09:15
	}
	c.put(at.Add(4*time.Hour), 1)
	for sum, want := range map[bool][]float64{false: {2, 5}, true: {4, 5}} {
		start, y := c.each(sum)
		if start.Hour() != 8 || len(y) != 3 || y[0] != want[0] || y[1] != want[1] || !math.IsNaN(y[2]) {
			t.Errorf("%v %v, want %v and a gap", start, y, want)
		}
	}
}

func TestKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	all := &forecasts{Machine: "m", Versions: map[string]string{"recur": "v"}}
	for range 2 {
		s := line("a", "yearly")
		all.Forecasts = append(all.Forecasts, off(s, 1, "recur", 0.5))
		if err := all.save(path); err != nil {
			t.Fatal(err)
		}
		if got, err := readForecasts(path); err != nil || !reflect.DeepEqual(got, all) {
			t.Errorf("%+v, want %+v, %v", got, all, err)
		}
	}
	if !all.have("a", 1) || all.have("a", 0) {
		t.Error("the forecasts that there are")
	}
}
