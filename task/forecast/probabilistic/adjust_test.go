package probabilistic_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/probabilistic"
)

// months are series of seven years whose level wanders far, most of them with a year, the last
// half of one missing here and there.
func months(n int) (all []data.Series) {
	r := rand.New(rand.NewPCG(3, 3))
	for i := range n {
		s := data.Series{ID: fmt.Sprint(i)}
		level, slope, size := math.Exp(3+3*r.Float64()), 0.02*r.NormFloat64(), 0.3*float64(i%3)
		year := make([]float64, 12)
		for k := range year {
			year[k] = size * r.NormFloat64()
		}
		for t := range 84 {
			level *= math.Exp(slope + 0.02*r.NormFloat64())
			s.Y = append(s.Y, level*math.Exp(year[t%12]+0.05*r.NormFloat64()))
		}
		if i%4 == 1 {
			s.Y[50], s.Y[80] = math.NaN(), math.NaN()
		}
		all = append(all, s)
	}
	return all
}

// On short series of many levels and seasons both presets beat the seasonal naive forecast, which
// they do not without the adjustment.
func TestShortSeries(t *testing.T) {
	all := months(24)
	var past []data.Series
	for _, s := range all {
		past = append(past, s.Before(72))
	}
	for _, name := range probabilistic.Presets() {
		mase := map[probabilistic.Adjust]float64{}
		for _, adjust := range []probabilistic.Adjust{"", probabilistic.AdjustNone} {
			c, err := probabilistic.Preset(name)
			if err != nil {
				t.Fatal(err)
			}
			c.Season, c.Horizon, c.Hidden, c.Epochs, c.Adjust = 12, 12, 32, 6, adjust
			m, err := probabilistic.Fit(ctx, *c, task.Options{}, past...)
			if err != nil {
				t.Fatal(err)
			}
			rep, err := forecast.Evaluate(ctx, m, forecast.Plan{Origins: 1}, all...)
			if err != nil {
				t.Fatal(err)
			}
			mase[adjust] = rep.Scores[0].MASE
			naive := rep.Scores[2]
			if naive.Model != "seasonal_naive" {
				t.Fatal(naive.Model)
			}
			if adjust == "" && !(mase[""] < 0.85*naive.MASE) {
				t.Errorf("%s: MASE %.3f, seasonal naive %.3f", name, mase[""], naive.MASE)
			}
		}
		if !(mase[""] < 0.85*mase[probabilistic.AdjustNone]) {
			t.Errorf("%s: MASE %v", name, mase)
		}
	}
}

// What comes after an origin plays no part in its forecast, and a saved model forecasts the same.
func TestAdjustedForecasts(t *testing.T) {
	all := months(6)
	for _, name := range probabilistic.Presets() {
		c, err := probabilistic.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		c.Season, c.Horizon, c.Hidden, c.Epochs, c.Paths, c.StepsPerEpoch = 12, 6, 8, 1, 40, 4
		m, err := probabilistic.Fit(ctx, *c, task.Options{}, all...)
		if err != nil {
			t.Fatal(err)
		}
		if m.Adjust != probabilistic.AdjustLocal {
			t.Fatalf("adjust %q", m.Adjust)
		}
		want, err := m.Predict(ctx, all[1].Before(60))
		if err != nil {
			t.Fatal(err)
		}
		changed := all[1]
		changed.Y = append([]float64(nil), changed.Y...)
		for k := range changed.Y[60:] {
			changed.Y[60+k] *= float64(3 + k%5)
		}
		for _, s := range []data.Series{all[1], changed} {
			if got, err := m.Roll(ctx, s, []int{60}); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: the forecast from an origin is another, %v", name, err)
			}
		}
		path := filepath.Join(t.TempDir(), "m.safetensors")
		if err := m.Save(path, model.Training{}); err != nil {
			t.Fatal(err)
		}
		again, err := probabilistic.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := again.Predict(ctx, all[1].Before(60)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the saved model forecasts otherwise, %v", name, err)
		}
		zero := all[2] // whose values have been logarithms
		zero.Y = append(append([]float64(nil), zero.Y...), 0)
		fs, err := m.Predict(ctx, zero)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range fs[0].Point {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s: after a 0 the forecast is %v", name, v)
			}
		}
	}
}

// Long series, and counts, are read as they are.
func TestAdjustIsForShortSeries(t *testing.T) {
	y := make([]float64, 600)
	for i := range y {
		y[i] = float64(i % 7)
	}
	for _, c := range []struct {
		n      int
		season int
		output probabilistic.Output
		want   probabilistic.Adjust
	}{
		{499, 7, probabilistic.Quantile, probabilistic.AdjustLocal},
		{500, 7, probabilistic.Quantile, probabilistic.AdjustNone},
		{600, 52, probabilistic.Quantile, probabilistic.AdjustLocal},
		{300, 7, probabilistic.NegBin, probabilistic.AdjustNone},
	} {
		cfg := preset()
		cfg.Season, cfg.Horizon, cfg.Output, cfg.Hidden, cfg.Epochs, cfg.StepsPerEpoch, cfg.HeldOut = c.season, 4, c.output, 2, 1, 1, 0
		m, err := probabilistic.Fit(ctx, cfg, task.Options{}, data.Series{ID: "a", Y: y[:c.n]})
		if err != nil || m.Adjust != c.want {
			t.Errorf("%+v: %v, %v", c, m.Adjust, err)
		}
	}
	for _, adjust := range []probabilistic.Adjust{"some", probabilistic.AdjustLocal} {
		cfg := preset()
		cfg.Adjust, cfg.Output = adjust, probabilistic.NegBin
		if _, err := probabilistic.Fit(ctx, cfg, task.Options{}, data.Series{ID: "a", Y: y}); err == nil {
			t.Errorf("adjust %q of counts", adjust)
		}
	}
}

// What is known in advance helps short series that are adjusted, too.
func TestKnownCovariatesHelpAdjusted(t *testing.T) {
	all, about := driven(data.Known, 200)
	for _, name := range probabilistic.Presets() {
		c := quick(about)
		if name == "deepar" {
			c.Output, c.Autoregressive = probabilistic.Student, true
		}
		c.Adjust = probabilistic.AdjustLocal
		if e := rms(t, c, all); e > 0.35 {
			t.Errorf("%s: error %v", name, e)
		}
	}
}
