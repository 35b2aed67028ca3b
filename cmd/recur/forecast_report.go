package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/task/forecast"
)

// page is the report.
func (r *forecastRun) page() (*chart.Page, error) {
	p := &chart.Page{Title: r.heading(), Subtitle: []string{fmt.Sprintf("Forecast of %s, %s.", setting.Plural(r.model.Asked().Horizon, "step"), r.freq.Name())}}
	shown := r.inReport()
	p.Picker = r.picker(shown)
	p.Sections = append(p.Sections, r.ahead(shown))
	if r.report != nil {
		p.Subtitle = append(p.Subtitle, r.report.Verdict())
	}
	if c := r.model.Asked().Choice; c != nil {
		p.Subtitle = append(p.Subtitle, c.Summary(r.series...))
	}
	if r.report != nil {
		p.Sections = append(p.Sections, r.tested(shown))
		p.Sections = append(p.Sections, r.residualSections(shown)...)
		p.Sections = append(p.Sections, r.scoreSections()...)
	}
	p.Sections = append(p.Sections, r.componentSections(shown)...)
	if r.scored() {
		p.Sections = append(p.Sections, r.trained.scores())
	}
	if r.trained != nil {
		p.Sections = append(p.Sections, append(r.worthSection(), r.trained.learning()...)...)
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

// settings are those of the run that are set, by the user or by the data.
func (r *forecastRun) settings() (chart.Section, error) {
	asked := *r.model.Asked()
	asked.Covariates, asked.Choice = nil, nil // they are beside the data and the scores
	return settingsOf([]string{"0", `""`, "null", "false", "[]"}, r.trained.recipe.Config, &asked)
}

// Bounds of the report: how many series it draws, and of how many values.
const (
	mostDrawn  = 200
	mostValues = 400_000
)

// inReport are the series that the report draws, by their indices: of many the worst, the best
// and the first.
func (r *forecastRun) inReport() []int {
	values := 0
	for _, s := range r.series {
		values = max(values, (5+len(forecast.Effects(r.model)))*min(len(s.Y), r.history())) // itself and its components
	}
	values += r.model.Asked().Horizon * (1 + 2*len(r.levels))
	if r.report != nil {
		values += min(r.report.Origins*r.perOrigin(), mostValues)
	}
	return chart.Pick(r.seriesMASE(), min(mostDrawn, max(1, mostValues/values)))
}

// picker chooses among the series that are drawn.
func (r *forecastRun) picker(shown []int) *chart.Picker {
	p := &chart.Picker{Title: "Time series"}
	mase := r.seriesMASE()
	for _, i := range shown {
		item := chart.Item{Name: r.series[i].ID, Score: mase[i]}
		if text := score3(mase[i]); r.report != nil && text != "-" {
			item.Text = "MASE " + text
		}
		p.Items = append(p.Items, item)
	}
	if n := len(r.series) - len(shown); n > 0 {
		p.Note = fmt.Sprintf("Drawn are %d of %d series, the first ones. All are in forecast.csv.", len(shown), len(r.series))
		if r.report != nil {
			p.Note = fmt.Sprintf("Drawn are %d of %d series: the worst and the best by MASE, and the first ones. All are in forecast.csv, their scores in scores.csv.", len(shown), len(r.series))
		}
	}
	return p
}

// history is how many of the last values of a series are drawn.
func (r *forecastRun) history() int { return max(20*r.model.Asked().Horizon, 400) }

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
	column := r.table.Value
	if strings.EqualFold(column, "y") { // which tells nothing
		column = ""
	}
	return cmp.Or(r.unit, column, "value")
}

// ahead is history, forecast and bands of each of the series.
func (r *forecastRun) ahead(shown []int) chart.Section {
	s := chart.Section{Title: "Forecast"}
	for _, i := range shown {
		s.Figures = append(s.Figures, r.forecastFigure(i))
	}
	if bands := r.bands(0); len(bands) > 0 {
		wide := 100 * bands[len(bands)-1].Level
		s.Note = fmt.Sprintf("The intervals are prediction intervals: of the values to come, %g %% should lie within the %g %% interval.", wide, wide)
	}
	return s
}

// forecastFigure is history, forecast and bands of series i. The bands begin at the last
// value of the history, so that they join it.
func (r *forecastRun) forecastFigure(i int) *chart.Figure {
	s, f := &r.series[i], r.forecasts[i]
	n, h := len(s.Y), len(f.Point)
	from := max(0, n-r.history())
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
		name := intervalName(b.Level)
		fig.Lines = append(fig.Lines, chart.FigureLine{Name: name, Y: joined(b.Lo), Band: "lo"}, chart.FigureLine{Name: name, Y: joined(b.Hi), Band: "hi"})
	}
	fig.Lines = append(fig.Lines,
		chart.FigureLine{Name: "history", Y: padded(s.Y[from:], 0, n+h-from), Role: "history"},
		chart.FigureLine{Name: "forecast", Y: joined(f.Point), Role: "forecast"})
	last := h - 1
	if h == 1 {
		fig.Text = []string{fmt.Sprintf("The forecast is %s at %s.", chart.Digits(f.Point[0]), r.date(s, n))}
	} else {
		fig.Text = []string{fmt.Sprintf("The forecast begins with %s at %s and ends with %s at %s.", chart.Digits(f.Point[0]), r.date(s, n), chart.Digits(f.Point[last]), r.date(s, n+last))}
	}
	if len(bands) > 0 {
		wide := bands[0]
		fig.Text = append(fig.Text, fmt.Sprintf("At the end the value should lie between %s and %s with a probability of %g %%.", chart.Digits(wide.Lo[last]), chart.Digits(wide.Hi[last]), 100*wide.Level))
	}
	r.marked(fig, i, from)
	if by := r.madeOf(i); by != "" && len(r.series) > 1 {
		fig.Text = append(fig.Text, fmt.Sprintf("It is by %s.", by))
	}
	return fig
}
