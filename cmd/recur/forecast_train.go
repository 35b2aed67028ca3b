package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

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
	if err := f.override(&spec, r.given); err != nil {
		return spec, err
	}
	if spec.Cell != "" {
		if err := spec.Cell.Check(); err != nil {
			return spec, usage("--cell: %v", strings.TrimPrefix(err.Error(), "rnn: "))
		}
	}
	spec.Fill(r.table)
	spec.Levels = slices.Compact(slices.Sorted(slices.Values(append([]float64{0.8, 0.95}, r.levels...))))
	return spec, nil
}

// trainPreset trains a model that the back-test does not need.
func (r *forecastRun) trainPreset(preset forecast.Method, spec forecast.Spec, series []data.Series) error {
	if err := os.MkdirAll(r.dir(), 0o777); err != nil {
		return err
	}
	f := &folder{dir: r.dir()}
	if r.flags.resume {
		f.state = stopped
	}
	return r.history.record(r.stderr, f, task.Metric{Name: "loss"}, func() error { return nil }, func(o task.Options) (err error) {
		r.model, err = preset.Fit(r.ctx, spec, o, series...)
		return err
	})
}

// trainSmall is train for package forecast's own model, whose cells may have smaller
// weights and whose bands learn from the back-test.
func (r *forecastRun) trainSmall(spec forecast.Spec, plan forecast.Plan, series []data.Series) (err error) {
	cfg, err := forecast.SmallConfig(spec)
	if err != nil {
		return err
	}
	cfg.Weights = r.flags.weights
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
