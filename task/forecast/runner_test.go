package forecast

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/tensor"
)

// A session of a forecaster gives after each value what the model gives for the last ones.
func TestRunnerIsPredict(t *testing.T) {
	y := years(60, 4)
	c := quick(12, 6)
	c.Preset, c.NoBacktest, c.Levels = Small, true, []float64{0.5, 0.9}
	m, err := FitTable(t.Context(), &c, &data.Table{Series: []data.Series{{Y: y}}}, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const window = 30
	run, err := m.Runner(window)
	if err != nil {
		t.Fatal(err)
	}
	if run.In() != 1 || run.Out() != 6*(1+2*len(m.Asked().Levels)) || !slices.Equal(run.StateSizes(), []int{window, 1}) {
		t.Fatalf("a step takes %d values and gives %d, with states of %v", run.In(), run.Out(), run.StateSizes())
	}
	y[20], y[44] = math.NaN(), math.NaN()
	for i := range y {
		y[i] = float64(tensor.Float(y[i])) // as a session gets them
	}
	sm := session.New(run, session.Options{})
	s := sm.New()
	for i, v := range y {
		got, err := sm.Step(t.Context(), s, nil, []tensor.Float{tensor.Float(v)})
		if err != nil {
			t.Fatal(err)
		}
		fs, err := m.Predict(t.Context(), data.Series{Y: y[max(0, i+1-window) : i+1]})
		if err != nil {
			t.Fatal(err)
		}
		var want []tensor.Float
		for k, p := range fs[0].Point {
			want = append(want, tensor.Float(p))
			for _, b := range fs[0].Bands {
				want = append(want, tensor.Float(b.Lo[k]), tensor.Float(b.Hi[k]))
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("after %d values the forecast is %v, want %v", i+1, got, want)
		}
	}
	if _, err := sm.Step(t.Context(), s, nil, []tensor.Float{tensor.Float(math.Inf(1))}); !errors.Is(err, fault.Data) || s.Steps() != 60 {
		t.Errorf("an infinite value: %v, %d steps", err, s.Steps())
	}
	if _, err := sm.Step(t.Context(), sm.New(), nil, []tensor.Float{tensor.Float(math.NaN())}); err == nil || !strings.Contains(err.Error(), "no values") {
		t.Errorf("no value but one that is missing: %v", err)
	}
}

// asks is a forecaster of which only the Job is asked.
type asks struct {
	Forecaster
	j Job
}

func (a *asks) Asked() *Job { return &a.j }

func TestRunnerRefuses(t *testing.T) {
	for want, j := range map[string]Job{
		"needs price beside each value": {Horizon: 3, Covariates: []data.Covariate{{Name: "price", Role: data.Known}}},
		"makes series add up":           {Horizon: 3, Source: Source{Hierarchy: []string{"region", "store"}}},
	} {
		if _, err := (&Trained{Forecaster: &asks{j: j}}).Runner(0); !errors.Is(err, fault.Model) || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	m := &Trained{Forecaster: &asks{j: Job{Horizon: 48, Season: 300}}}
	if _, err := m.Runner(-1); !errors.Is(err, fault.Usage) {
		t.Errorf("a window of -1: %v", err)
	}
	if r, err := m.Runner(0); err != nil || r.StateSizes()[0] != 3*300+48 {
		t.Errorf("the default window is %v, %v", r, err)
	}
}
