package forecast

import (
	"context"
	"fmt"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
)

// The first steps of a forecast are those of the whole, at any levels, floor or cap.
func TestShorter(t *testing.T) {
	s := data.Series{Y: years(60, 2)}
	c := quick(12, 6)
	floor, ceiling := 95.0, 110.0
	c.Floor, c.Cap = &floor, &ceiling
	m, err := Fit(t.Context(), c, task.Options{}, s)
	if err != nil {
		t.Fatal(err)
	}
	all := choosing(m)
	whole, err := all.Predict(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	three := Shorter(all, 3)
	first, err := three.Predict(t.Context(), s)
	if err != nil || len(first[0].Point) != 3 || fmt.Sprint(first[0]) != fmt.Sprint(whole[0].First(3)) {
		t.Errorf("%v, want the first of %v, %v", first, whole, err)
	}
	if three.Asked().Horizon != 3 || all.Asked().Horizon != 6 || NetOf(three) != Forecaster(m) || Shorter(all, 6) != all {
		t.Error("it is made of the model")
	}
	b := whole[0].Bands[2]
	for k, p := range whole[0].Point {
		if !(floor <= b.Lo[k] && b.Lo[k] <= p && p <= b.Hi[k] && b.Hi[k] <= ceiling) {
			t.Errorf("step %d: %g in %g … %g", k, p, b.Lo[k], b.Hi[k])
		}
	}
	c.Floor, c.Cap = &ceiling, &floor
	if by, _ := FindMethod(Small); by.Check(&c) == nil {
		t.Error("a floor above the cap is accepted")
	}
}

// knows is a Forecaster that asks for what is known of all its steps.
type knows struct{ fake }

func (k knows) Predict(ctx context.Context, series ...data.Series) ([]Forecast, error) {
	for _, s := range series {
		if want := len(s.Y) + k.job.Horizon; len(s.Known[0]) < want {
			return nil, fmt.Errorf("%d values are known, want %d", len(s.Known[0]), want)
		}
	}
	return k.fake.Predict(ctx, series...)
}

func TestShorterNeedsNoMoreToBeKnown(t *testing.T) {
	m := Shorter(knows{fake{&Job{Horizon: 4}, new([]int)}}, 1)
	known := make([]float64, 11, 20)
	if _, err := m.Predict(t.Context(), data.Series{Y: years(10, 1), Known: [][]float64{known}}); err != nil {
		t.Error(err)
	}
}
