package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/chart"
)

// inReport is how many series the report draws.
const inReport = 12

// page is the report.
func (r *forecastRun) page() (*chart.Page, error) {
	p := &chart.Page{Title: r.heading(), Subtitle: []string{fmt.Sprintf("Forecast of %d steps, %s.", r.model.Asked().Horizon, r.freq.Name())}}
	p.Sections = append(p.Sections, r.section(0))
	if r.report != nil {
		p.Subtitle = append(p.Subtitle, r.report.Verdict())
	}
	if c := r.model.Asked().Choice; c != nil {
		p.Subtitle = append(p.Subtitle, c.Summary())
	}
	if r.report != nil {
		p.Sections = append(p.Sections, r.backtestScores(), r.backtestSection())
	}
	for i := 1; i < min(len(r.series), inReport); i++ {
		p.Sections = append(p.Sections, r.section(i))
	}
	if n := len(r.series) - inReport; n > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d more series are in forecast.csv", n))
	}
	if r.scored() {
		p.Sections = append(p.Sections, r.trained.scores())
	}
	if r.trained != nil {
		p.Sections = append(p.Sections, r.trained.learning()...)
		settings, err := r.settings()
		if err != nil {
			return nil, err
		}
		p.Sections = append(p.Sections, settings)
	}
	about := &chart.Table{Best: -1, Head: []string{"data", "value"}, Rows: [][]string{{r.lang.Text("frequency"), r.lang.Text(r.freq.Name())}, {r.lang.Text("series"), strconv.Itoa(len(r.series))}}}
	for _, c := range r.model.Asked().Covariates {
		about.Rows = append(about.Rows, []string{r.lang.Text(string(c.Role) + " covariate"), c.Name})
	}
	p.Sections = append(p.Sections, chart.Section{Title: "Data", Table: about})
	p.Notes = append(p.Notes, r.table.Notes...)
	if r.source != "" {
		p.Notes = append(p.Notes, "Source: "+r.source)
	}
	p.Footer = "Made by recur. Drag over a chart to zoom, double-click to see all of it, press a name to hide or show it."
	return p, nil
}

// backtestScores are the scores of the model and of the baselines.
func (r *forecastRun) backtestScores() chart.Section {
	t := &chart.Table{Best: -1, Head: []string{"model", "MASE", "sMAPE", "RMSSE", "WAPE", "MSIS", "covers 80 %", "covers 95 %"}}
	best := math.Inf(1)
	for i, s := range r.scores() {
		if m := float64(s.MASE); m < best {
			best, t.Best = m, i
		}
		row := []string{s.Model}
		for _, v := range []number{s.MASE, s.SMAPE, s.RMSSE, s.WAPE, s.MSIS} {
			row = append(row, score3(float64(v)))
		}
		t.Rows = append(t.Rows, append(row, percent(float64(s.Coverage80)), percent(float64(s.Coverage95))))
	}
	return chart.Section{
		Title: "Scores", Table: t, Terms: backtestTerms,
		Note: fmt.Sprintf("Mean over forecasts of %d steps from %d rolling origins for each series.\nNothing after an origin was used for its forecast.\nThe row with the lowest MASE stands out.", r.report.Horizon, r.report.Origins),
	}
}

// backtestTerms are the columns of the back-test and the baselines.
var backtestTerms = []chart.Term{
	{Name: "MASE", Meaning: "mean absolute error over that of seasonal naive within the history; below 1 is better than it"},
	{Name: "sMAPE", Meaning: "symmetric mean absolute percentage error, 0 to 200; lower is better"},
	{Name: "RMSSE", Meaning: "as MASE, of the root mean squared error; lower is better"},
	{Name: "WAPE", Meaning: "sum of the absolute errors over the sum of the absolute values; lower is better"},
	{Name: "MSIS", Meaning: "mean scaled interval score of the widest interval; lower is better"},
	{Name: "covers 80 %", Meaning: "share of the values within the 80 % interval; it should be near 80 %, and so with 95 %"},
	{Name: "naive", Meaning: "repeats the last value"},
	{Name: "seasonal_naive", Meaning: "repeats the last season"},
	{Name: "drift", Meaning: "goes on along the line from the first value to the last"},
	{Name: "theta", Meaning: "the theta method of Assimakopoulos & Nikolopoulos (2000)"},
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

// settings are those of the run that are set, by the user or by the data.
func (r *forecastRun) settings() (chart.Section, error) {
	asked := *r.model.Asked()
	asked.Covariates, asked.Choice = nil, nil // they are beside the data and the scores
	return settingsOf([]string{"0", `""`, "null", "false", "[]"}, r.trained.recipe.Config, &asked)
}

// axis sets the x of a figure to the steps from from to to of a series, and names both axes.
func (r *forecastRun) axis(f *chart.Figure, s *data.Series, from, to int) {
	f.Time, f.XLabel, f.YLabel = !s.Start.IsIndex, r.xName(s), r.yName()
	for k := from; k < to; k++ {
		t := s.Time(k)
		if t.IsIndex {
			f.X = append(f.X, float64(t.Index))
		} else {
			f.X = append(f.X, float64(t.At.Unix()))
		}
		f.Labels = append(f.Labels, r.date(s, k))
	}
}

// xName is what the steps of a series are.
func (r *forecastRun) xName(s *data.Series) string {
	if s.Start.IsIndex {
		return "step"
	}
	return "time"
}

// yName is the unit of the values, or the name of their column.
func (r *forecastRun) yName() string {
	return cmp.Or(r.unit, r.model.Asked().Source.Value, "value")
}

// padded puts v at place at of n places, with NaN around it.
func padded(v []float64, at, n int) []float64 {
	p := make([]float64, n)
	for i := range p {
		p[i] = math.NaN()
	}
	copy(p[at:], v)
	return p
}

// section is history, forecast and bands of series i. The bands begin at the last
// value of the history, so that they join it.
func (r *forecastRun) section(i int) chart.Section {
	s, f := &r.series[i], r.forecasts[i]
	n, h := len(s.Y), len(f.Point)
	from := max(0, n-max(20*h, 400))
	fig := &chart.Figure{From: n - from, View: max(0, n-max(8*h, 60)) - from}
	r.axis(fig, s, from, n+h)
	joined := func(v []float64) []float64 {
		p := padded(v, n-from, n+h-from)
		if !math.IsNaN(s.Y[n-1]) {
			p[n-from-1] = s.Y[n-1]
		}
		return p
	}
	bands := r.bands(i)
	slices.Reverse(bands) // wide ones first, under the narrow
	for _, b := range bands {
		name := fmt.Sprintf("%g %% interval", 100*b.Level)
		fig.Lines = append(fig.Lines, chart.FigureLine{Name: name, Y: joined(b.Lo), Band: "lo"}, chart.FigureLine{Name: name, Y: joined(b.Hi), Band: "hi"})
	}
	fig.Lines = append(fig.Lines,
		chart.FigureLine{Name: "history", Y: padded(s.Y[from:], 0, n+h-from), Role: "history"},
		chart.FigureLine{Name: "forecast", Y: joined(f.Point), Role: "forecast"})
	last := h - 1
	fig.Text = []string{fmt.Sprintf("The forecast begins with %s at %s and ends with %s at %s.", chart.Digits(f.Point[0]), r.date(s, n), chart.Digits(f.Point[last]), r.date(s, n+last))}
	if len(bands) > 0 {
		wide := bands[0]
		fig.Text = append(fig.Text, fmt.Sprintf("At the end the value should lie between %s and %s with a probability of %g %%.", chart.Digits(wide.Lo[last]), chart.Digits(wide.Hi[last]), 100*wide.Level))
	}
	title := "Forecast"
	if s.ID != "" {
		title = fmt.Sprintf("Forecast: %s", s.ID)
	}
	note := ""
	if i == 0 && len(bands) > 0 {
		note = fmt.Sprintf("The intervals are prediction intervals: of the values to come, %g %% should lie within the %g %% interval.", 100*bands[0].Level, 100*bands[0].Level)
	}
	return chart.Section{Title: title, Note: note, Figure: fig}
}

// backtestSection shows what was forecast of the first series, a horizon at a time,
// and what came.
func (r *forecastRun) backtestSection() chart.Section {
	s := &r.series[0]
	n := len(s.Y)
	first := n
	for _, f := range r.report.Folds {
		if f.Series == 0 {
			first = min(first, f.Origin)
		}
	}
	from := max(0, first-2*r.report.Horizon)
	fig := &chart.Figure{From: first - from, Text: []string{r.report.Verdict()}}
	r.axis(fig, s, from, n)
	fig.Lines = append(fig.Lines, chart.FigureLine{Name: "actual", Y: s.Y[from:], Role: "history"})
	roles := map[string]string{r.report.Model: "forecast", "theta": "actual", "seasonal_naive": "backtest"}
	for _, sc := range r.report.Scores {
		line := chart.FigureLine{Name: sc.Model, Y: padded(nil, 0, n-from), Role: "other", Off: roles[sc.Model] == ""}
		if role := roles[sc.Model]; role != "" {
			line.Role = role
		}
		for _, f := range r.report.Folds {
			if f.Series == 0 && f.Model == sc.Model && (f.Origin-first)%r.report.Horizon == 0 {
				copy(line.Y[f.Origin-from:], f.Forecast.Point)
			}
		}
		fig.Lines = append(fig.Lines, line)
	}
	return chart.Section{Title: "Back-test", Figure: fig, Note: "Forecasts of the first series from every origin that a whole horizon separates, and what came."}
}
