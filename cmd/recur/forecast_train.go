package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/recur-go/recur/cmd/recur/internal/tfevents"
	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

// train trains on everything, and back-tests.
func (r *forecastRun) train() error {
	name := r.flags.preset
	if name == "" && (r.flags.source.Uses() || r.flags.output != "") {
		name = "qrnn" // the default has no use for them
	}
	preset, err := forecast.FindMethod(name)
	if err != nil {
		return usage("--preset: %v", err)
	}
	if r.flags.weights != rnn.Single && preset.Name != forecast.Small {
		return usage("--weights: the cells of preset %s alone may have smaller weights", forecast.Small)
	}
	spec, err := r.ask(preset.Default)
	if err != nil {
		return err
	}
	if err := r.covariates(spec.Horizon); err != nil {
		return err
	}
	spec.Covariates = r.table.Covariates
	if err := preset.Check(spec); err != nil {
		return usage("%s", err)
	}
	if note := missing(r.series, preset); note != "" {
		r.table.Notes = append(r.table.Notes, note)
		fmt.Fprintln(r.stderr, "  "+note)
	}
	fmt.Fprintf(r.stderr, "  seed %d\n", spec.Seed)
	series := r.series
	plan := forecast.Plan{Origins: r.flags.origins, Most: max(1, min(24, 6000/len(series)))}
	if err := plan.Check(spec, series...); err != nil {
		return asData(err, r.table.Name)
	}
	if preset.Name == forecast.Small {
		return asData(r.trainSmall(spec, plan, series), r.table.Name)
	}
	if err := r.trainPreset(preset, spec, series); err != nil {
		return asData(err, r.table.Name)
	}
	bar := newBar(r.stderr, "back-test")
	r.report, err = preset.Backtest(r.ctx, spec, bar.options(), plan, series...)
	bar.end(err == nil)
	return asData(err, r.table.Name)
}

// missing is a note on what becomes of missing values; empty if there is none.
func missing(series []data.Series, preset forecast.Method) string {
	n := 0
	for _, s := range series {
		n += s.Missing()
	}
	if n == 0 {
		return ""
	}
	what := "missing values are marked as missing for the model and never filled; they count in no loss and no score"
	if !preset.Covariates {
		what = "where values are missing the model reads some between their neighbours; they count in no loss and no score"
	}
	return fmt.Sprintf("%s (%d of them)", what, n)
}

// ask is spec, the default of a preset, with what the flags and the data ask of a model.
func (r *forecastRun) ask(spec forecast.Spec) (forecast.Spec, error) {
	f := r.flags
	spec.Horizon, spec.Season, spec.Seed, spec.Source = f.horizon, f.season, f.seed, f.source
	spec.Steps, spec.Output, spec.Cell = cmp.Or(f.steps, spec.Steps), cmp.Or(f.output, spec.Output), cmp.Or(rnn.Kind(f.cell), spec.Cell)
	if err := f.override(r.given, &spec); err != nil {
		return spec, err
	}
	if spec.Cell != "" {
		if err := spec.Cell.Check(); err != nil {
			return spec, usage("--cell: %v", strings.TrimPrefix(err.Error(), "rnn: "))
		}
	}
	for _, season := range []int{r.table.Season, r.freq.Season()} {
		if spec.Season == 0 {
			spec.Season = season
		}
	}
	for _, horizon := range []int{r.table.Horizon, spec.Season} {
		if spec.Horizon == 0 && horizon > 1 {
			spec.Horizon = horizon
		}
	}
	if spec.Horizon == 0 {
		spec.Horizon = 12
	}
	spec.Levels = slices.Compact(slices.Sorted(slices.Values(append([]float64{0.8, 0.95}, r.levels...))))
	return spec, nil
}

// trainPreset trains with progress, events for TensorBoard, and a checkpoint to go on
// from.
func (r *forecastRun) trainPreset(preset forecast.Method, spec forecast.Spec, series []data.Series) error {
	if err := os.MkdirAll(r.dir(), 0o777); err != nil {
		return err
	}
	if err := r.history.resume(r.dir(), r.flags.resume); err != nil {
		return err
	}
	checkpoint := filepath.Join(r.dir(), checkpointFile)
	events, err := tfevents.Create(filepath.Join(r.dir(), "events"))
	if err != nil {
		return err
	}
	defer events.Close()
	var lost error // of the events or the history
	keep := func(step int, names []string, values []float64) {
		if err := events.Scalars(step, names, values); err != nil && lost == nil {
			lost = err
		}
	}
	bar := newTrainingBar(r.stderr, "loss")
	r.model, err = preset.Fit(r.ctx, spec, task.Options{
		Checkpoint: checkpoint, Resume: r.flags.resume,
		OnStep: func(s task.Step) {
			bar.train(s)
			if s.Progress.Step%20 == 0 {
				keep(s.Progress.Step, []string{"train/loss", "train/rate", "train/gradient"}, []float64{s.Loss, s.Rate, s.GradNorm})
			}
		},
		OnEpoch: func(e task.Epoch) bool {
			if err := r.history.add(r.dir(), e); err != nil && lost == nil {
				lost = err
			}
			names, values := []string{"epoch/train_loss"}, []float64{e.Loss}
			if v, ok := e.Scores["loss"]; ok {
				names, values = append(names, "epoch/loss"), append(values, v)
			}
			keep(e.Steps, names, values)
			bar.epoch(e, task.Metric{Name: "loss"})
			return true
		},
	}, series...)
	bar.end(err == nil)
	if errors.Is(err, context.Canceled) {
		fmt.Fprintf(r.stderr, "  stopped; the same command with --resume goes on from %s\n", checkpoint)
	}
	if err == nil {
		err = lost
	}
	return err
}

// trainSmall is train for package forecast's own model, whose cells may have smaller
// weights and whose bands learn from the back-test.
func (r *forecastRun) trainSmall(spec forecast.Spec, plan forecast.Plan, series []data.Series) (err error) {
	cfg := forecast.Config{Horizon: spec.Horizon, Season: spec.Season, Levels: spec.Levels, Seed: spec.Seed, Source: spec.Source, Steps: spec.Steps, Weights: r.flags.weights}
	bar := newBar(r.stderr, "back-test")
	r.report, err = forecast.Backtest(r.ctx, cfg, bar.options(), plan, series...)
	bar.end(err == nil)
	if err != nil {
		return err
	}
	bar = newBar(r.stderr, "training ")
	m, err := forecast.Fit(r.ctx, cfg, bar.options(), series...)
	bar.end(err == nil)
	if err != nil {
		return err
	}
	r.report.Calibrate(m)
	r.model = m
	return nil
}
