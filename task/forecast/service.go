package forecast

import (
	"context"
	"fmt"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
)

// FitTable trains a model of a preset on series in memory as the task does on those of files: it
// back-tests the method on them, chooses by that what each is forecast by, and trains on all. The
// zero Job but for the Preset means the defaults, and season and horizon are found by the table.
func FitTable(ctx context.Context, s Settings, t *data.Table, o task.Options) (*Trained, error) {
	own := *t // notes and the calendar are put into it
	own.Series, own.Notes = slices.Clone(t.Series), slices.Clone(t.Notes)
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
