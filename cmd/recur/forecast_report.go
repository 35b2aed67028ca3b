package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/chart"
)

// inReport is how many series the report draws.
const inReport = 12

// page is the report.
func (r *forecastRun) page() (*chart.Page, error) {
	p := &chart.Page{Title: r.heading(), Subtitle: fmt.Sprintf("Forecast of %d steps, %s", r.model.Asked().Horizon, r.freq.Name())}
	for i := range min(len(r.series), inReport) {
		p.Figures = append(p.Figures, r.figure(i))
	}
	if n := len(r.series) - inReport; n > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d more series are in forecast.csv", n))
	}
	if r.report != nil {
		p.Subtitle += ". " + r.report.Verdict()
		p.Figures = append(p.Figures, r.backtestFigure())
		t := chart.Table{Title: "Scores", Best: -1, Head: []string{"model", "MASE", "sMAPE", "RMSSE", "WAPE", "MSIS", "covers 80 %", "covers 95 %"},
			Note: fmt.Sprintf("Mean over forecasts of %d steps from %d rolling origins for each series. Nothing after an origin was used for its forecast. MASE below 1 is better than seasonal naive was within the history; lower is better for all but the coverages, which should be near 80 and 95 %%.", r.report.Horizon, r.report.Origins)}
		best := math.Inf(1)
		for i, s := range r.scores() {
			if m := float64(s.MASE); m < best {
				best, t.Best = m, i
			}
			row := []string{s.Model}
			for _, v := range []number{s.MASE, s.SMAPE, s.RMSSE, s.WAPE, s.MSIS} {
				row = append(row, fmt.Sprintf("%.3f", float64(v)))
			}
			t.Rows = append(t.Rows, append(row, fmt.Sprintf("%.0f %%", 100*float64(s.Coverage80)), fmt.Sprintf("%.0f %%", 100*float64(s.Coverage95))))
		}
		p.Tables = append(p.Tables, t)
	}
	if r.scored() {
		p.Tables = append(p.Tables, r.trained.scores())
	}
	if r.trained != nil {
		p.Figures = append(p.Figures, r.trained.figures()...)
		settings, err := r.settings()
		if err != nil {
			return nil, err
		}
		p.Tables = append(p.Tables, settings)
	}
	about := chart.Table{Title: "Data", Best: -1, Head: []string{"data", "value"}, Rows: [][]string{{"frequency", r.freq.String()}, {"series", strconv.Itoa(len(r.series))}}}
	for _, c := range r.model.Asked().Covariates {
		about.Rows = append(about.Rows, []string{string(c.Role) + " covariate", c.Name})
	}
	p.Tables = append(p.Tables, about)
	p.Notes = append(p.Notes, r.table.Notes...)
	if r.source != "" {
		p.Notes = append(p.Notes, "Source: "+r.source)
	}
	p.Footer = "Made by recur. Drag over a chart to zoom, double-click to see all of it, click a name to hide or show it."
	return p, nil
}

// settings are those of the run that are set, by the user or by the data.
func (r *forecastRun) settings() (chart.Table, error) {
	t := chart.Table{Title: "Settings", Best: -1, Head: []string{"setting", "value"}}
	all := map[string]json.RawMessage{}
	for _, part := range []any{r.trained.recipe.Config, r.model.Asked()} {
		b, err := json.Marshal(part)
		if err == nil {
			err = json.Unmarshal(b, &all)
		}
		if err != nil {
			return t, err
		}
	}
	delete(all, "covariates") // they are beside the data
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch v := string(all[name]); v {
		case "0", `""`, "null", "false", "[]":
		default:
			t.Rows = append(t.Rows, []string{name, strings.Trim(v, `"`)})
		}
	}
	return t, nil
}

// axis is the x of steps from to to of a series.
func (r *forecastRun) axis(s *data.Series, from, to int) (x []float64, isTime bool) {
	for k := from; k < to; k++ {
		t := s.Time(k)
		if t.IsIndex {
			x = append(x, float64(t.Index))
		} else {
			x = append(x, float64(t.At.Unix()))
		}
	}
	return x, !s.Start.IsIndex
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

// figure is history, forecast and bands of series i. The bands begin at the last
// value of the history, so that they join it.
func (r *forecastRun) figure(i int) chart.Figure {
	s, f := &r.series[i], r.forecasts[i]
	n, h := len(s.Y), len(f.Point)
	from := max(0, n-max(20*h, 400))
	fig := chart.Figure{Title: "Forecast", Of: "step"}
	if s.ID != "" {
		fig.Title += ": " + s.ID
	}
	fig.X, fig.Time = r.axis(s, from, n+h)
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
		name := fmt.Sprintf("%g %%", 100*b.Level)
		fig.Lines = append(fig.Lines, chart.FigureLine{Name: name, Y: joined(b.Lo), Band: "lo"}, chart.FigureLine{Name: name, Y: joined(b.Hi), Band: "hi"})
	}
	fig.Lines = append(fig.Lines,
		chart.FigureLine{Name: "history", Y: padded(s.Y[from:], 0, n+h-from), Role: "history"},
		chart.FigureLine{Name: "forecast", Y: joined(f.Point), Role: "forecast"})
	return fig
}

// backtestFigure shows what was forecast of the first series, a horizon at a time,
// and what came.
func (r *forecastRun) backtestFigure() chart.Figure {
	s := &r.series[0]
	n := len(s.Y)
	first := n
	for _, f := range r.report.Folds {
		if f.Series == 0 {
			first = min(first, f.Origin)
		}
	}
	from := max(0, first-2*r.report.Horizon)
	fig := chart.Figure{Title: "Back-test", Of: "step", Note: "Forecasts of the first series from every origin that a whole horizon separates, and what came."}
	fig.X, fig.Time = r.axis(s, from, n)
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
	return fig
}
