package forecast

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task"
)

// Update is m trained further on series that have grown since, faster than anew: those of a table
// that was read for it (see ReadFor), with their past. What the model, as it was, has forecast of
// the new values and what came are the back-test, of what was chosen too; where they fill three
// horizons, or nothing had been chosen, they choose what each of their series is forecast by.
func (m *Trained) Update(ctx context.Context, o task.Options, t *data.Table) (*Trained, error) {
	net := NetOf(m.Forecaster)
	j := net.Asked()
	by, ok := net.(Refitter)
	if !ok {
		return nil, fault.Errorf(fault.Usage, "forecast: a model of preset %s cannot be trained further: train a new one (leave out --update and --model)", j.Preset)
	}
	if err := tableInMemory(t); err != nil {
		return nil, err
	}
	again := &Trained{Table: t}
	var err error
	if again.Series, again.Left, err = Usable(t); err != nil {
		return nil, err
	}
	if j.Until == "" {
		return nil, fault.Errorf(fault.Usage, "forecast: the model does not tell up to when it has been trained: train a new one (leave out --update and --model)")
	}
	if err := j.goesOn(t.Name, again.Series); err != nil {
		return nil, err
	}
	choice, err := m.since(ctx, again)
	if err != nil {
		return nil, err
	}
	fitted, err := by.Refit(ctx, o, again.Series...)
	if err != nil {
		return nil, err
	}
	job := fitted.Asked()
	job.Choice = choice
	job.ended(again.Series)
	again.Forecaster = choosing(fitted)
	return again, nil
}

// since back-tests the model on the values of the series of again that it has not seen, unless
// they are fewer than a horizon, and gives what is to be chosen then.
func (m *Trained) since(ctx context.Context, again *Trained) (*Choice, error) {
	net, series := NetOf(m.Forecaster), again.Series
	j := net.Asked()
	grown := j.grown(series)
	room := slices.Max(grown) - j.Horizon
	if room < 0 {
		return j.Choice, nil
	}
	p := Plan{Stride: min(max(room/23, 1), j.Horizon)}
	p.Origins = min(room/p.Stride+1, 24)
	rep, take, err := newReport(NetName(net), p, j, series)
	if err != nil { // too short
		return j.Choice, nil
	}
	take = slices.DeleteFunc(take, func(i int) bool {
		seen := rep.origin(series[i], 0) < len(series[i].Y)-grown[i]
		if seen {
			rep.Skipped = append(rep.Skipped, series[i].ID)
		}
		return seen
	})
	if len(take) == 0 {
		return j.Choice, nil
	}
	if err := j.Fits(series...); err != nil {
		return nil, err
	}
	if err := rep.forecasts(ctx, rep.Model, net, series, take, 0, rep.Origins); err != nil {
		return nil, err
	}
	if err := rep.scoreAll(ctx, series, take); err != nil {
		return nil, err
	}
	again.Backtest = rep
	choice := j.Choice
	switch {
	case choice == nil:
	case len(choice.Series) == 0 || (rep.Origins-1)*rep.Stride >= 2*rep.Horizon:
		choice = rep.Choose(j.Choose, series...).beside(choice)
	default:
		if err := rep.addChosen(ctx, m.Forecaster, series, take); err != nil {
			return nil, err
		}
	}
	spread, err := rep.addUp(j, series)
	if spread != nil {
		choice.Spread = spread
	}
	return choice, err
}

// addChosen adds the folds and scores of what m forecasts by its choice.
func (r *Report) addChosen(ctx context.Context, m Forecaster, series []data.Series, take []int) error {
	j := m.Asked()
	name := j.Choose.String()
	if err := r.forecasts(ctx, name, m, series, take, 0, r.Origins); err != nil {
		return err
	}
	r.Scores = slices.Insert(r.Scores, 0, r.score(name, series))
	r.Choice = j.Choice
	return nil
}

// beside is c with what an older choice has of other series.
func (c *Choice) beside(old *Choice) *Choice {
	c.Spread = old.Spread
	if slices.Equal(c.Models, old.Models) {
		all := maps.Clone(old.Series)
		maps.Copy(all, c.Series)
		c.Series = all
	}
	return c
}

// ended sets Until and Ends by series that a model is trained on, beside those of earlier
// trainings; to nothing if they have no times.
func (j *Job) ended(series []data.Series) {
	was, err := j.end(&data.Series{Start: series[0].Start})
	last, ends := was, maps.Clone(j.Ends)
	for i := range series {
		s := &series[i]
		if s.Freq.N == 0 || len(s.Y) == 0 {
			j.Until, j.Ends = "", nil
			return
		}
		end := s.Time(len(s.Y) - 1)
		if err != nil && i == 0 || last.Before(end) {
			last = end
		}
		if len(series) > 1 || ends != nil {
			if ends == nil {
				ends = map[string]string{}
			}
			ends[s.ID] = end.String()
		}
	}
	j.Until, j.Ends = last.String(), ends
}

// end is the last time of a series in training, or of all of them for one that was not there.
func (j *Job) end(s *data.Series) (data.Time, error) {
	text, ok := j.Ends[s.ID]
	if !ok {
		text = j.Until
	}
	if s.Start.IsIndex { // where a number may read like a year
		n, err := strconv.ParseInt(text, 10, 64)
		return data.Time{IsIndex: true, Index: n}, err
	}
	return data.ParseTime(text)
}

// grown is how many steps each of the series has after the training.
func (j *Job) grown(series []data.Series) []int {
	all := make([]int, len(series))
	for i := range series {
		s := &series[i]
		if was, err := j.end(s); err == nil && len(s.Y) > 0 && s.Freq.N > 0 {
			n, _ := s.Freq.Between(was, s.Time(len(s.Y)-1))
			all[i] = min(max(n, 0), len(s.Y))
		}
	}
	return all
}

// goesOn reports series of a file that have nothing new since the training, or only that.
func (j *Job) goesOn(file string, series []data.Series) error {
	if slices.Max(j.grown(series)) == 0 {
		return &data.Error{File: file, Reason: "no series has values after " + j.Until + ", up to which the model has been trained", Hint: "give the series with their new values, or leave out --update"}
	}
	first := series[0].Start
	for i := range series {
		s := &series[i]
		if was, err := j.end(s); err != nil || !was.Before(s.Start) {
			return nil
		}
		if s.Start.Before(first) {
			first = s.Start
		}
	}
	return &data.Error{File: file, Reason: fmt.Sprintf("begins at %v, after %s, up to which the model has been trained: the past of its series is not there", first, j.Until),
		Hint: "give the new values below the old ones, or train a new model (leave out --update and --model)"}
}
