package forecast

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/task"
)

// Trained is a Forecaster as the model of the task. What Fit has read and found out is there
// until it is saved and loaded.
type Trained struct {
	Forecaster
	Table    *data.Table   // table that was read
	Series   []data.Series // series that take part
	Left     []string      // IDs of those that do not
	Backtest *Report       // back-test of the method; nil for none
	Worth    []Worth       // what each covariate is worth, with a back-test

	held []data.Series // after Fit: series to score it on, whose last part it was not trained on; nil for none
}

// ReadFor reads files by a source for a model, with the covariates that it has, and makes their
// series ready to be forecast so many steps ahead: if that is negative, as many as the rows without
// a value at the end ask for (Table.Horizon), at most the model's horizon, which is taken without
// such rows. Files with another step of time than the model's are an error.
func ReadFor(m Forecaster, s Source, ahead int, files ...string) (*data.Table, error) {
	return readFor(m.Asked(), s, ahead, files...)
}

// readFor is ReadFor for a model that is made for j.
func readFor(j *Job, s Source, ahead int, files ...string) (*data.Table, error) {
	s.single = s.ID == j.Source.ID
	t, err := s.readAll(files)
	if err != nil {
		return nil, err
	}
	if e := j.differs(t.Series[0]); e != nil {
		return nil, &data.Error{File: t.Name, Reason: fmt.Sprintf("its times are %s, but the model was trained on %s times", e.Step.Name(), e.Trained.Name()),
			Hint: fmt.Sprintf("train a model for it or, if its times are %s, pass --freq %s", e.Trained.Name(), j.Step)}
	}
	most := ahead
	if ahead < 0 {
		most, ahead = j.Horizon, j.Horizon
		if t.Horizon > 0 {
			ahead = min(ahead, t.Horizon)
		}
	}
	if ahead > 0 && t.Horizon > most {
		t.Notes = append(t.Notes, fmt.Sprintf("the file asks for %d steps, but the model forecasts %d", t.Horizon, most))
	}
	if err := s.override(t, ahead); err != nil {
		return nil, err
	}
	if err := s.Prepare(t, ahead); err != nil {
		return nil, err
	}
	j.noteOutside(t)
	j.noteSeasonless(t)
	return t, t.Recode(j.Covariates)
}

// noteSeasonless notes the series of a table that are too short to show the model's season.
func (j *Job) noteSeasonless(t *data.Table) {
	const cycles = 2 // that show a season
	var short []string
	for _, s := range t.Series {
		if len(s.Y) < cycles*j.Season && !constant(s.Y) {
			short = append(short, s.ID)
		}
	}
	switch {
	case j.Season < 2 || short == nil:
	case len(t.Series) == 1:
		t.Notes = append(t.Notes, fmt.Sprintf("the %d values are less than two seasons of %d steps, so that the forecast may have none: give the past of the series too", len(t.Series[0].Y), j.Season))
	default:
		t.Notes = append(t.Notes, fmt.Sprintf("of less than two seasons of %d steps, so that the forecast may have none: %s", j.Season, listed(short)))
	}
}

// Evaluate forecasts the last part of each series of files.
func (m *Trained) Evaluate(ctx context.Context, files ...string) (*task.Result, error) {
	source := m.Asked().Source
	source.KeepOutliers = true // a test is of all values
	t, err := ReadFor(m.Forecaster, source, 0, files...)
	if err != nil {
		return nil, err
	}
	r, err := m.score(ctx, t.Series)
	var short *shortError
	if errors.As(err, &short) {
		short.hint = "give longer series"
	}
	return r, AsData(err, t.Name)
}

// Report implements task.Reporter: it is the back-test, if there was one, else the scores on
// what was held out or is to validate on.
func (m *Trained) Report(ctx context.Context) (*task.Result, error) {
	switch {
	case m.Backtest != nil:
		return m.Backtest.result(), nil
	case m.held != nil:
		return m.score(ctx, m.held)
	}
	return &task.Result{Scores: task.Scores{}}, nil
}

// score scores the model on the last part of series.
func (m *Trained) score(ctx context.Context, series []data.Series) (*task.Result, error) {
	rep, err := Evaluate(ctx, m.Forecaster, m.Asked().plan(), series...)
	if err != nil {
		return nil, err
	}
	return rep.result(), nil
}

// result is the report as that of the task.
func (rep *Report) result() *task.Result {
	r := &task.Result{Scores: task.Scores{}, Text: rep.Verdict() + "\n"}
	part := task.Part{Title: "Beside the baselines", Head: []string{"model", "MASE", "sMAPE", "RMSSE", "WAPE", "MSIS"},
		Note: fmt.Sprintf("Mean over forecasts of %s from %s of each series. %s", setting.Plural(rep.Horizon, "step"), setting.Plural(rep.Origins, "origin"), rep.Verdict())}
	for i, s := range rep.Scores {
		if i == 0 {
			r.Scores["mase"], r.Scores["smape"], r.Scores["rmsse"], r.Scores["wape"], r.Scores["msis"] = s.MASE, s.SMAPE, s.RMSSE, s.WAPE, s.MSIS
			r.Scores["bias"], r.Scores["pinball"], r.Scores["crps"] = s.Bias, s.Pinball, s.CRPS
			for j, l := range rep.Levels {
				r.Scores[strings.ReplaceAll(fmt.Sprintf("coverage_%g", 100*l), ".", "_")] = s.Coverage[j]
			}
		} else {
			r.Scores[s.Model+"_mase"] = s.MASE
		}
		row := []string{s.Model}
		for _, v := range []float64{s.MASE, s.SMAPE, s.RMSSE, s.WAPE, s.MSIS} {
			row = append(row, fmt.Sprintf("%.3f", v))
		}
		part.Rows = append(part.Rows, row)
	}
	for name, v := range r.Scores {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			delete(r.Scores, name)
		}
	}
	r.Parts = append(r.Parts, part)
	return r
}
