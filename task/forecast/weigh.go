package forecast

import (
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
)

// A weigher finds the shares of models by their errors in a back-test:
//
//	share ∝ prior · (error / least error)^-p,  p = 8·windows/(windows + 3)
//
// where windows is how many of the size of the horizon the errors fill: the more has been seen,
// the more the errors count beside the prior. With several series, errors are shrunk to those of
// all. Bates & Granger 1969 weigh forecasts by their errors; Smith & Wallis 2009 have why shares
// near to equal ones are hard to beat.
type weigher struct {
	how     Choose
	report  *Report
	models  []string
	prior   []float64
	series  []int             // indices of the series, in order
	origins int               // number of origins
	folds   map[int][][]*Fold // folds of a series: [origin][model]
	squared map[int]bool      // series whose errors are squared, since they are intermittent
}

// priors are the shares of models that nothing is known of, in proportion. The net, the first,
// is unlike the others, of which four are good on most series and err alike; the simplest
// methods are seldom good. They were set on series of the M competitions and others that
// bench/forecast does not hold. A net that is told more than a series' own past, covariates,
// counts three times as much: nothing else knows of them.
func priors(models []string, told bool) []float64 {
	p := make([]float64, len(models))
	for i, name := range models {
		switch name {
		case "naive", "drift", "seasonal_naive":
			p[i] = 0.2
		case "theta": // much the same as dotm
			p[i] = 0.3
		default:
			p[i] = 1
		}
	}
	if p[0] = 2; told {
		p[0] = 6
	}
	return p
}

// told reports whether series have covariates.
func told(series []data.Series) bool {
	return slices.ContainsFunc(series, func(s data.Series) bool { return len(s.Past)+len(s.Known)+len(s.Static) > 0 })
}

func newWeigher(r *Report, how Choose, series []data.Series) *weigher {
	w := &weigher{how: how, report: r, models: candidates(r.Model, r.Season), origins: r.Origins, folds: map[int][][]*Fold{}, squared: map[int]bool{}}
	w.prior = priors(w.models, told(series))
	first := map[int]int{}
	for _, f := range r.Folds {
		if at, ok := first[f.Series]; !ok || f.Origin < at {
			first[f.Series] = f.Origin
		}
	}
	for i := range r.Folds {
		f := &r.Folds[i]
		at := slices.Index(w.models, f.Model)
		if at < 0 {
			continue
		}
		if w.folds[f.Series] == nil {
			w.series = append(w.series, f.Series)
			w.folds[f.Series] = make([][]*Fold, w.origins)
			for j := range w.origins {
				w.folds[f.Series][j] = make([]*Fold, len(w.models))
			}
		}
		w.folds[f.Series][(f.Origin-first[f.Series])/r.Stride][at] = f
	}
	slices.Sort(w.series)
	for _, s := range w.series {
		w.squared[s] = Intermittent(series[s].Y[:first[s]])
	}
	return w
}

// steps is how many steps of what came after origin i are known at origin j.
func (w *weigher) steps(i, j int) int {
	return min(max((j-i)*w.report.Stride, 0), w.report.Horizon)
}

// all is an origin at which all outcomes are known.
func (w *weigher) all() int { return w.origins + w.report.Horizon }

// windows is how many windows of the size of the horizon the outcomes known at origin j fill.
func (w *weigher) windows(j int) float64 {
	r := w.report
	return float64(min(j*r.Stride, (w.origins-1)*r.Stride+r.Horizon)) / float64(r.Horizon)
}

// errors are the mean absolute errors of the models in what is known of a series at origin j, or
// the roots of the mean squares if it is intermittent; nil if there are none.
func (w *weigher) errors(series, j int) []float64 {
	sum, count := make([]float64, len(w.models)), 0
	for i, fs := range w.folds[series] {
		for k, y := range fs[0].Actual[:w.steps(i, j)] {
			if math.IsNaN(y) {
				continue
			}
			count++
			for i, f := range fs {
				e := math.Abs(y - f.Forecast.Point[k])
				if w.squared[series] {
					e *= e
				}
				sum[i] += e
			}
		}
	}
	if count == 0 {
		return nil
	}
	for i := range sum {
		if sum[i] /= float64(count); w.squared[series] {
			sum[i] = math.Sqrt(sum[i])
		}
	}
	return sum
}

// logs are the logarithms of errors over the least of them. One that is next to nothing beside
// the largest counts as such.
func logs(errors []float64) []float64 {
	most := slices.Max(errors)
	if most == 0 {
		return make([]float64, len(errors))
	}
	l := make([]float64, len(errors))
	for i, e := range errors {
		l[i] = math.Log(max(e, 1e-9*most))
	}
	least := slices.Min(l)
	for i := range l {
		l[i] -= least
	}
	return l
}

// weighed are the shares of each series, by index, by what is known at origin j; and those of
// others, by all series.
func (w *weigher) weighed(j int) (of map[int][]float64, others []float64) {
	const pull = 4 // windows that the errors of all series count as beside those of one
	own := map[int][]float64{}
	all := make([]float64, len(w.models))
	for _, s := range w.series {
		if e := w.errors(s, j); e != nil {
			own[s] = logs(e)
			for i, l := range own[s] {
				all[i] += l
			}
		}
	}
	for i := range all {
		all[i] /= float64(max(len(own), 1))
	}
	windows := w.windows(j)
	total := windows * float64(len(own))
	of = map[int][]float64{}
	for _, s := range w.series {
		l, seen := own[s], windows
		if l == nil {
			l, seen = make([]float64, len(w.models)), 0
		}
		mine := make([]float64, len(l))
		others := min(pull, total-seen)
		for i := range l {
			mine[i] = l[i]
			if seen+others > 0 {
				mine[i] = (seen*l[i] + others*all[i]) / (seen + others)
			}
		}
		of[s] = w.shares(mine, seen+others)
	}
	return of, w.shares(all, min(total, 4*pull))
}

// shares are those by the logarithms of errors of so many windows.
func (w *weigher) shares(logs []float64, windows float64) []float64 {
	if w.how == Best && windows > 0 {
		s := make([]float64, len(logs))
		s[least(logs)] = 1
		return s
	}
	return shares(w.prior, logs, windows)
}

func least(v []float64) int { return slices.Index(v, slices.Min(v)) }

// shares are the weights of a blend; logs is nil without a back-test.
func shares(prior, logs []float64, windows float64) []float64 {
	const (
		most   = 8    // the highest power
		half   = 3    // windows at which half of it is reached
		little = 0.04 // shares below it are none
	)
	s := slices.Clone(prior)
	if windows > 0 {
		for i := range s {
			if s[i] *= math.Exp(-most * windows / (windows + half) * logs[i]); slices.Contains(logs[:i], logs[i]) {
				s[i] = 0 // the same forecasts by another name, such as of a season that is not there
			}
		}
	}
	for _, floor := range []float64{0, little} {
		var sum float64
		for i := range s {
			if s[i] < floor {
				s[i] = 0
			}
			sum += s[i]
		}
		for i := range s {
			s[i] /= sum
		}
	}
	return s
}

// rehearse makes the forecasts from each origin by what was known at the time.
func (w *weigher) rehearse() (folds []Fold) {
	for j := range w.origins {
		of, _ := w.weighed(j)
		widen := w.widths(of, j)
		for _, s := range w.series {
			fs := w.folds[s][j]
			folds = append(folds, Fold{w.how.String(), s, fs[0].Origin, blend(forecasts(fs), Shares{Of: of[s], Widen: widen[s]}, w.report.Levels), fs[0].Actual})
		}
	}
	return folds
}

func forecasts(fs []*Fold) []Forecast {
	all := make([]Forecast, len(fs))
	for i, f := range fs {
		all[i] = f.Forecast
	}
	return all
}

// final are the shares of each series by all that is known, and those of series that were not in
// the back-test. A blend that lost in the rehearsal, by more than chance may be, gives way to the
// single best.
func (w *weigher) final(rehearsed []Fold) (of map[int]Shares, others Shares) {
	shares, all := w.weighed(w.all())
	by := map[int][]Fold{}
	for _, f := range rehearsed {
		by[f.Series] = append(by[f.Series], f)
	}
	for _, s := range w.series {
		if e := w.errors(s, w.all()); e != nil && slices.Max(shares[s]) < 1 && w.lost(s, least(e), by[s]) {
			shares[s] = make([]float64, len(e))
			shares[s][least(e)] = 1
		}
	}
	widen := w.widths(shares, w.all())
	of = map[int]Shares{}
	for _, s := range w.series {
		why := Won
		if slices.Max(shares[s]) == 1 {
			why = Single
		}
		if w.how == Best {
			why = Least
		}
		of[s] = Shares{shares[s], widen[s], why}
	}
	others = Shares{Of: all, Widen: make([]float64, len(w.report.Levels)), Why: Untested}
	for l := range others.Widen { // the median of the series' own
		var f []float64
		for _, s := range w.series {
			f = append(f, widen[s][l])
		}
		others.Widen[l] = quantile.Median(f)
	}
	return of, others
}

// lost reports whether the rehearsed forecasts of a series have larger errors than model i, by
// more than twice the deviation of the mean difference. Windows that overlap count as one.
func (w *weigher) lost(series, i int, rehearsed []Fold) bool {
	var d []float64
	for j, f := range rehearsed {
		loss := MAE
		if w.squared[series] {
			loss = MSE
		}
		if a, b := loss(f.Actual, f.Forecast.Point), loss(f.Actual, w.folds[series][j][i].Forecast.Point); !math.IsNaN(a - b) {
			d = append(d, a-b)
		}
	}
	n := w.windows(w.all()) * float64(len(d)) / float64(len(rehearsed))
	if n < 3 {
		return false
	}
	m := known(d)
	var ss float64
	for _, v := range d {
		ss += (v - m) * (v - m)
	}
	return m > 2*math.Sqrt(ss/float64(len(d))/n)
}
