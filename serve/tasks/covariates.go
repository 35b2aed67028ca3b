package tasks

import (
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task/forecast"
)

// own reports whether a covariate of a model comes with the series, and not from the calendar.
func own(j *forecast.Job, c data.Covariate) bool {
	switch c.Role {
	case data.Past:
		return slices.Contains(j.Past, c.Name)
	case data.Known:
		return slices.Contains(j.Known, c.Name)
	}
	return slices.Contains(j.Static, c.Name)
}

// covariates takes those of a request that the model has.
func (q *seriesQuery) covariates(j *forecast.Job, s *data.Series) error {
	if len(j.Covariates) > 0 && s.Freq == (data.Freq{}) && (j.Calendar || len(j.Holidays) > 0) {
		return invalid(`the model reads the calendar: give the time of the first value, such as "start": "2024-01-01"`)
	}
	n := len(s.Y)
	for _, c := range j.Covariates {
		if !own(j, c) {
			continue
		}
		if c.Role == data.Static {
			v, ok := q.Static[c.Name]
			if !ok {
				return invalid("the model needs the covariate %s: give it in static", c.Name)
			}
			x, err := level(c, v)
			if err != nil {
				return err
			}
			s.Static = append(s.Static, x)
			continue
		}
		from, want := q.Past, n
		if c.Role == data.Known {
			from, want = q.Known, n+j.Horizon
		}
		given, ok := from[c.Name]
		switch {
		case !ok:
			return invalid("the model needs the covariate %s: give it in %s, with %d values", c.Name, c.Role, want)
		case len(given) != want:
			return invalid("covariate %s has %d values, want %d: %d of the past, and for what is known as many as the model's horizon, %d", c.Name, len(given), want, n, j.Horizon)
		}
		x := make([]float64, len(given))
		for i, v := range given {
			var err error
			if x[i], err = level(c, v); err != nil {
				return err
			}
		}
		if c.Role == data.Past {
			s.Past = append(s.Past, x)
		} else {
			s.Known = append(s.Known, x)
		}
	}
	return nil
}

// level is a value of a covariate as a number.
func level(c data.Covariate, v any) (float64, error) {
	switch v := v.(type) {
	case nil:
		return math.NaN(), nil
	case float64:
		if c.Categories == nil {
			return v, nil
		}
	case string:
		if i := slices.Index(c.Categories, v); i >= 0 {
			return float64(i), nil
		}
		if c.Categories != nil {
			return 0, invalid("covariate %s is '%s', which the model has not seen", c.Name, cut(v, 64))
		}
	}
	return 0, invalid("covariate %s has a value that is not of its kind: it holds %s", c.Name, map[bool]string{true: "numbers", false: "texts"}[c.Categories == nil])
}
