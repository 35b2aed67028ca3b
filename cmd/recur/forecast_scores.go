package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/task/forecast"
)

// bySeries are the scores of each series of the back-test by model.
func (r *forecastRun) bySeries() [][]forecast.Score {
	if r.seriesScores == nil && r.report != nil {
		r.seriesScores = r.report.BySeries(r.series)
	}
	return r.seriesScores
}

// seriesMASE is the model's MASE of each series, NaN where there is none.
func (r *forecastRun) seriesMASE() []float64 {
	mase := padded(nil, 0, len(r.series))
	for i, scores := range r.bySeries() {
		if scores != nil {
			mase[i] = scores[0].MASE
		}
	}
	return mase
}

// scoreSections are the scores of all models, those of each step, and those of each series.
func (r *forecastRun) scoreSections() []chart.Section {
	all := []chart.Section{r.backtestScores()}
	if r.report.Horizon > 1 {
		all = append(all, r.stepScores())
	}
	if levels := r.levelRows(); levels != nil {
		all = append(all, chart.Section{Title: "Scores by level", Table: &chart.Table{Best: -1, Head: levels[0], Rows: levels[1:]},
			Note: "Levels of the hierarchy, from the total down, as its forecasts add up."})
	}
	if len(r.series) > 1 {
		all = append(all, r.tableOfSeries())
	}
	return all
}

// backtestScores are the scores of the model and of the baselines.
func (r *forecastRun) backtestScores() chart.Section {
	t := &chart.Table{Best: lowestMASE(r.report.Scores), Head: []string{"model", "MASE", "sMAPE", "RMSSE", "WAPE", "MSIS", "pinball", "CRPS", "bias", "covers 80 %", "covers 95 %"}}
	terms := slices.Clone(scoreTerms)
	for _, s := range r.report.Scores {
		row := []string{s.Model}
		for _, v := range scoreValues(s) {
			row = append(row, score3(v))
		}
		covers := r.score(s)
		t.Rows = append(t.Rows, append(row, percent(float64(covers.Coverage80)), percent(float64(covers.Coverage95))))
		for _, m := range modelTerms {
			if m.Name == s.Model {
				terms = append(terms, m)
			}
		}
	}
	return chart.Section{
		Title: "Scores", Table: t, Terms: terms,
		Note: fmt.Sprintf("Mean over forecasts of %s from %s for each series.\nNothing after an origin was used for its forecast.\nThe row with the lowest MASE stands out.", setting.Plural(r.report.Horizon, "step"), setting.Plural(r.report.Origins, "rolling origin")),
	}
}

// levelsOfTree are the scores of each level of a hierarchy, nil without one.
func (r *forecastRun) levelsOfTree() []forecast.LevelScores {
	if r.byLevel == nil {
		r.byLevel = r.report.ByLevel(r.model.Asked().Hierarchy, r.series)
	}
	return r.byLevel
}

// levelRows are the scores of each level of a hierarchy under their heads, nil without one.
func (r *forecastRun) levelRows() (rows [][]string) {
	for _, l := range r.levelsOfTree() {
		if rows == nil {
			rows = [][]string{{"level", "series", "MASE", "sMAPE", "covers 80 %", "covers 95 %", forecast.Unreconciled + " MASE"}}
		}
		s := r.score(l.Scores[0])
		was := l.Scores[len(l.Scores)-1]
		rows = append(rows, []string{l.Name, strconv.Itoa(l.Series), score3(float64(s.MASE)), score3(float64(s.SMAPE)), percent(float64(s.Coverage80)), percent(float64(s.Coverage95)), score3(was.MASE)})
	}
	return rows
}

// scoreTerms are the columns of the back-test.
var scoreTerms = []chart.Term{
	{Name: "MASE", Meaning: "mean absolute error over that of seasonal naive within the history; below 1 is better than it"},
	{Name: "sMAPE", Meaning: "symmetric mean absolute percentage error, 0 to 200; lower is better"},
	{Name: "RMSSE", Meaning: "as MASE, of the root mean squared error; lower is better"},
	{Name: "WAPE", Meaning: scoreMeaning("wape")},
	{Name: "MSIS", Meaning: scoreMeaning("msis")},
	{Name: "pinball", Meaning: scoreMeaning("pinball")},
	{Name: "CRPS", Meaning: scoreMeaning("crps")},
	{Name: "bias", Meaning: scoreMeaning("bias")},
	{Name: "covers 80 %", Meaning: "share of the values within the 80 % interval; it should be near 80 %, and so with 95 %"},
}

// modelTerms are the baselines.
var modelTerms = []chart.Term{
	{Name: "naive", Meaning: "repeats the last value"},
	{Name: "seasonal_naive", Meaning: "repeats the last season"},
	{Name: "drift", Meaning: "goes on along the line from the first value to the last"},
	{Name: "blend", Meaning: "weighted mean of the net and the baselines, by what each had come to in the back-test by then"},
	{Name: "best", Meaning: "the one of the net and the baselines that had the least error in the back-test by then"},
	{Name: forecast.Unreconciled, Meaning: "what is chosen, before it is made to add up"},
	{Name: "theta", Meaning: "the theta method of Assimakopoulos & Nikolopoulos (2000)"},
	{Name: "dotm", Meaning: "theta with its curve and its rate fitted (dynamic optimised theta, Fiorucci & others 2016)"},
	{Name: "ets", Meaning: "exponential smoothing, its form chosen by AICc (Hyndman & others 2002)"},
	{Name: "arima", Meaning: "seasonal ARIMA, its order chosen by AICc (Hyndman & Khandakar 2008)"},
	{Name: "mstl", Meaning: "trend and each season apart (MSTL, Bandara & others 2021), the trend by exponential smoothing"},
}

// score3 writes a score with three decimals, - for none.
func score3(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "-"
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

func percent(share float64) string {
	if math.IsNaN(share) {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

// stepScores is the MASE of each step of the horizon, by model.
func (r *forecastRun) stepScores() chart.Section {
	fig := &chart.Figure{XLabel: "step", YLabel: "MASE"}
	roles := r.roles()
	for i, s := range r.report.Scores {
		line := chart.FigureLine{Name: s.Model, Role: roles[i]}
		for _, step := range r.steps() {
			line.Y = append(line.Y, step[i].MASE)
		}
		fig.Lines = append(fig.Lines, line)
	}
	for k := range r.report.Horizon {
		fig.X = append(fig.X, float64(k+1))
	}
	if y := fig.Lines[0].Y; !math.IsNaN(y[0]) && !math.IsNaN(y[len(y)-1]) {
		fig.Text = []string{fmt.Sprintf("The MASE of %s is %s at step 1 and %s at step %d.", r.chief(), chart.Digits(y[0]), chart.Digits(y[len(y)-1]), len(y))}
	}
	return chart.Section{Title: "Error by step", Figure: fig, Note: "How the error grows the further ahead a step is. More of each step is in steps.csv."}
}

// steps are the scores of each step of the back-test by model.
func (r *forecastRun) steps() [][]forecast.Score {
	if r.byStep == nil {
		r.byStep = r.report.BySteps(r.series)
	}
	return r.byStep
}

// tableOfSeries are the model's scores of the series with the highest MASE.
func (r *forecastRun) tableOfSeries() chart.Section {
	const most = 100
	t := &chart.Table{Best: -1, Head: []string{"series", "MASE", "sMAPE", "bias", "covers 80 %", "covers 95 %", "best model"}}
	choice := r.model.Asked().Choice
	if choice != nil {
		t.Head = append(t.Head, "forecast by")
	}
	mase := r.seriesMASE()
	var order []int
	for i := range r.series {
		if r.bySeries()[i] != nil {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(mase[b], mase[a]) }) // NaN last
	for _, i := range order[:min(len(order), most)] {
		all := r.bySeries()[i]
		s := r.score(all[0])
		best := "-"
		if k := lowestMASE(all); k >= 0 {
			best = all[k].Model
		}
		row := []string{r.series[i].ID, score3(float64(s.MASE)), score3(float64(s.SMAPE)), score3(float64(s.Bias)), percent(float64(s.Coverage80)), percent(float64(s.Coverage95)), best}
		if choice != nil {
			row = append(row, cmp.Or(r.madeOf(i), "-"))
		}
		t.Rows = append(t.Rows, row)
	}
	note := "The highest MASE comes first. The best model is that with the lowest MASE."
	if len(order) > most {
		note += fmt.Sprintf(" These are %d of %d series; all are in scores.csv, by every model.", most, len(order))
	}
	return chart.Section{Title: "Scores by series", Table: t, Folded: len(t.Rows) > 12, Note: note}
}

// madeOf is what series i is forecast by, empty without a choice or if it never changes.
func (r *forecastRun) madeOf(i int) string {
	c := r.model.Asked().Choice
	if c == nil {
		return ""
	}
	shares, ok := c.For(r.series[i])
	if !ok {
		return ""
	}
	return c.Text(shares)
}

// lowestMASE is the place of the score with the lowest MASE, -1 if none has one.
func lowestMASE(scores []forecast.Score) int {
	at, best := -1, math.Inf(1)
	for i, s := range scores {
		if s.MASE < best {
			at, best = i, s.MASE
		}
	}
	return at
}
