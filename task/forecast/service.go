package forecast

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
)

// FitTable trains a model of a preset on series in memory as the task does on those of files: it
// back-tests the method on them, chooses by that what each is forecast by, and trains on all. The
// zero Job but for the Preset means the defaults, and season and horizon are found by the table.
func FitTable(ctx context.Context, s Settings, t *data.Table, o task.Options) (*Trained, error) {
	if s == nil {
		return nil, errors.New("forecast: there are no settings: begin with those of Preset")
	}
	if err := tableInMemory(t); err != nil {
		return nil, err
	}
	own := *t // notes and the calendar are put into it, and what is known in advance is masked
	own.Series, own.Notes = slices.Clone(t.Series), slices.Clone(t.Notes)
	for i := range own.Series {
		known := &own.Series[i].Known
		*known = slices.Clone(*known)
		for k, x := range *known {
			(*known)[k] = slices.Clone(x)
		}
	}
	r := &run{settings: copyOf(s), options: o, table: &own}
	m, err := r.fit(ctx)
	return m, AsData(err, r.name())
}

// Open reads a model that was saved, of any preset whose package is imported.
func Open(path string) (*Trained, error) {
	m, err := LoadAny(path)
	if err != nil {
		return nil, err
	}
	return &Trained{Forecaster: m}, nil
}

// An Outlook is the forecast of a series with its times.
type Outlook struct {
	ID    string      `json:"unique_id,omitempty"`
	Times []data.Time `json:"ds"` // one for each step
	Forecast
}

// Ahead forecasts the steps after each of the series, which have a Start and a Freq.
func (m *Trained) Ahead(ctx context.Context, series ...data.Series) ([]Outlook, error) {
	for _, s := range series {
		if s.Freq == (data.Freq{}) {
			return nil, fmt.Errorf("forecast: series%s has no frequency to count times by: set its Start and Freq, or use Predict", quoted(s.ID))
		}
		if err := timesInMemory(s); err != nil {
			return nil, err
		}
	}
	fs, err := m.Predict(ctx, series...)
	if err != nil {
		return nil, err
	}
	all := make([]Outlook, len(series))
	for i, s := range series {
		all[i] = Outlook{ID: s.ID, Forecast: fs[i]}
		for k := range fs[i].Point {
			all[i].Times = append(all[i].Times, s.Time(len(s.Y)+k))
		}
	}
	return all, nil
}

// tableInMemory reports what a table that was not read from a file has wrong: without series, or with
// two of a name.
func tableInMemory(t *data.Table) error {
	if t == nil || len(t.Series) == 0 {
		return errors.New("forecast: there is no table, or it has no series")
	}
	seen := map[string]int{}
	for i, s := range t.Series {
		if at, ok := seen[s.ID]; ok {
			return &data.Error{File: t.Name, Reason: fmt.Sprintf("series %d and %d have the same ID, %q", at, i, s.ID), Hint: "give each series an ID of its own"}
		}
		seen[s.ID] = i
		if err := timesInMemory(s); err != nil {
			return AsData(err, t.Name)
		}
	}
	return nil
}

// timesInMemory reports a series whose times cannot be counted. Without a frequency it has none.
func timesInMemory(s data.Series) error {
	const reads = "such as by data.ParseFreq, which reads D, M or 15min"
	switch f := s.Freq; {
	case f == (data.Freq{}):
	case f.N < 1:
		return fmt.Errorf("forecast: the frequency of series%s has no number of units (Freq.N): set it, %s", quoted(s.ID), reads)
	case f.Unit == data.Index:
		if !s.Start.IsIndex && !s.Start.At.IsZero() {
			return fmt.Errorf("forecast: series%s starts at %v, but its frequency counts indices: set Freq, %s", quoted(s.ID), s.Start, reads)
		}
	case s.Start.IsIndex || s.Start.At.IsZero():
		return fmt.Errorf("forecast: series%s has a frequency, but does not start at a date: set Start, such as by data.ParseTime", quoted(s.ID))
	}
	return nil
}
