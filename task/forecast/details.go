package forecast

import (
	"math"

	"github.com/recur-go/recur/data"
)

// BySeries are the scores of each of the series, which are those of the back-test, by model in
// the order of r.Scores; nil for a series that took no part.
func (r *Report) BySeries(series []data.Series) [][]Score {
	all := make([][]*tally, len(series))
	r.each(series, func(model int, f Fold, s scales) {
		if all[f.Series] == nil {
			all[f.Series] = r.tallies()
		}
		all[f.Series][model].add(f, s)
	})
	return scoresOf(all)
}

// BySteps are the scores of each step of the horizon over all folds, by model in the order of
// r.Scores.
func (r *Report) BySteps(series []data.Series) [][]Score {
	all := make([][]*tally, r.Horizon)
	for k := range all {
		all[k] = r.tallies()
	}
	r.each(series, func(model int, f Fold, s scales) {
		for k := range f.Actual {
			all[k][model].add(f.step(k), s)
		}
	})
	return scoresOf(all)
}

// step is the fold of step k alone.
func (f Fold) step(k int) Fold {
	one := Fold{Model: f.Model, Series: f.Series, Origin: f.Origin, Actual: f.Actual[k : k+1]}
	one.Forecast.Point = f.Forecast.Point[k : k+1]
	for _, b := range f.Forecast.Bands {
		one.Forecast.Bands = append(one.Forecast.Bands, Band{b.Level, b.Lo[k : k+1], b.Hi[k : k+1]})
	}
	return one
}

// each calls do with each fold of the models of r.Scores.
func (r *Report) each(series []data.Series, do func(model int, f Fold, s scales)) {
	index := map[string]int{}
	for i, s := range r.Scores {
		index[s.Model] = i
	}
	type origin struct{ series, at int }
	known := map[origin]scales{}
	for _, f := range r.Folds {
		model, ok := index[f.Model]
		if !ok {
			continue
		}
		at := origin{f.Series, f.Origin}
		s, ok := known[at]
		if !ok {
			s = scalesOf(series[f.Series].Y[:f.Origin], r.Season)
			known[at] = s
		}
		do(model, f, s)
	}
}

// tallies are empty ones of the models of r.Scores.
func (r *Report) tallies() (all []*tally) {
	for _, s := range r.Scores {
		all = append(all, r.tally(s.Model))
	}
	return all
}

func scoresOf(all [][]*tally) [][]Score {
	scores := make([][]Score, len(all))
	for i, models := range all {
		for _, t := range models {
			scores[i] = append(scores[i], t.score())
		}
	}
	return scores
}

// scales are what the errors of forecasts of a series are divided by.
type scales struct{ abs, square float64 }

func scalesOf(history []float64, season int) scales {
	return scales{SeasonalError(history, season), seasonal(history, season, MSE)}
}

// A tally collects the figures of folds of a model.
type tally struct {
	model string
	mase, rmsse, smape, wape,
	msis, bias, pinball, crps average
	cover []average // of each band
}

func (r *Report) tally(model string) *tally {
	return &tally{model: model, cover: make([]average, len(r.Levels))}
}

func (t *tally) add(f Fold, s scales) {
	y, p := f.Actual, f.Forecast.Point
	t.mase.add(MAE(y, p) / s.abs)
	t.rmsse.add(math.Sqrt(MSE(y, p) / s.square))
	t.smape.add(SMAPE(y, p))
	t.wape.add(WAPE(y, p))
	t.bias.add(mean(y, p, func(y, p float64) float64 { return p - y }) / s.abs)
	q, at := f.Forecast.quantiles()
	loss := CRPS(y, q, at)
	t.pinball.add(loss / 2 / s.abs)
	t.crps.add(loss / mean(y, y, func(y, _ float64) float64 { return math.Abs(y) }))
	for i, b := range f.Forecast.Bands {
		t.cover[i].add(Coverage(y, b))
		if i == len(t.cover)-1 {
			t.msis.add(intervalScore(y, b) / s.abs)
		}
	}
}

// score is the mean of the figures.
func (t *tally) score() Score {
	s := Score{Model: t.model, MASE: t.mase.mean(), RMSSE: t.rmsse.mean(), SMAPE: t.smape.mean(), WAPE: t.wape.mean(),
		MSIS: t.msis.mean(), Bias: t.bias.mean(), Pinball: t.pinball.mean(), CRPS: t.crps.mean()}
	for _, c := range t.cover {
		s.Coverage = append(s.Coverage, c.mean())
	}
	return s
}

// quantiles are the point, as the median, and the edges of the bands, with the probability of
// each.
func (f Forecast) quantiles() (q [][]float64, p []float64) {
	q, p = append(q, f.Point), append(p, 0.5)
	for _, b := range f.Bands {
		q, p = append(q, b.Lo, b.Hi), append(p, (1-b.Level)/2, (1+b.Level)/2)
	}
	return q, p
}

// An average is that of the values that are numbers.
type average struct {
	sum float64
	n   int
}

func (a *average) add(v float64) {
	if !math.IsNaN(v) {
		a.sum += v
		a.n++
	}
}

func (a average) mean() float64 { return a.sum / float64(a.n) }
