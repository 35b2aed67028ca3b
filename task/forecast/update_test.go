package forecast

import (
	"errors"
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
