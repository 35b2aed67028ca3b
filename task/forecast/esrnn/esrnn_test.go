package esrnn

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

// shops are series with a trend and a multiplicative season of 12 steps each, whose last
// h values are what is to be forecast.
func shops(n, h int) (past []data.Series, future [][]float64) {
	r := rand.New(rand.NewPCG(5, 6))
	for i := range n {
		s := data.Series{ID: "shop " + string(rune('a'+i))}
		level, phase := 10*math.Exp(3*r.Float64()), 12*r.Float64()
		for t := range 84 + 6*(i%3) + h {
			season := math.Exp(0.3 * math.Sin(2*math.Pi*(float64(t)+phase)/12))
			s.Y = append(s.Y, level*(1+0.01*float64(t))*season*math.Exp(0.02*r.NormFloat64()))
		}
		k := len(s.Y) - h
		future = append(future, s.Y[k:])
		s.Y = s.Y[:k]
		past = append(past, s)
	}
	return past, future
}

// quick trains in a second.
var quick = Config{Job: forecast.Job{Season: 12, Horizon: 6, Levels: []float64{0.5, 0.9}, Seed: 3}, Nets: 1, Hidden: 8, Steps: 200, Rate: 0.01}

func TestLearnsSeasonAndTrend(t *testing.T) {
	past, future := shops(8, 6)
	c := quick
	c.NoBaselines = true
	m, err := Fit(context.Background(), c, task.Options{}, past...)
	if err != nil {
		t.Fatal(err)
	}
	fs, err := m.Predict(context.Background(), past...)
	if err != nil {
		t.Fatal(err)
	}
	var ours, naive, covered float64
	for i, f := range fs {
		ours += forecast.MASE(past[i].Y, future[i], f.Point, 12) / 8
		naive += forecast.MASE(past[i].Y, future[i], forecast.SeasonalNaive(past[i].Y, 12, 6, nil).Point, 12) / 8
		covered += forecast.Coverage(future[i], f.Bands[1]) / 8
		for k, p := range f.Point {
			if a, b := f.Bands[0], f.Bands[1]; !(b.Lo[k] <= a.Lo[k] && a.Lo[k] <= p && p <= a.Hi[k] && a.Hi[k] <= b.Hi[k]) {
				t.Errorf("series %d, step %d: the bands %v do not nest around %v", i, k, f.Bands, p)
			}
		}
	}
	t.Logf("MASE %.3f, seasonal naive %.3f; the 90 %% band covers %.2f", ours, naive, covered)
	if ours > 0.4 || ours > naive/2 {
		t.Errorf("MASE is %.3f, that of the seasonal naive forecast %.3f", ours, naive)
	}
	if covered < 0.6 {
		t.Errorf("the 90 %% band covers %.2f", covered)
	}
	// a series that was not there in training
	other := data.Series{ID: "new", Y: past[0].Y[10:]}
	f, err := m.Predict(context.Background(), other)
	if err != nil {
		t.Fatal(err)
	}
	if e := forecast.MASE(other.Y, future[0], f[0].Point, 12); e > 1 {
		t.Errorf("a new series has a MASE of %.3f", e)
	}
}

// Fewer epochs are fewer steps, unless these are given.
func TestStepsByEpochs(t *testing.T) {
	all := []*scaled{{x: make([]tensor.Float, 100)}}
	for _, w := range []struct{ epochs, steps, want int }{{0, 0, 300}, {10, 0, 300}, {1, 0, 30}, {20, 0, 600}, {2, 7, 7}} {
		c := Config{Epochs: w.epochs, Steps: w.steps}.withDefaults()
		if c.pace(all); c.Steps != w.want {
			t.Errorf("%d epochs, %d steps asked: %d steps, want %d", w.epochs, w.steps, c.Steps, w.want)
		}
	}
}

func TestSameBitsOnAnyCores(t *testing.T) {
	past, _ := shops(5, 6)
	c := quick
	c.Nets = 2
	var want []forecast.Forecast
	for _, procs := range []int{1, 3} {
		old := runtime.GOMAXPROCS(procs)
		m, err := Fit(context.Background(), c, task.Options{}, past...)
		runtime.GOMAXPROCS(old)
		if err != nil {
			t.Fatal(err)
		}
		fs, err := m.Predict(context.Background(), past...)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = fs
		} else if !reflect.DeepEqual(fs, want) {
			t.Errorf("with %d cores the forecasts are others", procs)
		}
	}
}

func TestSaveLoad(t *testing.T) {
	past, _ := shops(4, 6)
	for _, seasonalities := range [][]int{nil, {}} { // {}: no season
		c := quick
		c.Seasonalities = seasonalities
		c.Source = forecast.Source{Value: "sales", Freq: "M"}
		m, err := Fit(context.Background(), c, task.Options{}, past...)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "m.safetensors")
		if err := m.Save(path, model.Training{Seed: 3}); err != nil {
			t.Fatal(err)
		}
		again, err := forecast.LoadAny(path)
		if err != nil {
			t.Fatal(err)
		}
		a, err := m.Predict(context.Background(), past...)
		if err != nil {
			t.Fatal(err)
		}
		b, err := again.Predict(context.Background(), past...)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a, b) {
			t.Error("a loaded model forecasts otherwise")
		}
		if !reflect.DeepEqual(m.Asked(), again.Asked()) {
			t.Errorf("what was asked is %v, was %v", again.Asked(), m.Asked())
		}
		info, err := model.Describe(path)
		if err != nil {
			t.Fatal(err)
		}
		if f := nn.Untagged(m.Nets); f != nil {
			t.Errorf("fields without a tag: %v", f)
		}
		if n := m.CountParams(); n != info.Values {
			t.Errorf("CountParams is %d, the file has %d", n, info.Values)
		}
	}
}

func TestResumeEndsWithTheSameBits(t *testing.T) {
	past, _ := shops(4, 6)
	whole, err := Fit(context.Background(), quick, task.Options{}, past...)
	if err != nil {
		t.Fatal(err)
	}
	o := task.Options{Checkpoint: filepath.Join(t.TempDir(), "c"), Resume: true}
	ctx, cancel := context.WithCancel(context.Background())
	o.OnStep = func(s task.Step) {
		if s.Progress.Step == s.Of/3 {
			cancel()
		}
	}
	if _, err := Fit(ctx, quick, o, past...); !errors.Is(err, context.Canceled) {
		t.Fatalf("a Fit that is cancelled gives %v", err)
	}
	if left, _ := filepath.Glob(o.Checkpoint + ".*"); len(left) == 0 {
		t.Fatal("no checkpoint was written")
	}
	o.OnStep = nil
	m, err := Fit(context.Background(), quick, o, past...)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := whole.Predict(context.Background(), past...)
	b, _ := m.Predict(context.Background(), past...)
	if !reflect.DeepEqual(a, b) {
		t.Error("a run that was resumed forecasts otherwise than one that was not stopped")
	}
}

// Values that are missing, at either end too, negative, zero and constant series, and
// series of few values.
func TestOddSeries(t *testing.T) {
	past, _ := shops(4, 6)
	past[0].Y[0], past[0].Y[20] = math.NaN(), math.NaN()
	past[1].Y[len(past[1].Y)-1] = math.NaN()
	for k := range past[2].Y {
		past[2].Y[k] = past[2].Y[k] - 100
	}
	past[3].Y[30] = 0
	for k := range 48 {
		past[1].Y[k] = 20
	}
	odd := []data.Series{{ID: "constant", Y: slices.Repeat([]float64{7}, 40)}, {ID: "two", Y: []float64{3, 4}}, {ID: "one", Y: []float64{5}},
		{ID: "zero", Y: make([]float64, 30)}, {ID: "rare", Y: append(make([]float64, 30), 1, 0, 0, 2)}}
	all := append(past, odd...)
	m, err := Fit(context.Background(), quick, task.Options{}, all...)
	if err != nil {
		t.Fatal(err)
	}
	fs, err := m.Predict(context.Background(), all...)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range fs {
		for k, p := range f.Point {
			if b := f.Bands[1]; math.IsNaN(p) || math.IsInf(p, 0) || !(b.Lo[k] <= p && p <= b.Hi[k]) {
				t.Fatalf("series %s: the forecast is %v within %v", all[i].ID, f.Point, b)
			}
		}
	}
	if fs[4].Point[5] != 7 || fs[6].Point[0] != 5 {
		t.Errorf("a constant series is forecast as %v, one value as %v", fs[4].Point, fs[6].Point)
	}
}

func TestBadInput(t *testing.T) {
	past, _ := shops(2, 6)
	with := func(f func(c *Config)) Config {
		c := quick
		f(&c)
		return c
	}
	for _, c := range []struct {
		cfg    Config
		series []data.Series
		want   string
	}{
		{quick, nil, "no series"},
		{quick, []data.Series{{ID: "a", Y: []float64{1, 1, 1, 1, 1, 1}}}, "nothing to learn"},
		{quick, []data.Series{{ID: "a", Y: []float64{1, math.Inf(1), 2}}}, `value 1 of series "a" is infinite`},
		{with(func(c *Config) { c.Horizon = -1 }), past, "horizon is -1"},
		{with(func(c *Config) { c.Rate = math.NaN() }), past, "rate is NaN"},
		{with(func(c *Config) { c.Levels = []float64{80} }), past, "level 80 is not between"},
		{with(func(c *Config) { c.Dilations = [][]int{{0}} }), past, "dilation of 0"},
		{with(func(c *Config) { c.Seasonalities = []int{1} }), past, "season of 1 steps"},
	} {
		if _, err := Fit(context.Background(), c.cfg, task.Options{}, c.series...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	c := quick
	c.Rate = 1e30
	var numeric *train.NumericError
	if _, err := Fit(context.Background(), c, task.Options{}, past...); err != nil && !errors.As(err, &numeric) {
		t.Errorf("a learning rate that is far too high gives %v", err)
	}
	m, err := Fit(context.Background(), quick, task.Options{}, past...)
	if err != nil {
		t.Fatal(err)
	}
	for _, y := range [][]float64{nil, {math.NaN()}, {math.Inf(-1), 2}} {
		if _, err := m.Predict(context.Background(), data.Series{ID: "b", Y: y}); err == nil || !strings.Contains(err.Error(), `"b"`) {
			t.Errorf("a series %v gives %v", y, err)
		}
	}
	path := filepath.Join(t.TempDir(), "m")
	if err := os.WriteFile(path, []byte("no model"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil {
		t.Error("a file that is not a model loads")
	}
}

// A rate at which the loss blows up is an error that names the setting; one that is only bad
// is none.
func TestDiverges(t *testing.T) {
	past, _ := shops(4, 6)
	for rate, want := range map[float64]fault.Class{1: 0, 1e3: fault.Numeric, 1e4: fault.Numeric, 1e30: fault.Numeric} {
		c := quick
		c.Rate, c.Steps = rate, 60
		_, err := Fit(context.Background(), c, task.Options{}, past...)
		if fault.Of(err) != want || want == 0 && err != nil {
			t.Errorf("rate %g: %v", rate, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "training diverged: the ") || !strings.Contains(err.Error(), "--set rate=0.001")) {
			t.Errorf("rate %g: %v", rate, err)
		}
	}
}
