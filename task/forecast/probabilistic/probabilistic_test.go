package probabilistic_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/probabilistic"
)

var ctx = context.Background()

// driven are series that follow a covariate, each with another height and strength, of
// different lengths and with values missing. The driver of step t is drive[t].
func driven(role data.Role, n int) (all []data.Series, about []data.Covariate) {
	r := rand.New(rand.NewPCG(7, 7))
	for i := range 3 {
		m := n - 20*i
		s := data.Series{ID: string(rune('a' + i)), Static: []float64{float64(i % 2)}}
		drive := make([]float64, m+6)
		for t := range drive {
			drive[t] = float64(r.IntN(2))
		}
		for t := range m {
			s.Y = append(s.Y, float64(100*i+20)+float64(3+i)*drive[t]+0.1*r.NormFloat64())
			if t%23 == 5 {
				s.Y[t] = math.NaN()
			}
		}
		if role == data.Known {
			s.Known = [][]float64{drive}
		} else {
			s.Past = [][]float64{drive[:m]}
		}
		all = append(all, s)
	}
	return all, []data.Covariate{{Name: "drive", Role: role}, {Name: "kind", Role: data.Static, Categories: []string{"x", "y"}}}
}

// preset is qrnn.
func preset() probabilistic.Config {
	c, err := probabilistic.Preset("qrnn")
	if err != nil {
		panic(err)
	}
	return *c
}

// quick is for series that keep to their levels.
func quick(about []data.Covariate) probabilistic.Config {
	c := preset()
	c.Adjust = probabilistic.AdjustNone
	c.Horizon, c.Window, c.Hidden, c.Epochs, c.StepsPerEpoch, c.Batch, c.Rate, c.Dropout = 6, 8, 8, 6, 40, 16, 0.02, 0
	c.Covariates, c.Seed, c.Paths = about, 1, 40
	return c
}

// rms is the root of the mean squared error over the last 6 steps of the series, in units
// of their spread.
func rms(t *testing.T, c probabilistic.Config, all []data.Series) float64 {
	t.Helper()
	var past []data.Series
	for _, s := range all {
		past = append(past, s.Before(len(s.Y)-6))
	}
	m, err := probabilistic.Fit(ctx, c, task.Options{}, past...)
	if err != nil {
		t.Fatal(err)
	}
	fs, err := m.Predict(ctx, past...)
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for i, f := range fs {
		sum += forecast.MSE(all[i].Y[len(past[i].Y):], f.Point) / float64((3+i)*(3+i))
	}
	return math.Sqrt(sum / float64(len(fs)))
}

// What is known in advance helps, whatever the cell and the output.
func TestKnownCovariatesHelp(t *testing.T) {
	all, about := driven(data.Known, 200)
	for _, k := range rnn.Kinds() {
		c := quick(about)
		c.Cell = k
		if e := rms(t, c, all); e > 0.35 {
			t.Errorf("%s: error %v", k, e)
		}
	}
	for _, o := range probabilistic.Outputs() {
		for _, feedback := range []bool{false, true} {
			if feedback && (o == probabilistic.Quantile || o == probabilistic.Point) {
				continue
			}
			c := quick(about)
			c.Output, c.Autoregressive = o, feedback
			limit := 0.35
			if o == probabilistic.NegBin { // values that are no counts, and more noise than they have
				limit = 0.8
			}
			if e := rms(t, c, all); e > limit {
				t.Errorf("%s, feedback %v: error %v", o, feedback, e)
			}
		}
	}
}

// A covariate of the past that tells the value of its own step would tell the future, if
// any of it leaked: it must not help at all beyond the last value.
func TestPastCovariatesDoNotLeak(t *testing.T) {
	all, about := driven(data.Past, 200)
	for _, feedback := range []bool{false, true} {
		c := quick(about)
		if feedback {
			c.Output, c.Autoregressive = probabilistic.Normal, true
		}
		if e := rms(t, c, all); e < 0.4 {
			t.Errorf("feedback %v: error %v, and a coin's is 0.5", feedback, e)
		}
	}
}

// Nothing after an origin changes a forecast from there, not the values, not the past
// covariates, not the length of the series.
func TestTheFutureDoesNotMatter(t *testing.T) {
	all, about := driven(data.Past, 120)
	c := quick(about)
	c.Epochs = 1
	m, err := probabilistic.Fit(ctx, c, task.Options{}, all...)
	if err != nil {
		t.Fatal(err)
	}
	origins := []int{60, 70, 71, 90}
	want, err := m.Roll(ctx, all[0], origins)
	if err != nil {
		t.Fatal(err)
	}
	other := all[0]
	other.Y, other.Past = slices.Clone(other.Y), [][]float64{slices.Clone(other.Past[0])}
	for i := 90; i < len(other.Y); i++ {
		other.Y[i], other.Past[0][i] = 1e6, -1e6
	}
	if got, err := m.Roll(ctx, other, origins); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the future changes forecasts: %v", err)
	}
}

// A back-test that keeps the states of the net forecasts what reading each history from
// its beginning does, to the bit.
func TestRollIsPredict(t *testing.T) {
	all, about := driven(data.Known, 100)
	for _, feedback := range []bool{false, true} {
		c := quick(about)
		c.Epochs, c.Window, c.Layers = 1, 1000, 2
		if feedback {
			c.Output, c.Autoregressive = probabilistic.Student, true
		}
		m, err := probabilistic.Fit(ctx, c, task.Options{}, all...)
		if err != nil {
			t.Fatal(err)
		}
		origins := []int{40, 41, 60, 94}
		got, err := m.Roll(ctx, all[1], []int{40})
		if err != nil {
			t.Fatal(err)
		}
		want, _ := m.Predict(ctx, all[1].Before(40))
		if !reflect.DeepEqual(got[0], want[0]) {
			t.Error("the first forecast is another")
		}
		if feedback { // later ones draw other numbers
			continue
		}
		if got, err = m.Roll(ctx, all[0], origins); err != nil {
			t.Fatal(err)
		}
		for i, o := range origins {
			want, _ := m.Predict(ctx, all[0].Before(o))
			for k, v := range want[0].Point {
				if math.Abs(got[i].Point[k]-v) > 1e-5*math.Abs(v) {
					t.Errorf("origin %d, step %d: %v, want %v", o, k, got[i].Point[k], v)
				}
			}
		}
	}
}

// A saved model forecasts the same; a run that was stopped and resumed ends with the
// same bits, whatever the number of nets.
func TestSavesAndResumes(t *testing.T) {
	all, about := driven(data.Known, 100)
	dir := t.TempDir()
	c := quick(about)
	c.Epochs, c.Nets, c.Dropout = 2, 2, 0.1
	c.Source = forecast.Source{Known: []string{"drive"}, Static: []string{"kind"}}
	m, err := probabilistic.Fit(ctx, c, task.Options{}, all...)
	if err != nil {
		t.Fatal(err)
	}
	if f := nn.Untagged(m.Nets); f != nil {
		t.Errorf("fields without a tag: %v", f)
	}
	want, _ := m.Predict(ctx, all...)
	path := filepath.Join(dir, "m")
	if err := m.Save(path, model.Training{}); err != nil {
		t.Fatal(err)
	}
	again, err := forecast.LoadAny(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Predict(ctx, all...); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("a loaded model forecasts otherwise: %v", err)
	}
	if !reflect.DeepEqual(again.Asked(), m.Asked()) {
		t.Errorf("%+v, want %+v", again.Asked(), m.Asked())
	}
	for _, at := range []int{30, 130} { // in the first net and in the second
		stopping, stop := context.WithCancel(ctx)
		o := task.Options{Checkpoint: filepath.Join(dir, "c"), OnStep: func(s task.Step) {
			if s.Progress.Step == at {
				stop()
			}
		}}
		if _, err := probabilistic.Fit(stopping, c, o, all...); !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped: %v", err)
		}
		o.OnStep, o.Resume = nil, true
		resumed, err := probabilistic.Fit(ctx, c, o, all...)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := resumed.Predict(ctx, all...); !reflect.DeepEqual(got, want) {
			t.Errorf("resumed after step %d: other bits", at)
		}
	}
}

// Training goes on from a model when there are new values.
func TestRefit(t *testing.T) {
	all, about := driven(data.Known, 200)
	m, err := probabilistic.Fit(ctx, quick(about), task.Options{}, all[0].Before(150), all[1].Before(150), all[2].Before(150))
	if err != nil {
		t.Fatal(err)
	}
	again, err := m.Refit(ctx, task.Options{}, all...)
	if err != nil {
		t.Fatal(err)
	}
	if again.(*probabilistic.Model).Epochs != m.Epochs || again.(*probabilistic.Model).Scales[0] != m.Scales[0] {
		t.Error("a model that was trained further is another")
	}
	f, err := again.Predict(ctx, all...)
	if err != nil || len(f) != 3 {
		t.Error(err)
	}
}

// Bands nest, hold about as many outcomes as they say, and counts stay counts.
func TestBands(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := data.Series{ID: "n"}
	for range 600 {
		s.Y = append(s.Y, float64(r.IntN(5)+r.IntN(5)))
	}
	for _, o := range probabilistic.Outputs() {
		c := preset()
		c.Horizon, c.Window, c.Hidden, c.Epochs, c.Output, c.Levels, c.Seed = 5, 10, 6, 4, o, []float64{0.5, 0.8, 0.9}, 2
		m, err := probabilistic.Fit(ctx, c, task.Options{}, s.Before(500))
		if err != nil {
			t.Fatal(err)
		}
		var origins []int
		for at := 500; at < 595; at += 5 {
			origins = append(origins, at)
		}
		fs, err := m.Roll(ctx, s, origins)
		if err != nil {
			t.Fatal(err)
		}
		inside := make([]float64, 3)
		for i, f := range fs {
			for j, b := range f.Bands {
				inside[j] += forecast.Coverage(s.Y[origins[i]:origins[i]+5], b) / float64(len(fs))
				for k := range b.Lo {
					if j > 0 && (b.Lo[k] > f.Bands[j-1].Lo[k]+1e-5 || b.Hi[k] < f.Bands[j-1].Hi[k]-1e-5) || o == probabilistic.NegBin && b.Lo[k] < -0.5 {
						t.Fatalf("%s: bands %+v", o, f.Bands)
					}
				}
			}
		}
		if inside[1] < 0.65 || inside[1] > 0.95 || inside[2] < 0.8 {
			t.Errorf("%s: the bands of 50, 80 and 90 %% hold %.2f", o, inside)
		}
	}
}

func TestBadInput(t *testing.T) {
	all, about := driven(data.Known, 100)
	bare := data.Series{ID: "bare", Y: all[0].Y}
	infinite := data.Series{ID: "i", Y: slices.Clone(all[0].Y), Known: all[0].Known, Static: all[0].Static}
	infinite.Y[3] = math.Inf(-1)
	for says, f := range map[string]func() error{
		"has 0 known covariates": func() error { _, err := probabilistic.Fit(ctx, quick(about), task.Options{}, bare); return err },
		"is infinite":            func() error { _, err := probabilistic.Fit(ctx, quick(about), task.Options{}, infinite); return err },
		"no series":              func() error { _, err := probabilistic.Fit(ctx, quick(nil), task.Options{}); return err },
		"give more history": func() error {
			_, err := probabilistic.Fit(ctx, quick(nil), task.Options{}, data.Series{Y: []float64{1, 2}})
			return err
		},
		"has no values": func() error {
			_, err := probabilistic.Fit(ctx, quick(nil), task.Options{}, data.Series{Y: []float64{math.NaN(), math.NaN()}})
			return err
		},
		"there is no output": func() error {
			_, err := probabilistic.Fit(ctx, probabilistic.Config{Output: "guess"}, task.Options{}, bare)
			return err
		},
		"there is no cell": func() error {
			_, err := probabilistic.Fit(ctx, probabilistic.Config{Cell: "brain"}, task.Options{}, bare)
			return err
		},
		"an autoregressive net": func() error {
			_, err := probabilistic.Fit(ctx, probabilistic.Config{Autoregressive: true}, task.Options{}, bare)
			return err
		},
		"no logarithm": func() error {
			_, err := probabilistic.Fit(ctx, probabilistic.Config{Transform: probabilistic.Log}, task.Options{}, data.Series{Y: []float64{1, -2, 3}})
			return err
		},
		"is not a count": func() error {
			_, err := probabilistic.Fit(ctx, probabilistic.Config{Output: probabilistic.NegBin}, task.Options{}, data.Series{Y: []float64{1, -2, 3}})
			return err
		},
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

// A seed gives the same bits on one processor and on several.
func TestSameBitsOnAnyProcessors(t *testing.T) {
	all, about := driven(data.Known, 100)
	c := quick(about)
	c.Epochs, c.Dropout = 2, 0.2
	var want []forecast.Forecast
	for _, n := range []int{1, 4} {
		old := runtime.GOMAXPROCS(n)
		m, err := probabilistic.Fit(ctx, c, task.Options{}, all...)
		var got []forecast.Forecast
		if err == nil {
			got, err = m.Predict(ctx, all...)
		}
		runtime.GOMAXPROCS(old)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%d processors give other bits", n)
		}
	}
}

// Of series that wander far beyond what they move in a horizon, the net knows little more
// than the last value, and must not do much worse than to say it.
func TestRandomWalks(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	var all, past []data.Series
	for i := range 4 {
		s := data.Series{ID: string(rune('a' + i))}
		for v := 1000.0; len(s.Y) < 1000; v += math.Pow(4, float64(i)) * r.NormFloat64() {
			s.Y = append(s.Y, v)
		}
		all, past = append(all, s), append(past, s.Before(700))
	}
	c := preset()
	c.Horizon, c.Hidden, c.Epochs, c.Seed = 6, 16, 4, 1
	m, err := probabilistic.Fit(ctx, c, task.Options{}, past...)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := forecast.Evaluate(ctx, m, forecast.Plan{Origins: 40, Stride: 7}, all...)
	if err != nil {
		t.Fatal(err)
	}
	if ours, naive := rep.Scores[0], rep.Scores[1]; !(ours.MASE < 1.1*naive.MASE) || ours.Coverage[1] < 0.6 {
		t.Errorf("MASE %v, naive %v; the bands of 80 %% hold %v", ours.MASE, naive.MASE, ours.Coverage[1])
	}
}
