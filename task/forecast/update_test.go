package forecast

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task"
)

// A model is trained further on what has come since: the back-test is of that alone, by the model
// as it was.
func TestUpdate(t *testing.T) {
	y := years(130, 4)
	of := func(n int) *data.Table {
		months, err := data.ParseFreq("M")
		if err != nil {
			t.Fatal(err)
		}
		start, err := data.ParseTime("2010-01")
		if err != nil {
			t.Fatal(err)
		}
		return &data.Table{Name: "grown", Series: []data.Series{{Start: start, Freq: months, Y: y[:n]}}}
	}
	c := quick(12, 6)
	c.Preset = Small
	m, err := FitTable(t.Context(), &c, of(72), task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Asked().Until; got != "2015-12-01" {
		t.Errorf("trained until %s", got)
	}
	before, err := m.Predict(t.Context(), of(130).Series...)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{74, 84, 130} {
		again, err := m.Update(t.Context(), task.Options{}, of(n))
		if err != nil {
			t.Fatal(err)
		}
		j := again.Asked()
		if (again.Backtest != nil) != (n >= 78) {
			t.Errorf("%d: back-test %v", n, again.Backtest)
		}
		if b := again.Backtest; b != nil {
			if b.Model != modelName || b.Scores[0].Model != "blend" || b.Choice != j.Choice || b.Scores[1].Model != modelName {
				t.Errorf("%d: scores %v", n, b.Scores)
			}
			for _, f := range b.Folds {
				if f.Origin < 72 {
					t.Errorf("%d: a forecast from %d, which the model has seen", n, f.Origin)
				}
			}
		}
		if chosen := j.Choice != m.Asked().Choice; chosen != (n == 130) {
			t.Errorf("%d: chosen anew %v", n, chosen)
		}
		after, err := again.Predict(t.Context(), of(130).Series...)
		if err != nil || after[0].Point[0] == before[0].Point[0] {
			t.Errorf("%d: it forecasts as before, %v", n, err)
		}
		if _, err := again.Update(t.Context(), task.Options{}, of(n)); !errors.Is(err, fault.Data) || !strings.Contains(err.Error(), "no series has values after") {
			t.Errorf("%d: updated by nothing: %v", n, err)
		}
	}
	plain := &Trained{Forecaster: fake{&Job{Preset: "fake", Horizon: 2}, new([]int)}}
	if _, err := plain.Update(t.Context(), task.Options{}, of(80)); !errors.Is(err, fault.Usage) {
		t.Error(err)
	}
}

// Series may end at times of their own: each counts as new what comes after its own end. Those of
// which nothing is new take no part in the back-test, and keep what they are forecast by.
func TestUpdateOfSeriesThatLag(t *testing.T) {
	a, b := years(90, 4), years(120, 5)
	of := func(na, nb int) *data.Table {
		months, err := data.ParseFreq("M")
		if err != nil {
			t.Fatal(err)
		}
		start, err := data.ParseTime("2010-01")
		if err != nil {
			t.Fatal(err)
		}
		table := &data.Table{Name: "lag", Series: []data.Series{{ID: "B", Start: start, Freq: months, Y: b[:nb]}}}
		if na > 0 {
			table.Series = append(table.Series, data.Series{ID: "A", Start: start, Freq: months, Y: a[:na]})
		}
		return table
	}
	c := quick(12, 6)
	c.Preset = Small
	m, err := FitTable(t.Context(), &c, of(90, 60), task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	was := m.Asked().Choice.Of("A")
	for _, na := range []int{90, 0} { // the other is in the file, or not
		again, err := m.Update(t.Context(), task.Options{}, of(na, 80))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range again.Backtest.Folds {
			if f.Series != 0 || f.Origin < 60 {
				t.Errorf("a forecast of series %d from %d, which the model has seen", f.Series, f.Origin)
			}
		}
		if j := again.Asked(); j.Until != "2017-06-01" || j.Ends["A"] != "2017-06-01" || j.Ends["B"] != "2016-08-01" || !reflect.DeepEqual(j.Choice.Of("A"), was) || j.Choice == m.Asked().Choice {
			t.Errorf("until %s, %v, choice %v", j.Until, j.Ends, j.Choice)
		}
		if _, err := again.Update(t.Context(), task.Options{}, of(na, 80)); !errors.Is(err, fault.Data) {
			t.Errorf("updated by nothing: %v", err)
		}
	}
}

// New values without the past of their series are refused.
func TestUpdateNeedsThePast(t *testing.T) {
	months, err := data.ParseFreq("M")
	if err != nil {
		t.Fatal(err)
	}
	start, err := data.ParseTime("2010-01")
	if err != nil {
		t.Fatal(err)
	}
	y := years(84, 4)
	s := data.Series{Start: start, Freq: months, Y: y[:72]}
	c := quick(12, 6)
	c.Preset = Small
	m, err := FitTable(t.Context(), &c, &data.Table{Name: "old", Series: []data.Series{s}}, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Start, s.Y = s.Time(72), y[72:]
	if _, err := m.Update(t.Context(), task.Options{}, &data.Table{Name: "new", Series: []data.Series{s}}); !errors.Is(err, fault.Data) || !strings.Contains(err.Error(), "begins at 2016-01-01, after 2015-12-01") {
		t.Error(err)
	}
}
