package forecast

import (
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task/forecast/hierarchy"
)

// Unreconciled is the name, in a back-test of a hierarchy, of what is chosen before it is made to
// add up.
const Unreconciled = "unreconciled"

// addUp makes the forecasts of a hierarchy add up, if all of it is there. Bands move with their
// points.
func (j *Job) addUp(series []data.Series, fs []Forecast) error {
	h, at, err := tree(len(j.Source.Hierarchy), series)
	if h == nil {
		return err
	}
	p, err := j.projection(h)
	if err != nil {
		return err
	}
	j.reconcile(h, at, p, series, fs)
	return nil
}

// projection is how the model makes a hierarchy add up; nil for from the bottom.
func (j *Job) projection(h *hierarchy.Hierarchy) (*hierarchy.Projection, error) {
	if j.Reconcile == BottomUp {
		return nil, nil
	}
	if c := j.Choice; c != nil && c.Spread != nil {
		if p, err := h.Projection(c.Spread); err == nil {
			return p, nil
		} // else it is another hierarchy than in training
	}
	return h.MinT(nil)
}

// reconcile makes forecasts of series add up, those at the places at of a hierarchy, by a
// projection or, for nil, from the bottom.
func (j *Job) reconcile(h *hierarchy.Hierarchy, at []int, p *hierarchy.Projection, series []data.Series, fs []Forecast) {
	points := make([][]float64, len(at))
	for i, k := range at {
		points[i] = fs[k].Point
	}
	if p != nil {
		points = p.Apply(points)
	}
	for i := h.Bottom(); i < len(at); i++ { // no lower than it may be, as by itself
		j.keep(&Forecast{Point: points[i]}, series[at[i]])
	}
	points = h.BottomUp(points)
	for i, k := range at {
		fs[k].move(points[i])
		moved := fs[k]
		moved.Point = slices.Clone(points[i]) // which add up as they are
		j.keep(&moved, series[k])
		fs[k].widen(nil, nil)
	}
}

// keep keeps the forecast of a series within what its history can bear, and its limits. One that
// has not begun is none.
func (j *Job) keep(f *Forecast, s data.Series) {
	if !begun(s.Y) {
		f.hold(0)
		return
	}
	f.bound(s.Y)
	j.limit(s.ID, f)
}

// begun reports whether a history has any value.
func begun(history []float64) bool {
	return slices.ContainsFunc(history, func(v float64) bool { return !math.IsNaN(v) })
}

// move sets the points of f, and its bands and paths as far off as they were.
func (f *Forecast) move(points []float64) {
	for k, p := range points {
		by := p - f.Point[k]
		for _, b := range f.Bands {
			b.Lo[k] += by
			b.Hi[k] += by
		}
		for _, path := range f.Paths {
			path[k] += by
		}
	}
	f.Point = points
}

// addUp makes the forecasts of a back-test of a hierarchy add up as those of the model do, what is
// chosen or else the net, and scores them so; as they were they are Unreconciled. If the back-test
// has chosen, MinT knows at each origin what had come by then, and spread is that by all, for the
// model: nil for too large a hierarchy, or one that is not whole. A report that has chosen nothing,
// or only has what the model chose before, takes what the model has.
func (r *Report) addUp(j *Job, series []data.Series) (spread [][]float64, err error) {
	h, at, err := tree(len(j.Source.Hierarchy), series)
	if h == nil {
		return nil, err
	}
	name := r.Model
	if r.Choice != nil {
		name = j.Choose.String()
	}
	b := newTreeTest(r, j, h, at, series, name)
	p, err := j.projection(h)
	if err != nil {
		return nil, err
	}
	const most = 200_000 // numbers that a model file keeps
	learns := r.Choice != nil && r.Choice != j.Choice && j.Reconcile == MinT && len(h.Names)*h.Bottom() <= most
	for o := range b.folds {
		if learns && (o%r.Refit == 0 || len(h.Names) <= 200) {
			if p, err = h.MinT(b.errors(o)); err != nil {
				return nil, err
			}
		}
		if err := b.reconcile(o, p); err != nil {
			return nil, err
		}
	}
	for i, s := range r.Scores {
		if s.Model == name {
			r.Scores[i] = r.score(name, series)
		}
	}
	r.Scores = append(r.Scores, r.score(Unreconciled, series))
	if !learns {
		return nil, nil
	}
	if p, err = h.MinT(b.errors(r.Origins + r.Horizon)); err != nil {
		return nil, err
	}
	return p.Spread, nil
}

// A treeTest is the back-test of a hierarchy whose forecasts are made to add up.
type treeTest struct {
	report *Report
	job    *Job
	tree   *hierarchy.Hierarchy
	at     []int // places of its series
	series []data.Series
	folds  [][]*Fold // those of the model as they were: [origin][series of the hierarchy], nil for none
	places [][]int   // of these in the report
}

// newTreeTest finds the folds of the model of a name in a report.
func newTreeTest(r *Report, j *Job, h *hierarchy.Hierarchy, at []int, series []data.Series, model string) *treeTest {
	b := &treeTest{report: r, job: j, tree: h, at: at, series: series}
	for range r.Origins {
		b.folds, b.places = append(b.folds, make([]*Fold, len(at))), append(b.places, make([]int, len(at)))
	}
	place := make([]int, len(series))
	for i, k := range at {
		place[k] = i
	}
	for k, f := range r.Folds {
		if f.Model == model {
			o, i := (f.Origin-r.origin(series[f.Series], 0))/r.Stride, place[f.Series]
			f.Model = Unreconciled
			b.folds[o][i], b.places[o][i] = &f, k
		}
	}
	return b
}

// errors are those of the forecasts whose outcomes are known at an origin, [series][sample].
func (b *treeTest) errors(origin int) [][]float64 {
	r := b.report
	errs := make([][]float64, len(b.at))
	for i := range errs {
		errs[i] = make([]float64, r.Origins*r.Horizon)
		for k := range errs[i] {
			errs[i][k] = math.NaN()
		}
		for o, fs := range b.folds {
			for k := range min(max((origin-o)*r.Stride, 0), r.Horizon) {
				if f := fs[i]; f != nil {
					errs[i][o*r.Horizon+k] = f.Actual[k] - f.Forecast.Point[k]
				}
			}
		}
	}
	return errs
}

// reconcile makes the forecasts from an origin add up. Series that took no part, since they had
// hardly begun, are forecast as the model forecasts such.
func (b *treeTest) reconcile(origin int, p *hierarchy.Projection) error {
	r := b.report
	past, fs := make([]data.Series, len(b.series)), make([]Forecast, len(b.series))
	for i, k := range b.at {
		s := b.series[k]
		past[k] = s.Before(max(r.origin(s, origin), 0))
		if f := b.folds[origin][i]; f != nil {
			fs[k] = f.Forecast.clone()
			continue
		}
		var err error
		if fs[k], err = b.withoutNet(past[k]); err != nil {
			return err
		}
	}
	b.job.reconcile(b.tree, b.at, p, past, fs)
	for i, f := range b.folds[origin] {
		if f != nil {
			r.Folds[b.places[origin][i]].Forecast = fs[f.Series]
			r.Folds = append(r.Folds, *f)
		}
	}
	return nil
}

// withoutNet is the forecast of a series that no net learns from.
func (b *treeTest) withoutNet(s data.Series) (Forecast, error) {
	r := b.report
	if !begun(s.Y) {
		return NewForecast(r.Horizon, r.Levels), nil
	}
	j := *b.job
	j.Choice, j.Horizon, j.Season, j.Levels = nil, r.Horizon, r.Season, r.Levels
	return j.blend(Forecast{}, s.ID, s.Y)
}

// clone is a copy of f that shares nothing with it.
func (f Forecast) clone() Forecast {
	c := Forecast{Point: slices.Clone(f.Point)}
	for _, b := range f.Bands {
		c.Bands = append(c.Bands, Band{b.Level, slices.Clone(b.Lo), slices.Clone(b.Hi)})
	}
	for _, p := range f.Paths {
		c.Paths = append(c.Paths, slices.Clone(p))
	}
	return c
}

// A LevelScores are the scores of a level of a hierarchy, by model in the order of Report.Scores.
type LevelScores struct {
	Name   string // total, or the column that names the series of the level
	Series int    // series that took part
	Scores []Score
}

// ByLevel are the scores of each level of the hierarchy that columns name, the total first. The
// series are those of the back-test.
func (r *Report) ByLevel(columns []string, series []data.Series) []LevelScores {
	h, at, err := tree(len(columns), series)
	if h == nil || err != nil {
		return nil
	}
	level := make([]int, len(series))
	for i, k := range at {
		level[k] = h.Level(i)
	}
	all := make([][]*tally, len(columns)+1)
	for i := range all {
		all[i] = r.tallies()
	}
	took := make([]bool, len(series))
	r.each(series, func(model int, f Fold, s scales) {
		all[level[f.Series]][model].add(f, s)
		took[f.Series] = true
	})
	scores := scoresOf(all)
	levels := make([]LevelScores, len(all))
	for i, name := range append([]string{hierarchy.Total}, columns...) {
		levels[i] = LevelScores{Name: name, Scores: scores[i]}
	}
	for k, in := range took {
		if in {
			levels[level[k]].Series++
		}
	}
	return levels
}
