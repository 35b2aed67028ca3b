package forecast

import (
	"cmp"
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/calendar"
	"github.com/recur-go/recur/task/forecast/residual"
	"github.com/recur-go/recur/task/forecast/season"
)

// Holidays is the name of the effect of the public holidays of a Source in Components.
const Holidays = "holidays"

// Components takes a series from one of its values on apart into trend, the seasons that it has
// of those that the model's may be, and the effects of the holidays and covariates that the model
// has: season.Explain. They describe the history; what the net makes of a covariate is Importance.
// It gives nil for a series with neither seasons nor effects.
func Components(m Forecaster, s data.Series, from int) *season.Decomposition {
	j := m.Asked()
	y := Interpolate(s.Y[from:], j.Season)
	known := make([]bool, len(y))
	for t := range y {
		known[t] = !math.IsNaN(s.Y[from+t])
	}
	var periods []float64
	if j.Season > 1 {
		periods = season.Find(y, season.Candidates(j.Season))
	}
	beside := j.beside(s, from)
	if len(periods) == 0 && len(beside) == 0 {
		return nil
	}
	d, err := season.Explain(y, known, periods, beside)
	if err != nil || len(d.Seasons)+len(d.Effects) == 0 { // an error for less than the season needs
		return nil
	}
	return d
}

// Outliers are the values of a series from one of its values on that lie far from what is usual
// there: from trend, seasons and effects of d, which is what Components gives. Without a season
// they lie far from the values around them.
func Outliers(m Forecaster, s data.Series, from int, d *season.Decomposition) []residual.Outlier {
	y, effects := slices.Clone(s.Y[from:]), make([]float64, len(s.Y)-from)
	if d != nil {
		for _, e := range d.Effects {
			for t, v := range e.Y {
				effects[t] += v
				y[t] -= v
			}
		}
	}
	found := outliers(y, m.Asked().Season, d)
	for k := range found {
		o := &found[k]
		o.Usual += effects[o.At]
		o.At += from
	}
	return found
}

// outliers are those of y, whose season is of m steps. Of a series above 0 they are outliers of its
// logarithm too, so that a season that grows with the level makes none.
func outliers(y []float64, m int, d *season.Decomposition) []residual.Outlier {
	if d == nil || len(d.Periods) == 0 {
		return residual.Outliers(y, max(m, 1))
	}
	found, ok := beyond(y, m, d.Periods)
	if !ok {
		return residual.Outliers(y, m)
	}
	logs := make([]float64, len(y))
	for t, v := range y {
		if v <= 0 {
			return found
		}
		logs[t] = math.Log(v)
	}
	also, ok := beyond(logs, m, d.Periods)
	if !ok {
		return found
	}
	return slices.DeleteFunc(found, func(o residual.Outlier) bool {
		return !slices.ContainsFunc(also, func(l residual.Outlier) bool { return l.At == o.At })
	})
}

// beyond are the values of y far from its trend and seasons; ok is false if it has too few.
func beyond(y []float64, m int, periods []float64) (found []residual.Outlier, ok bool) {
	filled := Interpolate(y, m)
	steady, err := season.Steady(filled, periods)
	if err != nil {
		return nil, false
	}
	usual, repeats := make([]float64, len(y)), make([]float64, len(y))
	for t, v := range steady.Rest {
		usual[t] = filled[t] - v
		repeats[t] = usual[t] - steady.Trend[t]
	}
	return residual.Apart(y, usual, repeats), true
}

// Effects are the names of the effects that Components may find.
func Effects(m Forecaster) (names []string) {
	for _, p := range m.Asked().places() {
		if !slices.Contains(names, p.effect) {
			names = append(names, p.effect)
		}
	}
	return names
}

// A place is where the values of a covariate are.
type place struct {
	data.Covariate
	at     int // among those of its role
	effect string
}

// places are those of the covariates that have a value at each time, the holidays first. Dates,
// such as the day of the week, are left out: they are what seasons are of.
func (j *Job) places() []place {
	dates, days := j.fromCalendar()
	user := len(data.Select(j.Covariates, data.Known)) - dates - days
	var holidays, others []place
	count := map[data.Role]int{}
	for _, c := range j.Covariates {
		at := count[c.Role]
		count[c.Role]++
		switch {
		case c.Role == data.Past, c.Role == data.Known && at < user:
			others = append(others, place{c, at, c.Name})
		case c.Role == data.Known && at >= user+dates:
			holidays = append(holidays, place{c, at, Holidays})
		}
	}
	return append(holidays, others...)
}

// fromCalendar is how many known covariates, after those of files, are dates, and how many, after
// these, are holidays.
func (j *Job) fromCalendar() (dates, holidays int) {
	step, err := data.ParseFreq(j.Step)
	if err != nil {
		return 0, 0
	}
	all, err := calendar.Features(step, j.Calendar, j.Holidays...)
	if err != nil {
		return 0, 0
	}
	if days, err := calendar.Features(step, false, j.Holidays...); err == nil {
		holidays = len(days)
	}
	return len(all) - holidays, holidays
}

// beside is what stands beside a series from one of its values on.
func (j *Job) beside(s data.Series, from int) (all []season.Beside) {
	for _, p := range j.places() {
		of := s.Known
		if p.Role == data.Past {
			of = s.Past
		}
		if p.at >= len(of) || len(of[p.at]) < len(s.Y) {
			continue
		}
		x := of[p.at][from:len(s.Y)]
		b := season.Beside{Name: p.effect, Columns: [][]float64{x}, Bends: true}
		switch n := len(all); {
		case p.effect == Holidays && n > 0 && all[n-1].Name == Holidays:
			all[n-1].Columns = append(all[n-1].Columns, x)
			continue
		case p.effect == Holidays, flags(x):
			b.Bends, b.Days = false, true
		case p.Categories != nil:
			b.Columns, b.Bends = indicators(x), false
		}
		all = append(all, b)
	}
	return all
}

// flags reports whether all values are 0 or 1, as those of promotions.
func flags(x []float64) bool {
	return !slices.ContainsFunc(x, func(v float64) bool { return v != 0 && v != 1 && !math.IsNaN(v) })
}

// indicators are columns for each of the categories that are found most often but the first of
// these, at most 15.
func indicators(x []float64) (columns [][]float64) {
	count := map[float64]int{}
	for _, v := range x {
		if !math.IsNaN(v) {
			count[v]++
		}
	}
	var order []float64
	for v := range count {
		order = append(order, v)
	}
	slices.SortFunc(order, func(a, b float64) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	for _, c := range order[min(1, len(order)):min(16, len(order))] {
		column := make([]float64, len(x))
		for t, v := range x {
			switch {
			case math.IsNaN(v):
				column[t] = v
			case v == c:
				column[t] = 1
			}
		}
		columns = append(columns, column)
	}
	return columns
}
