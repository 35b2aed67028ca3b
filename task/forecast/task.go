package forecast

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
)

// Name is that of the task, and of the kind of this package's own models' files.
const Name = "forecast"

// A Job is the config of forecasting as a task: what is asked of a method, how files are
// read, and from where the model is scored. Unless there are files for that, the last part
// of each series is held out to score the model on.
type Job struct {
	Preset string `json:"preset"` // name of the method
	Spec
	Source
	Origins int `json:"origins"` // origins to forecast from when the model is scored
	Stride  int `json:"stride"`  // steps from one origin to the next
}

// Preset returns the config of the task for a method, with the settings to begin with.
func Preset(name string) (*Job, error) {
	m, err := FindMethod(name)
	if err != nil {
		return nil, err
	}
	j := &Job{Preset: m.Name, Spec: m.Default, Origins: 8, Stride: 1}
	j.Seed = 1
	return j, nil
}

func init() {
	task.Register(task.Of[Job, *trained]{
		Name: Name, Kinds: kinds, Presets: taskPresets, About: about, Preset: Preset, Fit: fit,
		Load: func(path string) (*trained, error) {
			m, err := LoadAny(path)
			return &trained{Forecaster: m, plan: Plan{Origins: 8}}, err
		},
		Metric: func(*Job) task.Metric { return task.Metric{Name: "mase"} }, Space: func(j *Job) map[string]task.Range {
			space := map[string]task.Range{
				"rate":   {Min: 5e-4, Max: 2e-2, Log: true},
				"hidden": {Values: []any{16, 32, 64, 128}},
			}
			if j.Layers > 0 {
				space["layers"] = task.Range{Min: 1, Max: 3, Whole: true}
				space["dropout"] = task.Range{Min: 0.01, Max: 0.5}
			}
			return space
		},
	}.Task())
}

func kinds() (kinds []string) {
	for _, m := range sorted() {
		kinds = append(kinds, m.Kind)
	}
	return kinds
}

// defaultTaskPreset is the preset that the task begins with, if it is there: one with
// covariates.
const defaultTaskPreset = "qrnn"

func taskPresets() []string {
	names := Presets()
	if i := slices.Index(names, defaultTaskPreset); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, defaultTaskPreset)
	}
	return names
}

// fit trains the model of a job on the series of files.
func fit(ctx context.Context, j Job, d task.Data, o task.Options) (*trained, error) {
	by, err := FindMethod(j.Preset)
	if err != nil {
		return nil, err
	}
	t, err := readAll(d.Train, j.Source)
	if err != nil {
		return nil, err
	}
	spec := j.Spec
	spec.Source = j.Source
	spec.Fill(t)
	// The series' own last part is forecast, so that nothing need reach beyond it.
	if err := j.Source.Prepare(t, 0); err != nil {
		return nil, err
	}
	if o.OnNote != nil {
		for _, n := range t.Notes {
			o.OnNote(n)
		}
	}
	spec.Covariates = t.Covariates
	if err := by.Check(spec); err != nil {
		return nil, err
	}
	m := &trained{plan: Plan{Origins: max(j.Origins, 1), Stride: max(j.Stride, 1)}, held: t.Series}
	learn := slices.Clone(m.held)
	if len(d.Valid) == 0 && len(d.Test) == 0 {
		rep := &Report{Plan: m.plan, Horizon: spec.Horizon}
		learn = learn[:0]
		for _, s := range m.held {
			if n := rep.origin(s, 0); n > 2 {
				learn = append(learn, s.Before(n))
			}
		}
		if len(learn) == 0 {
			return nil, &data.Error{File: t.Name, Reason: fmt.Sprintf("no series is longer than the %d steps that are held out to score the model on", spec.Horizon+(m.plan.Origins-1)*m.plan.Stride), Hint: "give more history, or ask for a shorter horizon or fewer origins"}
		}
	}
	if m.Forecaster, err = by.Fit(ctx, spec, o, learn...); err != nil {
		if errors.Is(err, context.Canceled) {
			return nil, err
		}
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	return m, nil
}

// Fill sets season and horizon, where they are 0, by a table.
func (s *Spec) Fill(t *data.Table) {
	for _, season := range []int{t.Season, t.Series[0].Freq.Season()} {
		if s.Season == 0 {
			s.Season = season
		}
	}
	for _, horizon := range []int{t.Horizon, s.Season} {
		if s.Horizon == 0 && horizon > 1 {
			s.Horizon = horizon
		}
	}
	if s.Horizon == 0 {
		s.Horizon = 12
	}
}

// readAll reads the series of several files, which must have the same covariates.
func readAll(files []string, s Source) (*data.Table, error) {
	if len(files) == 0 {
		return nil, errors.New("forecast: there is no file to read")
	}
	all, err := s.ReadFile(files[0])
	if err != nil {
		return nil, err
	}
	for _, file := range files[1:] {
		t, err := s.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if err := t.Recode(all.Covariates); err != nil {
			return nil, err
		}
		if t.Series[0].Freq != all.Series[0].Freq {
			return nil, &data.Error{File: file, Reason: fmt.Sprintf("its times are %s, those of %s %s", t.Series[0].Freq.Name(), files[0], all.Series[0].Freq.Name()), Hint: "train on files of one frequency"}
		}
		all.Series = append(all.Series, t.Series...)
		all.Notes = append(all.Notes, t.Notes...)
	}
	return all, nil
}

// trained is a model as that of a task.
type trained struct {
	Forecaster
	plan Plan
	held []data.Series // whole, after Fit
}

// Evaluate forecasts the last part of each series of files.
func (m *trained) Evaluate(ctx context.Context, files ...string) (*task.Result, error) {
	spec := m.Spec()
	t, err := readAll(files, spec.Source)
	if err != nil {
		return nil, err
	}
	if err := spec.Source.Prepare(t, 0); err != nil {
		return nil, err
	}
	if err := t.Recode(spec.Covariates); err != nil {
		return nil, err
	}
	return m.result(ctx, t.Series)
}

// Report implements task.Reporter.
func (m *trained) Report(ctx context.Context) (*task.Result, error) { return m.result(ctx, m.held) }

func (m *trained) result(ctx context.Context, series []data.Series) (*task.Result, error) {
	rep, err := Evaluate(ctx, m.Forecaster, m.plan, series...)
	if err != nil {
		return nil, err
	}
	r := &task.Result{Scores: task.Scores{}, Text: rep.Verdict() + "\n"}
	part := task.Part{Title: "Beside the baselines", Head: []string{"model", "MASE", "sMAPE", "RMSSE", "WAPE", "MSIS"},
		Note: fmt.Sprintf("Mean over forecasts of %d steps from %d origins of each series. %s", rep.Horizon, rep.Origins, rep.Verdict())}
	for i, s := range rep.Scores {
		if i == 0 {
			r.Scores["mase"], r.Scores["smape"], r.Scores["rmsse"], r.Scores["wape"], r.Scores["msis"] = s.MASE, s.SMAPE, s.RMSSE, s.WAPE, s.MSIS
			for j, l := range m.Spec().Levels {
				r.Scores[strings.ReplaceAll(fmt.Sprintf("coverage_%g", 100*l), ".", "_")] = s.Coverage[j]
			}
		} else {
			r.Scores[s.Model+"_mase"] = s.MASE
		}
		row := []string{s.Model}
		for _, v := range []float64{s.MASE, s.SMAPE, s.RMSSE, s.WAPE, s.MSIS} {
			row = append(row, fmt.Sprintf("%.3f", v))
		}
		part.Rows = append(part.Rows, row)
	}
	for name, v := range r.Scores {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			delete(r.Scores, name)
		}
	}
	r.Parts = append(r.Parts, part)
	return r, nil
}
