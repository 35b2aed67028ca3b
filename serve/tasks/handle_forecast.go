package tasks

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/task/forecast"
)

// maxSeries is the most series of a request.
const maxSeries = 1000

type seriesQuery struct {
	ID     string           `json:"id"`
	Values []*float64       `json:"values"` // null where missing
	Start  string           `json:"start"`  // time of the first
	Freq   string           `json:"freq"`   // default that of the model
	Past   map[string][]any `json:"past"`   // covariates by name: numbers, texts or null
	Known  map[string][]any `json:"known"`
	Static map[string]any   `json:"static"`
}

type forecastQuery struct {
	Model string `json:"model"`
	seriesQuery
	Series  []seriesQuery `json:"series"` // in place of values
	Horizon int           `json:"horizon"`
	Levels  []float64     `json:"levels"`
}

type bandJSON struct {
	Level float64    `json:"level"`
	Lo    []*float64 `json:"lo"`
	Hi    []*float64 `json:"hi"`
}

type forecastJSON struct {
	ID    string      `json:"id,omitempty"`
	Dates []data.Time `json:"dates,omitempty"`
	Mean  []*float64  `json:"mean"`
	Bands []bandJSON  `json:"bands"`
}

// forecast is for POST /v1/forecast.
func (h *handler) forecast(ctx context.Context, q *forecastQuery) (any, error) {
	m, t, err := find[*forecast.Trained](h, q.Model, "forecast", nil)
	if err != nil {
		return nil, err
	}
	j := t.Asked()
	list := q.Series
	switch {
	case q.Series != nil && q.Values != nil:
		return nil, invalid("the request has both values and series; give one series as values, or several as series")
	case q.Series == nil && q.Values == nil:
		return nil, invalid(`the request has no values: {"values": [112, 118, 132], "start": "1949-01", "freq": "M"}`)
	case q.Series == nil:
		list = []seriesQuery{q.seriesQuery}
	case len(list) == 0 || len(list) > maxSeries:
		return nil, invalid("there are %d series, want 1 to %d", len(list), maxSeries)
	}
	if q.Horizon < 0 || q.Horizon > j.Horizon {
		return nil, invalid("horizon is %d, but model '%s' forecasts 1 to %d steps; train one for more", q.Horizon, m.Name, j.Horizon)
	}
	fm := t.Forecaster
	if len(q.Levels) > 0 {
		if fm, err = withLevels(m.Name, fm, q.Levels); err != nil {
			return nil, err
		}
	}
	table := &data.Table{Name: "the request"}
	for i := range list {
		s, err := list[i].series(j)
		if err != nil {
			if len(list) > 1 {
				err = fmt.Errorf("series %d: %w", i+1, err)
			}
			return nil, refused(ctx, err)
		}
		table.Series = append(table.Series, s)
	}
	if len(j.Covariates) > 0 {
		for _, c := range j.Covariates {
			if own(j, c) {
				table.Covariates = append(table.Covariates, c)
			}
		}
		if err := j.Prepare(table, j.Horizon); err != nil {
			return nil, refused(ctx, err)
		}
		if err := table.Recode(j.Covariates); err != nil {
			return nil, refused(ctx, err)
		}
	}
	fs, err := fm.Predict(ctx, table.Series...)
	if err != nil {
		return nil, refused(ctx, err)
	}
	n := cmp.Or(q.Horizon, j.Horizon)
	made := make([]forecastJSON, len(fs))
	for i, f := range fs {
		made[i] = tellForecast(&table.Series[i], f, min(n, len(f.Point)))
	}
	if q.Series == nil {
		return struct {
			Model string `json:"model"`
			forecastJSON
		}{m.Name, made[0]}, nil
	}
	return struct {
		Model     string         `json:"model"`
		Forecasts []forecastJSON `json:"forecasts"`
	}{m.Name, made}, nil
}

func withLevels(name string, m forecast.Forecaster, levels []float64) (forecast.Forecaster, error) {
	for _, l := range levels {
		if !(l > 0 && l < 1) {
			return nil, invalid("a level is %v, want more than 0 and less than 1, such as 0.8", l)
		}
	}
	by, ok := m.(forecast.WithLevels)
	if !ok {
		return nil, &serve.Error{Class: serve.Unsupported, Text: fmt.Sprintf("model '%s' has bands of the levels %v alone; leave levels out", name, m.Asked().Levels)}
	}
	levels = slices.Clone(levels)
	slices.Sort(levels)
	if levels = slices.Compact(levels); len(levels) > 20 {
		return nil, invalid("there are %d levels, want at most 20", len(levels))
	}
	return by.WithLevels(levels), nil
}

func tellForecast(s *data.Series, f forecast.Forecast, n int) forecastJSON {
	out := forecastJSON{ID: s.ID, Mean: finites(f.Point[:n]), Bands: []bandJSON{}}
	if s.Freq != (data.Freq{}) {
		for k := range n {
			out.Dates = append(out.Dates, s.Time(len(s.Y)+k))
		}
	}
	for _, b := range f.Bands {
		out.Bands = append(out.Bands, bandJSON{b.Level, finites(b.Lo[:n]), finites(b.Hi[:n])})
	}
	return out
}

// series makes a series for a model.
func (q *seriesQuery) series(of *forecast.Job) (s data.Series, err error) {
	s.ID = q.ID
	for _, v := range q.Values {
		if v == nil {
			s.Y = append(s.Y, math.NaN())
			continue
		}
		s.Y = append(s.Y, *v)
	}
	if !slices.ContainsFunc(s.Y, func(v float64) bool { return v == v }) {
		return s, invalid("a series has no values")
	}
	switch {
	case q.Start != "":
		if s.Start, err = data.ParseTime(q.Start); err != nil {
			return s, fmt.Errorf("start: %w", err)
		}
		freq := cmp.Or(q.Freq, of.Step)
		if freq == "" {
			return s, invalid(`a series has a start, but the step from one time to the next is not known: give it, such as "freq": "D"`)
		}
		if s.Freq, err = data.ParseFreq(freq); err != nil {
			return s, fmt.Errorf("freq: %w", err)
		}
		if s.Start.IsIndex != (s.Freq.Unit == data.Index) {
			return s, invalid("start is %s and freq %s, but one is a date and the other counts", cut(q.Start, 40), s.Freq.Name())
		}
	case q.Freq != "":
		return s, invalid(`a series has a freq, but no start: give the time of its first value, such as "start": "2024-01"`)
	}
	return s, q.covariates(of, &s)
}
