package forecast

import (
	"context"
	"fmt"
	"math"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
)

// A Roller is a Forecaster that forecasts from many origins of a series at the price of
// about one: a recurrent net that reads the series once and keeps its states.
type Roller interface {
	Forecaster
	// Roll forecasts from each of the origins, which rise, of one series: forecast i is
	// that after the first origins[i] values. Later values play no part in it.
	Roll(ctx context.Context, series data.Series, origins []int) ([]Forecast, error)
}

// A Refitter is a Forecaster that can be trained further on series that have grown since,
// which is faster than to train it anew.
type Refitter interface {
	Forecaster
	Refit(ctx context.Context, o task.Options, series ...data.Series) (Forecaster, error)
}

// roll forecasts from the origins of a series by m, with its states re-used if it is a Roller.
func roll(ctx context.Context, m Forecaster, s data.Series, origins []int) ([]Forecast, error) {
	if r, ok := m.(Roller); ok {
		return r.Roll(ctx, s, origins)
	}
	past := make([]data.Series, len(origins))
	for i, o := range origins {
		past[i] = s.Before(o)
	}
	return m.Predict(ctx, past...)
}

// Backtest is the function Backtest for the models of any method: it forecasts the last
// part of each series from rolling origins, by a model of by and by the baselines. Every
// plan.Refit origins, 12 by default, a new model is trained on what comes before, or the
// old one further if it is a Refitter. Between these a Roller re-uses its states.
func (by Method) Backtest(ctx context.Context, settings Settings, o task.Options, plan Plan, series ...data.Series) (*Report, error) {
	if err := by.Check(settings); err != nil {
		return nil, err
	}
	if c, ok := settings.(*Config); ok {
		return Backtest(ctx, *c, o, plan, series...)
	}
	settings = copyOf(settings)
	j := settings.Asked()
	rep, take, err := newReport(by.netName(), plan, j, series)
	if err != nil {
		return nil, err
	}
	j.Horizon, j.Season, j.Levels = rep.Horizon, rep.Season, rep.Levels
	o.OnEpoch = nil
	var m Forecaster
	for first := 0; first < rep.Origins; first += rep.Refit {
		past := make([]data.Series, len(take))
		for i, k := range take {
			past[i] = series[k].Before(rep.origin(series[k], first))
		}
		part := o
		if o.Checkpoint != "" {
			part.Checkpoint += fmt.Sprintf(".%d", first)
		}
		if old, ok := m.(Refitter); ok {
			m, err = old.Refit(ctx, part, past...)
		} else {
			m, err = by.Fit(ctx, settings, part, past...)
		}
		if err != nil {
			return nil, err
		}
		if err := rep.forecasts(ctx, rep.Model, m, series, take, first, min(first+rep.Refit, rep.Origins)); err != nil {
			return nil, err
		}
	}
	return rep, rep.scoreAll(ctx, series, take)
}

// forecasts adds those of m, by a name, from origins from to to.
func (r *Report) forecasts(ctx context.Context, name string, m Forecaster, series []data.Series, take []int, from, to int) error {
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
			r.Folds = append(r.Folds, Fold{name, k, origins[i], f, s.Y[origins[i] : origins[i]+r.Horizon]})
		}
	}
	return nil
}

// Evaluate forecasts the last part of each series from rolling origins by a model as it
// is, which should not have been trained on that part, and by the baselines.
func Evaluate(ctx context.Context, m Forecaster, plan Plan, series ...data.Series) (*Report, error) {
	if err := m.Asked().Fits(series...); err != nil {
		return nil, err
	}
	name := NetName(m)
	if m.Asked().Choice != nil {
		name = m.Asked().Choose.String()
	}
	rep, take, err := newReport(name, plan, m.Asked(), series)
	if err != nil {
		return nil, err
	}
	if err := rep.forecasts(ctx, rep.Model, m, series, take, 0, rep.Origins); err != nil {
		return nil, err
	}
	if err := rep.scoreAll(ctx, series, take); err != nil {
		return nil, err
	}
	_, err = rep.addUp(m.Asked(), series)
	return rep, err
}

// Metric is the name of the score that tells the better model, and Error that score: MASE or, if
// the series are intermittent, RMSSE.
func (r *Report) Metric() string {
	if r.Intermittent {
		return "RMSSE"
	}
	return "MASE"
}

// Error is the score of the report's Metric.
func (r *Report) Error(s Score) float64 {
	if r.Intermittent {
		return s.RMSSE
	}
	return s.MASE
}

// Verdict compares what is chosen, or else the model, with the best of the others by the report's
// Metric, in a sentence.
func (r *Report) Verdict() string {
	what := "The model"
	if r.Choice != nil {
		what = "The " + r.Scores[0].Model
		if r.Scores[0].Model == Best.String() {
			what = "The choice"
		}
	}
	first, best, naive, name := r.Error(r.Scores[0]), math.NaN(), math.NaN(), ""
	for _, s := range r.Scores[1:] {
		e := r.Error(s)
		if !(best <= e) && !math.IsNaN(e) && s.Model != r.Model && s.Model != Unreconciled {
			best, name = e, s.Model
		}
		if s.Model == "naive" {
			naive = e
		}
	}
	metric := r.Metric()
	alone := "" // of a net that would have done better by itself
	if r.Choice != nil && !r.Choice.netAlone() && r.Scores[1].Model == r.Model && r.Error(r.Scores[1]) < min(first, best) {
		alone = fmt.Sprintf(" The net alone, which can be chosen too, has %.3f.", r.Error(r.Scores[1]))
	}
	switch {
	case math.IsNaN(first) && math.IsNaN(best):
		return fmt.Sprintf("The back-test has no %s: there are no values to compare with.", metric)
	case !(first < naive):
		text := fmt.Sprintf("%s does not beat the last value: its %s is %.3f, that of naive, which repeats the last value, %.3f.", what, metric, first, naive)
		if best < naive && !(r.Error(r.Scores[1]) < best) {
			text += fmt.Sprintf(" The best is %s, with %.3f.", name, best)
		}
		return text + alone
	case !(first < best):
		return fmt.Sprintf("%s does not beat the best baseline: its %s is %.3f, that of %s %.3f.", what, metric, first, name, best) + alone
	default:
		return fmt.Sprintf("%s beats the best baseline, %s: its %s is %.3f in place of %.3f.", what, name, metric, first, best) + alone
	}
}
