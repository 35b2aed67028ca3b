package forecast

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
)

// A back-test is of forecasts as they are given: within floor and cap, by every model, and what
// is chosen within what the history can bear too.
func TestBacktestIsOfWhatIsGiven(t *testing.T) {
	months, err := data.ParseFreq("M")
	if err != nil {
		t.Fatal(err)
	}
	start, err := data.ParseTime("2015-01")
	if err != nil {
		t.Fatal(err)
	}
	falls, crosses := make([]float64, 60), years(60, 7)
	for i := range falls {
		falls[i] = max(0, 20-float64(i)*20/47)
	}
	for i := range crosses {
		crosses[i] -= 100
	}
	fit := func(y []float64, floor, ceiling *float64) *Trained {
		c := quick(12, 6)
		c.Preset, c.Origins, c.Floor, c.Cap = Small, 4, floor, ceiling
		m, err := FitTable(t.Context(), &c, &data.Table{Name: "it", Series: []data.Series{{Start: start, Freq: months, Y: y}}}, task.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	within := func(f Fold, lo, hi float64) bool {
		all := slices.Clone(f.Forecast.Point)
		for _, b := range f.Forecast.Bands {
			all = slices.Concat(all, b.Lo, b.Hi)
		}
		return lo <= slices.Min(all) && slices.Max(all) <= hi
	}

	floor, ceiling := -5.0, 15.0
	m := fit(crosses, &floor, &ceiling)
	for _, f := range m.Backtest.Folds {
		if !within(f, floor, ceiling) {
			t.Errorf("%s from %d: %v", f.Model, f.Origin, f.Forecast)
		}
	}
	free := fit(crosses, nil, nil).Backtest.Scores
	for i, s := range m.Backtest.Scores {
		if s.Model == "naive" && s.MASE == free[i].MASE {
			t.Error("a score is that of forecasts without limits")
		}
	}
	notes := strings.Join(m.Table.Notes, "\n")
	if !strings.Contains(notes, "of the 60 values lie below the floor of -5") || !strings.Contains(notes, "of the 60 values lie above the cap of 15") {
		t.Errorf("notes %s", notes)
	}

	for _, f := range fit(falls, nil, nil).Backtest.Folds {
		if f.Model == Blend.String() && !within(f, 0, math.Inf(1)) {
			t.Errorf("below what a history without negative values bears: %v", f.Forecast)
		}
	}
}
