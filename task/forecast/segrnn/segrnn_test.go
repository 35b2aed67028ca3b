package segrnn_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/segrnn"
)

// waves are two series of a season of 24, one of them with values missing.
func waves(n int) []data.Series {
	a, b := data.Series{ID: "a"}, data.Series{ID: "b"}
	for t := range n {
		s := math.Sin(2 * math.Pi * float64(t) / 24)
		a.Y = append(a.Y, 50+10*s)
		b.Y = append(b.Y, -3+s*s)
		if t%17 == 0 {
			b.Y[t] = math.NaN()
		}
	}
	return []data.Series{a, b}
}

func small() segrnn.Config {
	return segrnn.Config{Job: forecast.Job{Horizon: 24, Seed: 3}, Window: 48, Segment: 12, Hidden: 16, Epochs: 30, Batch: 32, Rate: 0.01, WeightAverage: 0.99, Patience: 5}
}

func TestLearnsWaves(t *testing.T) {
	ctx := context.Background()
	full := waves(400)
	var past []data.Series
	for _, s := range full {
		past = append(past, s.Before(376))
	}
	m, err := segrnn.Fit(ctx, small(), task.Options{}, past...)
	if err != nil {
		t.Fatal(err)
	}
	fs, err := m.Predict(ctx, past...)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range fs {
		y := full[i].Y[376:]
		if e := forecast.MAE(y, f.Point); e > 0.15*spread(full[i].Y) {
			t.Errorf("series %d: an error of %v", i, e)
		}
		for j, b := range f.Bands {
			for k := range b.Lo {
				if b.Lo[k] > f.Point[k] || f.Point[k] > b.Hi[k] || j > 0 && b.Lo[k] > f.Bands[j-1].Lo[k] {
					t.Fatalf("series %d, step %d: bands do not nest", i, k)
				}
			}
		}
	}
	s, err := m.Evaluate(ctx, 100, full...)
	if err != nil || !(s.MSE < 0.1) || !(s.MAE < 0.3) {
		t.Errorf("%+v, %v", s, err)
	}
}

func spread(y []float64) float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range y {
		if !math.IsNaN(v) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return hi - lo
}

// A saved model forecasts the same, and one that was stopped ends with the same bits.
func TestSavesAndResumes(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	c := small()
	c.Epochs = 3
	m, err := segrnn.Fit(ctx, c, task.Options{}, waves(300)...)
	if err != nil {
		t.Fatal(err)
	}
	if f := nn.Untagged(m.Net); f != nil {
		t.Errorf("fields without a tag: %v", f)
	}
	path := filepath.Join(dir, "m")
	if err := m.Save(path, model.Training{}); err != nil {
		t.Fatal(err)
	}
	again, err := forecast.LoadAny(path)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := m.Predict(ctx, waves(300)...)
	if got, err := again.Predict(ctx, waves(300)...); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("a loaded model forecasts otherwise: %v", err)
	}
	stopping, stop := context.WithCancel(ctx)
	o := task.Options{Checkpoint: filepath.Join(dir, "c"), OnStep: func(s task.Step) {
		if s.Progress.Step == 5 {
			stop()
		}
	}}
	if _, err := segrnn.Fit(stopping, c, o, waves(300)...); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped: %v", err)
	}
	o.OnStep, o.Resume = nil, true
	resumed, err := segrnn.Fit(ctx, c, o, waves(300)...)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := resumed.Predict(ctx, waves(300)...); !reflect.DeepEqual(got, want) {
		t.Error("a resumed run ends with other bits")
	}
}

// The preset has dropout and averaged weights; 0 is none of either, in a file too.
func TestNone(t *testing.T) {
	ctx := context.Background()
	c, err := segrnn.Preset("segrnn")
	if err != nil || c.Dropout != 0.5 || c.WeightAverage != 0.99 {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, err := segrnn.Preset("linear"); fault.Of(err) != fault.Usage {
		t.Errorf("there is a preset linear: %v", err)
	}
	c.Horizon, c.Window, c.Segment, c.Hidden, c.Epochs, c.Batch = 24, 48, 12, 8, 1, 32
	var points [3][]float64
	for i := range points {
		if i == 1 {
			c.WeightAverage = 0
		} else if i == 2 {
			c.Dropout = 0
		}
		m, err := segrnn.Fit(ctx, *c, task.Options{}, waves(300)...)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "m")
		if err := m.Save(path, model.Training{}); err != nil {
			t.Fatal(err)
		}
		if m, err = segrnn.Load(path); err != nil || m.Dropout != c.Dropout || m.WeightAverage != c.WeightAverage {
			t.Fatalf("%+v, want %+v, %v", m.Config, c, err)
		}
		fs, err := m.Predict(ctx, waves(300)...)
		if err != nil {
			t.Fatal(err)
		}
		points[i] = fs[0].Point
	}
	if reflect.DeepEqual(points[0], points[1]) || reflect.DeepEqual(points[1], points[2]) {
		t.Error("weight_average and dropout change nothing")
	}
}

func TestBadConfigs(t *testing.T) {
	for says, c := range map[string]segrnn.Config{
		"not a multiple of the segment length": {Window: 50, Segment: 12},
		"want an even number":                  {Hidden: 7},
		"level 2":                              {Job: forecast.Job{Levels: []float64{2}}},
		"dropout is 1":                         {Dropout: 1},
		"rate is":                              {Rate: -1},
		"epoch_steps is -1":                    {EpochSteps: -1},
		"mix learns quantiles":                 {Mix: true, Square: true},
		"give more history":                    {Job: forecast.Job{Horizon: 400}},
	} {
		if _, err := segrnn.Fit(context.Background(), c, task.Options{}, waves(300)...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	if _, err := segrnn.Fit(context.Background(), small(), task.Options{}); err == nil {
		t.Error("no series")
	}
	s := waves(300)
	s[0].Y[7] = math.Inf(1)
	if _, err := segrnn.Fit(context.Background(), small(), task.Options{}, s...); err == nil || !strings.Contains(err.Error(), "is infinite") {
		t.Error(err)
	}
}

// A file that is not a model of this package, or one cut short, is an error.
func TestLoadsNoOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m")
	if err := os.WriteFile(path, []byte("no model"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := segrnn.Load(path); err == nil {
		t.Error("it was loaded")
	}
}

// One net reads and writes days of 24 hours as segments, for all series.
func ExampleFit() {
	ctx := context.Background()
	c, err := segrnn.Preset("segrnn")
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Horizon, c.Window, c.Segment, c.Hidden, c.Epochs, c.Batch, c.Rate = 24, 48, 12, 16, 5, 64, 0.01
	m, err := segrnn.Fit(ctx, *c, task.Options{}, waves(400)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := m.Predict(ctx, waves(400)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(f), "series,", len(f[0].Point), "steps,", len(f[0].Bands), "bands")
	// Output: 2 series, 24 steps, 3 bands
}

// A rate at which the loss blows up is an error that names the setting; one that is only bad
// is none.
func TestDiverges(t *testing.T) {
	for rate, want := range map[float64]fault.Class{1: 0, 1e3: fault.Numeric, 1e4: fault.Numeric, 1e30: fault.Numeric} {
		c := small()
		c.Rate, c.Epochs = rate, 3
		_, err := segrnn.Fit(context.Background(), c, task.Options{}, waves(400)...)
		if fault.Of(err) != want || want == 0 && err != nil {
			t.Errorf("rate %g: %v", rate, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "training diverged: the ") || !strings.Contains(err.Error(), "--set rate=0.001")) {
			t.Errorf("rate %g: %v", rate, err)
		}
	}
}
