package forecast

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
)

// The report says plainly who was better.
func TestVerdict(t *testing.T) {
	for says, mase := range map[string][3]float64{ // ours, naive, theta
		"does not beat the last value: its MASE is 1.200, that of naive":  {1.2, 1, 0.9},
		"does not beat the best baseline: its MASE is 0.950, that of the": {0.95, 1, 0.9},
		"beats the best baseline, theta: its MASE is 0.800 in place of":   {0.8, 1, 0.9},
		"does not beat the last value: its MASE is NaN":                   {math.NaN(), 1, 0.9},
		"has no MASE": {math.NaN(), math.NaN(), math.NaN()},
	} {
		r := &Report{Scores: []Score{{Model: "m", MASE: mase[0]}, {Model: "naive", MASE: mase[1]}, {Model: "theta", MASE: mase[2]}}}
		if got := r.Verdict(); !strings.Contains(got, says) {
			t.Errorf("%q, want %q", got, says)
		}
	}
}

// A net that would have done better alone is named.
func TestVerdictOfNetAlone(t *testing.T) {
	for net, named := range map[float64]bool{0.7: true, 0.9: false} {
		r := &Report{Model: "m", Choice: &Choice{}, Scores: []Score{{Model: "blend", MASE: 0.8}, {Model: "m", MASE: net}, {Model: "naive", MASE: 2}, {Model: "theta", MASE: 1}}}
		if got := r.Verdict(); !strings.HasPrefix(got, "The blend beats the best baseline, theta: its MASE is 0.800") || strings.Contains(got, "The net alone, which can be chosen too, has 0.700.") != named {
			t.Errorf("%q", got)
		}
	}
}

// A net that is chosen is not named as one that could be, what is chosen as the best is called so,
// and beside the last value the best is named.
func TestVerdictOfWhatIsChosen(t *testing.T) {
	scores := func(model string) []Score {
		return []Score{{Model: model, MASE: 2.5}, {Model: "m", MASE: 0.1}, {Model: "naive", MASE: 2}, {Model: "theta", MASE: 1}}
	}
	r := &Report{Model: "m", Choice: &Choice{Models: []string{"m", "naive", "theta"}, Series: map[string]Shares{"": {Of: []float64{1, 0, 0}, Why: Single}}}, Scores: scores("blend")}
	if got := r.Verdict(); strings.Contains(got, "The net alone") {
		t.Error(got)
	}
	r = &Report{Model: "m", Choice: &Choice{}, Scores: scores("best")}
	r.Scores[1].MASE = 3
	if got, want := r.Verdict(), "The choice does not beat the last value: its MASE is 2.500, that of naive, which repeats the last value, 2.000. The best is theta, with 1.000."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A fake says the last value and takes note of what it was given.
type fake struct {
	job  *Job
	seen *[]int
}

func (f fake) Asked() *Job                       { return f.job }
func (f fake) Save(string, model.Training) error { return errors.New("a fake is not saved") }

func (f fake) Predict(_ context.Context, series ...data.Series) (fs []Forecast, err error) {
	for _, s := range series {
		*f.seen = append(*f.seen, len(s.Y))
		fs = append(fs, Naive(s.Y, f.job.Horizon, f.job.Levels))
	}
	return fs, nil
}

// A preset is trained on what comes before its origins and nothing more, and forecasts
// each from what comes before it.
func TestBacktestIsHonest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	s := data.Series{ID: "walk"}
	for v := 0.0; len(s.Y) < 100; v += r.NormFloat64() {
		s.Y = append(s.Y, v)
	}
	var seen, trained []int
	p := Method{Name: "fake", Fit: func(_ context.Context, s Settings, _ task.Options, series ...data.Series) (Forecaster, error) {
		trained = append(trained, len(series[0].Y))
		return fake{s.Asked(), &seen}, nil
	}}
	job := &Job{Horizon: 5, Season: 1, Levels: []float64{0.8}}
	rep, err := p.Backtest(context.Background(), job, task.Options{}, Plan{Origins: 4, Stride: 2, Refit: 2}, s)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{89, 93}; len(trained) != 2 || trained[0] != want[0] || trained[1] != want[1] {
		t.Errorf("trained on %v values, want %v", trained, want)
	}
	for i, want := range []int{89, 91, 93, 95} {
		if seen[i] != want {
			t.Errorf("forecasts from %v, want 89, 91, 93, 95", seen)
		}
	}
	if rep.Scores[0].Model != "fake" || rep.Scores[0].MASE != rep.Scores[1].MASE || !strings.Contains(rep.Verdict(), "does not beat the last value") {
		t.Errorf("%+v", rep.Scores)
	}
	if err := (Plan{Origins: 200}).Check(job, s); err == nil || !strings.Contains(err.Error(), "pass at most --origins") {
		t.Error(err)
	}
}

// What is before a step holds the past of values and past covariates alone.
func TestBefore(t *testing.T) {
	s := data.Series{Y: []float64{1, 2, 3}, Past: [][]float64{{4, 5, 6}}, Known: [][]float64{{7, 8, 9, 10}}, Static: []float64{11}}
	b := s.Before(2)
	if len(b.Y) != 2 || len(b.Past[0]) != 2 || len(b.Known[0]) != 4 || cap(b.Y) != 2 || len(s.Past[0]) != 3 {
		t.Errorf("%+v of %+v", b, s)
	}
}
