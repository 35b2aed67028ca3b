package main

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/sets"
	"github.com/recur-go/recur/internal/lang"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/residual"
	"github.com/recur-go/recur/task/forecast/season"
)

// A forecastRun is what a run of the command came to. As a printer it shows series with their
// forecasts and, after training, the back-test.
type forecastRun struct {
	flags *forecastFlags
	lang  lang.Lang
	began time.Time

	about, unit, source string // of the data
	table               *data.Table
	freq                data.Freq
	levels              []float64 // bands asked for

	series    []data.Series // those that are forecast
	model     forecast.Forecaster
	path      string           // file of the model
	report    *forecast.Report // nil for none
	forecasts []forecast.Forecast

	precision            []int                         // of the series, see figures
	seriesScores, byStep [][]forecast.Score            // of the back-test, once they are asked for
	byLevel              []forecast.LevelScores        // likewise
	apart                map[int]*season.Decomposition // components of the series that were asked for
	far                  map[int][]residual.Outlier    // outliers of the series that were asked for

	trained *training // nil with a saved model
	files   []string
	dir     string
	save    func(path string) error // keeps a model that has been updated; nil for none
}

var errNoPaths = usage("--paths: this model does not sample; preset deepar does")

// printer forecasts by a model that has been trained.
func (f *forecastFlags) printer(t *training) (printer, error) {
	m := t.model.(*forecast.Trained)
	if len(t.data.Valid)+len(t.data.Test) > 0 && m.Table.CheckAhead(m.Asked().Horizon) != nil {
		return t, nil // what is known ahead is not in the file
	}
	r := &forecastRun{flags: f, lang: t.lang, began: t.began, table: m.Table, series: m.Series, model: m.Forecaster, path: t.path(modelFile),
		report: m.Backtest, trained: t, dir: t.folder.dir, levels: t.cfg.(forecast.Settings).Asked().Levels}
	r.describe(t.data.Train)
	return r, r.predict(t.cmd.Context())
}

// describe sets what is known of the data.
func (r *forecastRun) describe(files []string) {
	r.freq = r.table.Series[0].Freq
	r.about = r.table.Name
	if set, err := sets.Find(r.table.Name); err == nil && len(files) == 1 && files[0] == set.Name {
		r.about, r.unit, r.source = set.Title, set.Unit, set.Source
	}
}

func (r *forecastRun) predict(ctx context.Context) (err error) {
	if len(r.levels) == 0 {
		r.levels = r.flags.levels
	}
	r.forecasts, err = r.model.Predict(ctx, r.series...)
	sampled := func(f forecast.Forecast) bool { return f.Paths != nil } // which a constant series is not
	if err == nil && r.flags.paths && !slices.ContainsFunc(r.forecasts, sampled) {
		return errNoPaths
	}
	return forecast.AsData(err, r.table.Name)
}

// forecast forecasts by a saved model.
func (f *forecastFlags) forecast(cmd *cobra.Command, files []string) (err error) {
	r := &forecastRun{flags: f, began: time.Now(), levels: f.levels, path: f.model}
	if r.lang, err = language(cmd); err != nil {
		return err
	}
	saved, err := forecast.Open(f.model)
	if err != nil {
		return err
	}
	r.model = saved.Forecaster
	if err := r.adapt(); err != nil {
		return err
	}
	if files, err = f.named(cmd, files); err != nil {
		return err
	}
	if slices.Contains(files, data.Stdin) {
		awaitInput(cmd)
	}
	source, err := f.reading(cmd, r.model.Asked().Source)
	if err != nil {
		return err
	}
	source.Future = f.future
	ahead := f.horizon
	if ahead == 0 {
		ahead = -1 // as the file asks
	}
	if r.table, err = forecast.ReadFor(r.model, source, ahead, files...); err != nil {
		return err
	}
	if r.series, _, err = forecast.Usable(r.table); err != nil {
		return err
	}
	for _, n := range r.table.Notes {
		noteTo(cmd.ErrOrStderr())(r.lang.Text(n))
	}
	r.describe(files)
	if f.update {
		if err := r.update(cmd, saved); err != nil {
			return err
		}
	}
	if n := cmp.Or(f.horizon, r.table.Horizon); n > 0 {
		r.model = forecast.Shorter(r.model, n)
	}
	if err := r.predict(cmd.Context()); err != nil {
		return err
	}
	if err := r.write(cmd, files); err != nil {
		return err
	}
	if f.json {
		return newEncoder(cmd.OutOrStdout()).Encode(r.json())
	}
	return r.print(cmd.OutOrStdout())
}

// update trains the saved model further on the series.
func (r *forecastRun) update(cmd *cobra.Command, saved *forecast.Trained) error {
	m, err := saved.Update(cmd.Context(), task.Options{}, r.table)
	if err != nil {
		return forecast.AsData(err, r.table.Name)
	}
	r.model, r.series, r.report = m.Forecaster, m.Series, m.Backtest
	r.save = func(path string) error {
		return m.Save(path, model.Training{Data: r.table.Name, Seed: m.Asked().Seed})
	}
	if r.report == nil {
		noteTo(cmd.ErrOrStderr())("the new values are too few for a back-test")
	}
	return r.adapt()
}

// adapt has the model give the bands and have the weights that are asked for.
func (r *forecastRun) adapt() error {
	f, j := r.flags, r.model.Asked()
	if h := f.horizon; h > j.Horizon {
		return usage("--horizon is %d, but %s forecasts %d steps: train a model for it", h, f.model, j.Horizon)
	}
	if m, ok := r.model.(forecast.WithLevels); ok {
		r.model = m.WithLevels(r.levels)
	} else {
		for _, l := range r.levels {
			if !slices.Contains(j.Levels, l) {
				return usage("--level is %g, but %s has bands of %s: choose from these, or train a model for it", 100*l, f.model, (*levels)(&j.Levels))
			}
		}
	}
	if f.weights != rnn.Single {
		return r.freeze()
	}
	return nil
}

// freeze has the model forecast with weights of the precision that is asked for.
func (r *forecastRun) freeze() error {
	f := r.flags
	m, ok := forecast.NetOf(r.model).(*forecast.Model)
	if !ok {
		return usage("--weights needs a model of preset %s, which %s is not", forecast.Small, f.model)
	}
	m.Weights = f.weights
	return nil
}

// reading is how a model's series were read, but for what the flags ask.
func (f *forecastFlags) reading(cmd *cobra.Command, s forecast.Source) (forecast.Source, error) {
	var reading []settingFlag
	for _, setting := range f.settings {
		switch setting.flag {
		case "horizon", "level", "weights":
		default:
			reading = append(reading, setting)
		}
	}
	if err := overrideByFlags(&s, cmd.Flags(), reading); err != nil {
		return s, err
	}
	if err := s.Check(); err != nil {
		return s, usage("%v", err)
	}
	return s, nil
}

// write fills a folder with the forecasts of a saved model.
func (r *forecastRun) write(cmd *cobra.Command, files []string) (err error) {
	f := r.flags
	page, err := r.page()
	if err != nil {
		return err
	}
	where, err := openFolder(ask{out: f.out, base: filepath.Join("recur-out", stem(files[0])), force: f.force, using: true, data: files,
		note: noteTo(cmd.ErrOrStderr())})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, where.close()) }()
	if err := where.begin(); err != nil {
		return err
	}
	r.dir = where.dir
	for _, o := range append(r.outputs(), output{reportFile, inLanguage(page, r.lang).Write}) {
		if err := where.write(o.name, o.write); err != nil {
			return err
		}
		r.files = append(r.files, where.path(o.name))
	}
	if r.save == nil {
		return nil
	}
	r.path = where.path(modelFile) // the last, so that a folder with a model is whole
	r.files = append(r.files, r.path)
	return r.save(r.path)
}
