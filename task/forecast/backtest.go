package forecast

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/par"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
)

// A Plan is where a back-test forecasts from. The zero value of each field means its
// default.
type Plan struct {
	Origins int `json:"origins"` // number of origins; default Most, fewer for a short series, so that three quarters of it come before the first
	Stride  int `json:"stride"`  // steps from one origin to the next; default as many, up to a horizon, as a quarter of the longest series has room for, 1 if Origins are given
	Refit   int `json:"refit"`   // origins after which a new model is trained; default 12
	Most    int `json:"-"`       // most origins by default; default 24
}

// A Report is the outcome of a back-test.
type Report struct {
	Plan
	Model           string // name of the model
	Horizon, Season int
	Levels          []float64 // probabilities of the bands
	Scores          []Score   // scores of what is chosen, if anything is, of the model, and of the baselines
	Folds           []Fold
	Skipped         []string // IDs of series too short to take part
	Choice          *Choice  // what Choose found; nil for nothing
	Intermittent    bool     // most series are intermittent, so that RMSSE tells the better model

	job    Job // has the limits of the forecasts
	scores scores
}

// A Score is the mean of a model's figures over all folds.
type Score struct {
	Model string // name of the model
	MASE, RMSSE,
	SMAPE, WAPE,
	MSIS float64 // MSIS of the widest band
	Bias     float64   // mean of forecast less value, over SeasonalError: above 0 if forecasts are too high
	Pinball  float64   // mean Pinball of the point, as the median, and of the edges of the bands, over SeasonalError
	CRPS     float64   // CRPS of these over the mean of |y|: the mean weighted quantile loss
	Coverage []float64 // coverage of each band, in the order of Report.Levels
}

// A Fold is one forecast of a back-test and what came.
type Fold struct {
	Model    string    // name of the model
	Series   int       // index of the series
	Origin   int       // steps of history
	Forecast Forecast  // forecast from there
	Actual   []float64 // values that came
}

// modelName is the name of this package's model in reports.
const modelName = "recur"

// Backtest forecasts the last part of each series from rolling origins, by a
// model of this package and by the baselines, and scores them.
//
// Nothing after an origin plays any part in its forecast: scales, seasonal
// indices and interpolation are those of the history alone. The first model is
// trained on what comes before the first origin; it then forecasts from each
// origin given the history up to there, and every plan.Refit origins a new one is
// trained. Bands are calibrated on held-out windows of the training part and, as
// time goes on, on the forecasts whose outcome is known by then.
func Backtest(ctx context.Context, cfg Config, o task.Options, plan Plan, series ...data.Series) (*Report, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	rep, take, err := newReport(modelName, plan, &cfg.Job, series)
	if err != nil {
		return nil, err
	}
	if err := rep.addModel(ctx, cfg, o, series, take); err != nil {
		return nil, err
	}
	return rep, rep.scoreAll(ctx, series, take)
}

// Check reports a plan that the series are too short for.
func (p Plan) Check(j *Job, series ...data.Series) error {
	_, _, err := newReport("", p, j, series)
	return err
}

// newReport is the report of a back-test that is about to begin, and lists the series that
// take part by their indices.
func newReport(model string, plan Plan, j *Job, series []data.Series) (r *Report, take []int, err error) {
	r = &Report{Plan: plan, Model: model, Season: cmp.Or(j.Season, 1), Levels: quantile.Levels(j.Levels)}
	r.Horizon = quantile.Horizon(j.Horizon, r.Season)
	r.job = *j
	e := setting.Errors{System: "forecast"}
	e.Count("horizon", r.Horizon)
	e.Count("season", r.Season)
	e.Levels(r.Levels)
	if err := e.Err(); err != nil {
		return nil, nil, err
	}
	if err := r.setDefaults(series); err != nil {
		return nil, nil, err
	}
	take, err = r.usable(series)
	return r, take, err
}

// setDefaults sets the plan's defaults by the longest series.
func (r *Report) setDefaults(series []data.Series) error {
	longest := longest(series)
	r.Refit = cmp.Or(r.Refit, 12)
	if r.Origins == 0 {
		room := longest - r.Horizon - max(longest*2/3, shortest(r.Season)+1)
		r.Most = cmp.Or(r.Most, 24)
		if r.Stride == 0 {
			r.Stride = min(max(room/max(r.Most-1, 1), 1), r.Horizon)
		}
		r.Origins = min(max(room/max(r.Stride, 1)+1, 1), r.Most)
	}
	r.Stride = cmp.Or(r.Stride, 1)
	if r.Stride < 1 || r.Origins < 1 || r.Refit < 1 {
		return fault.Errorf(fault.Usage, "forecast: origins are %d, stride %d and refit %d; each must be at least 1 (--origins)", r.Origins, r.Stride, r.Refit)
	}
	least := shortest(r.Season) + 1 // values before the first origin
	need := least + r.Horizon + (r.Origins-1)*r.Stride
	if longest >= need {
		return nil
	}
	var hint string
	switch one := least + r.Horizon; {
	case longest >= one:
		hint = fmt.Sprintf("pass at most --origins %d", (longest-one)/r.Stride+1)
	case longest > least:
		hint = fmt.Sprintf("pass at most --horizon %d with --origins 1", longest-least)
	default:
		hint = "give longer series"
	}
	return &shortError{r.Origins, r.Horizon, need, longest, hint}
}

// longest is the number of values of the longest series.
func longest(series []data.Series) int { return len(Longest(series).Y) }

// Longest is the first of the series with the most values, none with an ID if there are none.
func Longest(series []data.Series) (most data.Series) {
	for i, s := range series {
		if i == 0 || len(s.Y) > len(most.Y) {
			most = s
		}
	}
	return most
}

// A shortError is that of series that are too short for a back-test.
type shortError struct {
	origins, horizon int
	need, longest    int // values of a series
	hint             string
}

func (e *shortError) Error() string {
	return fmt.Sprintf("a back-test of %d origins and a horizon of %d needs %d values, but the longest series has %d; %s",
		e.origins, e.horizon, e.need, e.longest, e.hint)
}

// usable lists the series that take part, by their indices.
func (r *Report) usable(series []data.Series) (take []int, err error) {
	for i, s := range series {
		if err := check(s); err != nil {
			return nil, err
		}
		if o := r.origin(s, 0); o >= shortest(r.Season)+1 && !constant(s.Y[:o]) {
			take = append(take, i)
		} else {
			r.Skipped = append(r.Skipped, s.ID)
		}
	}
	if len(take) == 0 {
		return nil, unusable(r.Season, series)
	}
	sparse := 0
	for _, i := range take {
		if Intermittent(series[i].Y) {
			sparse++
		}
	}
	r.Intermittent = 2*sparse > len(take)
	return take, nil
}

// origin is the number of steps before origin j of s.
func (r *Report) origin(s data.Series, j int) int {
	return len(s.Y) - r.Horizon - (r.Origins-1-j)*r.Stride
}

// addModel adds the folds of this package's own model.
func (r *Report) addModel(ctx context.Context, cfg Config, o task.Options, series []data.Series, take []int) error {
	o.OnEpoch = nil
	fits := (r.Origins + r.Refit - 1) / r.Refit
	type past struct {
		q [][]float64
		w window
	} // forecasts made, oldest first
	var made [][]past
	var m *Model
	for j := range r.Origins {
		if j%r.Refit == 0 {
			train := make([]data.Series, len(take))
			for i, k := range take {
				train[i] = data.Series{ID: series[k].ID, Y: series[k].Y[:r.origin(series[k], j)]}
			}
			var err error
			if m, err = Fit(ctx, cfg, o.Part(j/r.Refit, fits, cfg.Nets*cfg.Steps), train...); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		known := m.scores.clone()
		for i, ps := range made {
			if i*r.Stride+r.Horizon <= j*r.Stride {
				for _, p := range ps {
					known.add(p.q, p.w.outcome(cfg.Horizon))
				}
			}
		}
		widen := known.widen(cfg.Horizon)
		ws := make([]window, len(take))
		for i, k := range take {
			p := prepare(series[k].Y[:r.origin(series[k], j)], cfg.Season)
			ws[i] = window{p, len(p.x)}
		}
		var now []past
		for i, q := range m.quantiles(m.Nets, ws) {
			w, s := ws[i], series[take[i]]
			o := r.origin(s, j)
			y := s.Y[o : o+cfg.Horizon]
			r.Folds = append(r.Folds, Fold{modelName, take[i], o, m.forecast(w, q, widen), y})
			now = append(now, past{q, w.after(y)})
		}
		made = append(made, now)
	}
	for _, ps := range made {
		for _, p := range ps {
			r.scores.add(p.q, p.w.outcome(cfg.Horizon))
		}
	}
	return nil
}

// after is a window of what came after w's origin, in w's own units.
func (w window) after(y []float64) window {
	p := prepared{x: []float64{w.p.x[w.origin-1]}, known: []bool{true}}
	for k, v := range y {
		x := w.p.forward(v)/w.p.scale - w.p.index[(w.origin+k)%len(w.p.index)]
		p.x = append(p.x, x)
		p.known = append(p.known, !math.IsNaN(x))
	}
	return window{&p, 1}
}

// scoreAll adds the folds of the baselines, and the scores of the model and of them.
func (r *Report) scoreAll(ctx context.Context, series []data.Series, take []int) error {
	if err := r.addBaselines(ctx, series, take); err != nil {
		return err
	}
	for i := range r.Folds {
		f := &r.Folds[i]
		f.Forecast = r.job.Limited(series[f.Series].ID, f.Forecast)
	}
	for _, name := range candidates(r.Model, r.Season) {
		r.Scores = append(r.Scores, Score{Model: name})
	}
	all := r.tallies()
	r.each(series, func(model int, f Fold, s scales) { all[model].add(f, s) })
	for i, t := range all {
		r.Scores[i] = t.score()
	}
	return nil
}

// addBaselines adds the folds of the baselines.
func (r *Report) addBaselines(ctx context.Context, series []data.Series, take []int) error {
	all := Baselines(r.Season)
	folds := make([][]Fold, len(take)) // of a series
	err := par.Each(ctx, len(take), 0, func(ctx context.Context, i int) error {
		y := series[take[i]].Y
		for _, b := range all {
			forecast := b.start(r.Season)
			for j := range r.Origins {
				if err := ctx.Err(); err != nil {
					return err
				}
				o := r.origin(series[take[i]], j)
				folds[i] = append(folds[i], Fold{b.Name, take[i], o, forecast(y[:o], r.Horizon, r.Levels), y[o : o+r.Horizon]})
			}
		}
		return nil
	})
	r.Folds = append(r.Folds, slices.Concat(folds...)...)
	return err
}

// score is the mean of the figures of a model over its folds.
func (r *Report) score(model string, series []data.Series) Score {
	t := r.tally(model)
	for _, f := range r.Folds {
		if f.Model == model {
			t.add(f, scalesOf(series[f.Series].Y[:f.Origin], r.Season))
		}
	}
	return t.score()
}

// Calibrate sets the widths of m's bands by the back-test too, beside m's own training.
func (r *Report) Calibrate(m *Model) {
	s := m.scores.clone()
	for i := range s {
		s[i] = append(s[i], r.scores[i]...)
	}
	m.calibrate(s)
}

func (s *scores) clone() (t scores) {
	for i := range s {
		t[i] = slices.Clone(s[i])
	}
	return t
}
