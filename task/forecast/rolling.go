package forecast

import (
	"context"
	"fmt"
	"slices"

	"github.com/recur-go/recur/task"
)

// A Roller is a Forecaster that forecasts from many origins of a series at the price of
// about one: a recurrent net that reads the series once and keeps its states.
type Roller interface {
	Forecaster
	// Roll forecasts from each of the origins, which rise, of one series: forecast i is
	// that after the first origins[i] values. Later values play no part in it.
	Roll(ctx context.Context, series Series, origins []int) ([]Forecast, error)
}

// A Refitter is a Forecaster that can be trained further on series that have grown since,
// which is faster than to train it anew.
type Refitter interface {
	Forecaster
	Refit(ctx context.Context, o task.Options, series ...Series) (Forecaster, error)
}

// roll forecasts from the origins of a series by m, with its states re-used if m knows how.
func roll(ctx context.Context, m Forecaster, s Series, origins []int) ([]Forecast, error) {
	if r, ok := m.(Roller); ok {
		return r.Roll(ctx, s, origins)
	}
	past := make([]Series, len(origins))
	for i, o := range origins {
		past[i] = s.Before(o)
	}
	return m.Predict(ctx, past...)
}

// BacktestPreset is Backtest for the models of any preset: it forecasts the last part of
// each series from rolling origins, by a model of the preset and by the baselines. Every
// plan.Refit origins, 12 by default, a new model is trained on what comes before, or the
// old one further if it is a Refitter. Between these a Roller re-uses its states.
func BacktestPreset(ctx context.Context, p Preset, spec Spec, o task.Options, plan Plan, series ...Series) (*Report, error) {
	if err := p.Check(spec); err != nil {
		return nil, err
	}
	if p.Name == Small {
		cfg, err := spec.small()
		if err != nil {
			return nil, err
		}
		cfg.OnStep = onStep(o)
		return Backtest(ctx, cfg, plan, series...)
	}
	cfg := Config{Horizon: spec.Horizon, Season: spec.Season, Levels: spec.Levels}.withDefaults()
	spec.Horizon, spec.Season, spec.Levels = cfg.Horizon, cfg.Season, cfg.Levels
	if err := cfg.check(); err != nil {
		return nil, err
	}
	rep := &Report{Plan: plan, Model: p.Name, Horizon: cfg.Horizon, Season: cfg.Season}
	if err := rep.setDefaults(&cfg, series); err != nil {
		return nil, err
	}
	take, err := rep.usable(&cfg, series)
	if err != nil {
		return nil, err
	}
	var m Forecaster
	for first := 0; first < rep.Origins; first += rep.Refit {
		past := make([]Series, len(take))
		for i, k := range take {
			past[i] = series[k].Before(rep.origin(series[k], first))
		}
		if old, ok := m.(Refitter); ok {
			m, err = old.Refit(ctx, o, past...)
		} else {
			m, err = p.Fit(ctx, spec, o, past...)
		}
		if err != nil {
			return nil, err
		}
		if err := rep.forecasts(ctx, m, series, take, first, min(first+rep.Refit, rep.Origins)); err != nil {
			return nil, err
		}
	}
	rep.scoreAll(&cfg, series, take)
	return rep, nil
}

// forecasts adds those of m from origins from to to.
func (r *Report) forecasts(ctx context.Context, m Forecaster, series []Series, take []int, from, to int) error {
	for _, k := range take {
		s := series[k]
		var origins []int
		for j := from; j < to; j++ {
			origins = append(origins, r.origin(s, j))
		}
		fs, err := roll(ctx, m, s, origins)
		if err != nil {
			return err
		}
		for i, f := range fs {
			r.Folds = append(r.Folds, Fold{r.Model, k, origins[i], f, s.Y[origins[i] : origins[i]+r.Horizon]})
		}
	}
	return nil
}

// Evaluate forecasts the last part of each series from rolling origins by a model as it
// is, which should not have been trained on that part, and by the baselines.
func Evaluate(ctx context.Context, m Forecaster, plan Plan, series ...Series) (*Report, error) {
	spec := m.Spec()
	cfg := Config{Horizon: spec.Horizon, Season: spec.Season, Levels: spec.Levels}.withDefaults()
	rep := &Report{Plan: plan, Model: Name, Horizon: cfg.Horizon, Season: cfg.Season}
	if err := rep.setDefaults(&cfg, series); err != nil {
		return nil, err
	}
	take, err := rep.usable(&cfg, series)
	if err != nil {
		return nil, err
	}
	if err := rep.forecasts(ctx, m, series, take, 0, rep.Origins); err != nil {
		return nil, err
	}
	rep.scoreAll(&cfg, series, take)
	return rep, nil
}

// usable lists the series that take part, by their indices.
func (r *Report) usable(c *Config, series []Series) (take []int, err error) {
	for i, s := range series {
		if err := s.check(); err != nil {
			return nil, err
		}
		if o := r.origin(s, 0); o >= c.shortest()+1 && !constant(s.Y[:o]) {
			take = append(take, i)
		} else {
			r.Skipped = append(r.Skipped, s.ID)
		}
	}
	if len(take) == 0 {
		return nil, c.unusable(series)
	}
	return take, nil
}

// scoreAll adds the baselines, and the scores of all.
func (r *Report) scoreAll(c *Config, series []Series, take []int) {
	r.addBaselines(*c, series, take)
	for _, b := range append([]Baseline{{Name: r.Model}}, Baselines(c.Season)...) {
		r.Scores = append(r.Scores, r.score(b.Name, series, c.Levels))
	}
}

// Verdict says in a sentence how the model compares with the best baseline by MASE.
func (r *Report) Verdict() string {
	ours := r.Scores[0]
	best := slices.MinFunc(r.Scores[1:], func(a, b Score) int {
		switch {
		case a.MASE < b.MASE:
			return -1
		case a.MASE > b.MASE:
			return 1
		}
		return 0
	})
	naive := r.Scores[1]
	switch {
	case !(ours.MASE < naive.MASE):
		return fmt.Sprintf("The model does not beat the last value: its MASE is %.3f, that of naive, which repeats the last value, %.3f. Use naive.", ours.MASE, naive.MASE)
	case !(ours.MASE < best.MASE):
		return fmt.Sprintf("The model does not beat the best baseline: its MASE is %.3f, that of %s %.3f.", ours.MASE, best.Model, best.MASE)
	}
	return fmt.Sprintf("The model beats the best baseline, %s: its MASE is %.3f in place of %.3f.", best.Model, ours.MASE, best.MASE)
}
