package esrnn

import (
	"context"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
)

// A back-test that keeps the states forecasts from the first origin what Predict does, to
// the bit, from later ones nearly that, and knows nothing of what comes after an origin.
func TestRoll(t *testing.T) {
	ctx := context.Background()
	past, _ := shops(4, 6)
	m, err := Fit(ctx, quick, task.Options{}, past...)
	if err != nil {
		t.Fatal(err)
	}
	s, origins := past[0], []int{60, 61, 70, 80}
	fs, err := m.Roll(ctx, s, origins)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range origins {
		want, err := m.Predict(ctx, s.Before(o))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 && !reflect.DeepEqual(fs[0], want[0]) {
			t.Error("the first forecast is another")
		}
		for k, v := range want[0].Point {
			if got := fs[i].Point[k]; math.Abs(got-v) > 0.05*v {
				t.Errorf("origin %d, step %d: %v, without states %v", o, k, got, v)
			}
		}
	}
	other := data.Series{ID: s.ID, Y: slices.Clone(s.Y)}
	for i := 80; i < len(other.Y); i++ {
		other.Y[i] = 1e6
	}
	if got, err := m.Roll(ctx, other, origins); err != nil || !reflect.DeepEqual(got, fs) {
		t.Errorf("the future changes forecasts: %v", err)
	}
	// Values too small for the scale that there was: from there on it is another.
	other.Y[72], other.Y[75] = 0, math.NaN()
	fs, err = m.Roll(ctx, other, origins)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := m.Predict(ctx, other.Before(80))
	if !reflect.DeepEqual(fs[3], want[0]) {
		t.Error("after a zero the series is not scaled anew")
	}
	other.Y[65] = math.Inf(1)
	if _, err := m.Roll(ctx, other, origins); err == nil {
		t.Error("an infinite value is forecast from")
	}
}
