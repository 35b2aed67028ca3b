package probabilistic_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/probabilistic"
	"github.com/recur-go/recur/task/recipe"
)

// table writes a file of two series that follow a price, which is known for 4 steps more.
func table(t *testing.T, name string) string {
	var b strings.Builder
	b.WriteString("unique_id,ds,y,price\n")
	for _, id := range []string{"a", "b"} {
		for day := range 74 {
			price := day * day % 7 % 2
			y := fmt.Sprint(10 + 5*price + day%3)
			if day >= 70 {
				y = ""
			}
			fmt.Fprintf(&b, "%s,%d,%s,%d\n", id, day+1, y, price)
		}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func job(t *testing.T) (task.Task, *probabilistic.Config) {
	f, err := task.Find(forecast.Name)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := f.Config("qrnn")
	if err != nil {
		t.Fatal(err)
	}
	j := cfg.(*probabilistic.Config)
	j.Horizon, j.Epochs, j.StepsPerEpoch, j.Hidden, j.Season, j.Origins = 4, 2, 20, 6, 1, 3
	j.Known = []string{"price"}
	return f, j
}

// Forecasting is a task: it trains, is scored on what was held out, saved, loaded, scored
// on another file, and its recipe gives the same model again.
func TestTask(t *testing.T) {
	f, j := job(t)
	path := table(t, "sales.csv")
	var notes []string
	epochs := 0
	m, err := f.Fit(ctx, j, task.Data{Train: []string{path}}, task.Options{
		OnNote:  func(s string) { notes = append(notes, s) },
		OnEpoch: func(task.Epoch) bool { epochs++; return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.(task.Reporter).Report(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !(r.Scores["mase"] > 0) || !(r.Scores["naive_mase"] > 0) || len(r.Parts) == 0 || epochs != 2 || !strings.Contains(strings.Join(notes, ";"), "known covariates: price") {
		t.Errorf("%+v after %d epochs, notes %q", r, epochs, notes)
	}
	file := filepath.Join(t.TempDir(), "m")
	if err := m.Save(file, model.Training{}); err != nil {
		t.Fatal(err)
	}
	info, err := model.Describe(file)
	if err != nil {
		t.Fatal(err)
	}
	again, err := task.ForKind(info.Kind)
	if err != nil || again.Name() != forecast.Name {
		t.Fatal(again, err)
	}
	loaded, err := again.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if other, err := loaded.Evaluate(ctx, table(t, "others.csv")); err != nil || !(other.Scores["mase"] > 0) {
		t.Errorf("%+v, %v", other, err)
	}

	made, err := recipe.New(f, j, task.Data{Train: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(filepath.Dir(path), "recipe.json")
	if err := made.Write(at); err != nil {
		t.Fatal(err)
	}
	read, err := recipe.Read(at)
	if err != nil {
		t.Fatal(err)
	}
	_, cfg, err := read.Settings()
	if err != nil || !reflect.DeepEqual(cfg, j) {
		t.Fatalf("%+v, want %+v, %v", cfg, j, err)
	}
	twin, err := f.Fit(ctx, cfg, read.Data, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := twin.(task.Reporter).Report(ctx); err != nil || !reflect.DeepEqual(got.Scores, r.Scores) {
		t.Errorf("%v, want %v, %v", got.Scores, r.Scores, err)
	}
}

// A preset begins with dropout and a held-out part; 0 is none of either. Steps follow from
// epochs.
func TestNone(t *testing.T) {
	_, j := job(t)
	if j.Dropout != 0.1 || j.Rate != 0.003 || j.Layers != 1 {
		t.Errorf("qrnn begins with %+v", j)
	}
	all, about := driven(data.Known, 100)
	c := quick(about)
	c.HeldOut, c.Epochs = 0, 1
	path := filepath.Join(t.TempDir(), "m")
	m, err := probabilistic.Fit(ctx, c, task.Options{}, all...)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save(path, model.Training{}); err != nil {
		t.Fatal(err)
	}
	if m, err = probabilistic.Load(path); err != nil || m.Dropout != 0 || m.HeldOut != 0 || m.Bands.Widen != nil {
		t.Errorf("%+v, %v", m, err)
	}
	qrnn, err := forecast.FindMethod("qrnn")
	if err != nil {
		t.Fatal(err)
	}
	if err := recipe.Set(qrnn.New(), "steps", "5"); err == nil || !strings.Contains(err.Error(), "steps_per_epoch") {
		t.Error(err)
	}
}

func TestTaskErrors(t *testing.T) {
	f, j := job(t)
	path := table(t, "sales.csv")
	for says, change := range map[string]func(j *probabilistic.Config){
		"there is no preset":                   func(j *probabilistic.Config) { j.Preset = "crystal-ball" },
		"is missing":                           func(j *probabilistic.Config) { j.Known = []string{"weather"} },
		"needs 108 values":                     func(j *probabilistic.Config) { j.Horizon, j.Origins, j.Known = 100, 5, nil },
		"named twice":                          func(j *probabilistic.Config) { j.Past = []string{"price"} },
		"unknown frequency":                    func(j *probabilistic.Config) { j.Freq = "fortnight" },
		"no holidays are known for \"atlantis": func(j *probabilistic.Config) { j.Holidays = []string{"atlantis"} },
		"have no dates":                        func(j *probabilistic.Config) { j.Calendar = true },
	} {
		bad := *j
		change(&bad)
		if _, err := f.Fit(ctx, &bad, task.Data{Train: []string{path}}, task.Options{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if _, err := f.Fit(stopped, j, task.Data{Train: []string{path}}, task.Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A back-test by a preset scores its model beside the baselines, trains it further on
// what has come in between, and says who is better.
func TestBacktest(t *testing.T) {
	all, about := driven("known", 200)
	p, err := forecast.FindMethod("qrnn")
	if err != nil {
		t.Fatal(err)
	}
	spec := &probabilistic.Config{Job: forecast.Job{Horizon: 6, Season: 1, Covariates: about}, Hidden: 8, Epochs: 5, StepsPerEpoch: 40, Rate: 0.02, Window: 8}
	r, err := p.Backtest(ctx, spec, task.Options{}, forecast.Plan{Origins: 6, Refit: 3}, all...)
	if err != nil {
		t.Fatal(err)
	}
	if r.Scores[0].Model != "qrnn" || len(r.Folds) != len(r.Scores)*6*3 || !(r.Scores[0].MASE < 0.5*r.Scores[1].MASE) || !strings.Contains(r.Verdict(), "beats the best baseline") {
		t.Errorf("%+v: %s", r.Scores, r.Verdict())
	}
	small, _ := forecast.FindMethod("")
	if _, err := small.Backtest(ctx, &forecast.Config{Job: spec.Job}, task.Options{}, forecast.Plan{}, all...); err == nil || !strings.Contains(err.Error(), "uses no covariates") {
		t.Error(err)
	}
}
