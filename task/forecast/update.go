package forecast

import (
	"context"
	"strconv"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task"
)

// Update is m trained further on series that have grown since, faster than anew: those of a table
// that was read for it (see ReadFor), with their past. What the model, as it was, has forecast of
// the new values and what came are the back-test; where
// they fill three horizons, or nothing had been chosen, they choose what each series is forecast by.
func (m *Trained) Update(ctx context.Context, o task.Options, t *data.Table) (*Trained, error) {
	net := NetOf(m.Forecaster)
	j := net.Asked()
	by, ok := net.(Refitter)
	if !ok {
		return nil, fault.Errorf(fault.Usage, "forecast: a model of preset %s cannot be trained further: train a new one (leave out --update and --model)", j.Preset)
	}
	again := &Trained{Table: t}
	var err error
	if again.Series, again.Left, err = Usable(t); err != nil {
		return nil, err
	}
	if j.Until == "" {
		return nil, fault.Errorf(fault.Usage, "forecast: the model does not tell up to when it has been trained: train a new one (leave out --update and --model)")
	}
	grown := j.grown(again.Series)
	if grown == 0 {
		return nil, &data.Error{File: t.Name, Reason: "no series has values after " + j.Until + ", up to which the model has been trained", Hint: "give the series with their new values, or leave out --update"}
	}
	if again.Backtest, err = m.since(ctx, grown, again.Series); err != nil {
		return nil, err
	}
	fitted, err := by.Refit(ctx, o, again.Series...)
	if err != nil {
		return nil, err
	}
	job := fitted.Asked()
	job.Until = until(again.Series)
	if b := again.Backtest; b != nil {
		if j.Choice != nil && (len(j.Choice.Series) == 0 || (b.Origins-1)*b.Stride >= 2*b.Horizon) {
			job.Choice = b.Choose(j.Choose, again.Series...)
		}
		spread, err := b.addUp(j, again.Series)
		if err != nil {
			return nil, err
		}
		if b.Choice != nil {
			job.Choice.Spread = spread
		}
	}
	again.Forecaster = choosing(fitted)
	return again, nil
}

// since is the back-test of the model on the last values, grown in number, which it has not seen;
// nil if they are fewer than a horizon.
func (m *Trained) since(ctx context.Context, grown int, series []data.Series) (*Report, error) {
	net := NetOf(m.Forecaster)
	j := net.Asked()
	room := grown - j.Horizon
	if room < 0 {
		return nil, nil
	}
	p := Plan{Stride: min(max(room/23, 1), j.Horizon)}
	p.Origins = min(room/p.Stride+1, 24)
	if p.Check(j, series...) != nil {
		return nil, nil
	}
	return evaluate(ctx, net, p, series)
}

// until is the last time of series, "" if they have none.
func until(series []data.Series) string {
	var last data.Time
	for i := range series {
		if s := &series[i]; s.Freq.N == 0 || len(s.Y) == 0 {
			return ""
		} else if end := s.Time(len(s.Y) - 1); i == 0 || last.Before(end) {
			last = end
		}
	}
	return last.String()
}

// grown is how many steps the longest of the series has after the training.
func (j *Job) grown(series []data.Series) int {
	s := Longest(series)
	if len(s.Y) == 0 || s.Freq.N == 0 {
		return 0
	}
	was, err := data.ParseTime(j.Until)
	if s.Start.IsIndex { // where a number may read like a year
		was.IsIndex = true
		was.Index, err = strconv.ParseInt(j.Until, 10, 64)
	}
	if err != nil {
		return 0
	}
	n, _ := s.Freq.Between(was, s.Time(len(s.Y)-1))
	return max(n, 0)
}
