package segrnn_test

import (
	"context"
	"math"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/segrnn"
)

// mix is the preset segmix, made small.
func mix(t *testing.T) segrnn.Config {
	c, err := segrnn.Preset("segmix")
	if err != nil {
		t.Fatal(err)
	}
	c.Job = forecast.Job{Horizon: 24, Season: 24, Seed: 3, Levels: []float64{0.2, 0.4, 0.6, 0.8}}
	c.Window, c.Segment, c.Hidden, c.Epochs, c.Batch, c.EpochSteps = 72, 12, 16, 10, 32, 30
	c.Rate, c.WeightAverage = 0.01, 0.9
	return *c
}

// noisy adds noise of a seed to waves, which is the same at any length.
func noisy(n int) []data.Series {
	s := waves(n)
	noise := uint64(1)
	for t := range n {
		noise = noise*6364136223846793005 + 1442695040888963407
		s[0].Y[t] += 4 * (float64(noise>>11)/(1<<53) - 0.5)
		s[1].Y[t] += 0.2 * (float64(noise>>13&0xffff)/0xffff - 0.5)
	}
	return s
}

func TestMix(t *testing.T) {
	ctx := context.Background()
	full := noisy(600)
	var past []data.Series
	for _, s := range full {
		past = append(past, s.Before(576))
	}
	c := mix(t)
	m, err := segrnn.Fit(ctx, c, task.Options{}, past...)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, w := range m.Mixer.Weights {
		sum += w
	}
	if math.Abs(sum-1) > 1e-9 || len(m.Mixer.Weights) != 6 {
		t.Errorf("weights %v", m.Mixer.Weights)
	}
	fs, err := m.Predict(ctx, past...)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range fs {
		y := full[i].Y[576:]
		if e := forecast.MAE(y, f.Point); e > 0.2*spread(full[i].Y) {
			t.Errorf("series %d: an error of %v", i, e)
		}
		if share := forecast.Coverage(y, f.Bands[3]); share < 0.5 {
			t.Errorf("series %d: the band of 80 %% holds %v", i, share)
		}
		for k := range y {
			rising := []float64{f.Bands[3].Lo[k], f.Bands[1].Lo[k], f.Bands[0].Lo[k], f.Point[k], f.Bands[0].Hi[k], f.Bands[3].Hi[k]}
			for j := 1; j < len(rising); j++ {
				if rising[j] < rising[j-1] {
					t.Fatalf("series %d, step %d: the quantiles %v cross", i, k, rising)
				}
			}
		}
	}
	path := filepath.Join(t.TempDir(), "m")
	if err := m.Save(path, model.Training{}); err != nil {
		t.Fatal(err)
	}
	again, err := segrnn.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := again.Predict(ctx, past...); err != nil || !reflect.DeepEqual(same, fs) {
		t.Errorf("the model that was saved forecasts otherwise: %v", err)
	}
	if s, err := m.Evaluate(ctx, 48, full...); err != nil || s.MAE > 0.5 {
		t.Errorf("%+v, %v", s, err)
	}
	// Bands follow what a day repeats: they are narrower than those of the last value.
	if width := fs[0].Bands[3].Hi[12] - fs[0].Bands[3].Lo[12]; width > 12 {
		t.Errorf("the band of 80 %% is %v wide, the noise 4", width)
	}
}

// Wrong values far off, as -9999 for what a sensor missed, leave the forecasts what they were.
func TestMixOfWrongValues(t *testing.T) {
	ctx := context.Background()
	c := mix(t)
	var points [2][]float64
	for i := range points {
		s := noisy(576)
		if i == 1 {
			s[0].Y[100], s[0].Y[571] = -9999, -9999
		}
		m, err := segrnn.Fit(ctx, c, task.Options{}, s...)
		if err != nil {
			t.Fatal(err)
		}
		f, err := m.Predict(ctx, s...)
		if err != nil {
			t.Fatal(err)
		}
		points[i] = f[0].Point
	}
	if e := forecast.MAE(points[0], points[1]); e > 4 {
		t.Errorf("two wrong values of 576 change the forecast by %v, in a series from 40 to 60", e)
	}
}

// Windows by default fit what there is.
func TestMixWindows(t *testing.T) {
	for _, c := range []struct{ n, season, want int }{{5000, 24, 336}, {5000, 96, 384}, {600, 7, 56}, {90, 1, 36}, {5000, 1, 96}} {
		s := noisy(c.n)
		m := mix(t)
		m.Window, m.Segment, m.Season, m.Horizon, m.Epochs, m.EpochSteps = 0, 0, c.season, 8, 1, 1
		fitted, err := segrnn.Fit(context.Background(), m, task.Options{}, s...)
		if err != nil {
			t.Fatal(err)
		}
		if fitted.Window != c.want {
			t.Errorf("%d steps with a season of %d: a window of %d, want %d", c.n, c.season, fitted.Window, c.want)
		}
	}
}
