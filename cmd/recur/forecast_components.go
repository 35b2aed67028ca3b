package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/season"
)

// reach is from where on the history of series i is looked at for outliers and components.
func (r *forecastRun) reach(i int) int {
	n := len(r.series[i].Y)
	from := max(0, n-min(max(500_000/len(r.series), 200), 20_000))
	return from - from%max(r.model.Asked().Season, 1) // so that steps of the season are the same
}

// components takes the last values of series i apart, nil if it has no season. Those of the series
// on the page are kept for components.csv.
func (r *forecastRun) components(i int) *season.Decomposition {
	if d, ok := r.apart[i]; ok {
		return d
	}
	m := r.model.Asked().Season
	if m < 2 {
		return nil
	}
	y := forecast.Interpolate(r.series[i].Y[r.reach(i):], m)
	periods := season.Find(y, season.Candidates(m))
	if len(periods) == 0 {
		return nil
	}
	d, err := season.Decompose(y, periods, false)
	if err != nil { // less than the season needs
		return nil
	}
	return d
}

// componentSections are trend, seasons and remainder of the series, nothing if none of those
// that are drawn has a season.
func (r *forecastRun) componentSections(shown []int) []chart.Section {
	trends := chart.Section{Title: "Trend", Small: true}
	seasons := chart.Section{Title: "Season", Small: true}
	rests := chart.Section{Title: "Remainder", Small: true}
	r.apart = map[int]*season.Decomposition{}
	some := false
	for _, i := range shown {
		d := r.components(i)
		r.apart[i] = d
		some = some || d != nil
		trend, season, rest := r.componentFigures(i, d)
		trends.Figures, seasons.Figures, rests.Figures = append(trends.Figures, trend), append(seasons.Figures, season), append(rests.Figures, rest)
	}
	if !some {
		return nil
	}
	about := chart.Section{Title: "Components", Note: "History is the sum of trend, seasons and remainder, as MSTL takes it apart. All values are in components.csv."}
	return []chart.Section{about, trends, seasons, rests}
}

// componentFigures are the components of series i, nil if it has none.
func (r *forecastRun) componentFigures(i int, d *season.Decomposition) (trend, seasons, rest *chart.Figure) {
	if d == nil {
		return nil, nil, nil
	}
	all := r.series[i].Y
	n := min(len(d.Trend), r.history())
	last := func(y []float64) []float64 { return y[len(y)-n:] } // those that are drawn
	figure := func(lines ...chart.FigureLine) *chart.Figure {
		fig := &chart.Figure{Lines: lines}
		r.axis(fig, &r.series[i], len(all)-n, len(all))
		return fig
	}
	y := last(d.Trend)
	trend = figure(chart.FigureLine{Name: "history", Y: last(all), Role: "history"}, chart.FigureLine{Name: "trend", Y: y, Role: "forecast"})
	trend.Text = []string{fmt.Sprintf("The trend goes from %s to %s.", chart.Digits(y[0]), chart.Digits(y[n-1]))}
	seasons = figure()
	roles := []string{"actual", "backtest", "violet"}
	for k, s := range d.Seasons {
		steps, y := hundredths(d.Periods[k]), last(s)
		seasons.Lines = append(seasons.Lines, chart.FigureLine{Name: fmt.Sprintf("season of %g steps", steps), Y: y, Role: roles[k%len(roles)]})
		seasons.Text = append(seasons.Text, fmt.Sprintf("The season of %g steps goes from %s to %s.", steps, chart.Digits(slices.Min(y)), chart.Digits(slices.Max(y))))
	}
	y = last(d.Rest)
	rest = figure(chart.FigureLine{Name: "remainder", Y: y, Role: "history"})
	rest.Text = []string{fmt.Sprintf("The remainder goes from %s to %s.", chart.Digits(slices.Min(y)), chart.Digits(slices.Max(y)))}
	return trend, seasons, rest
}

// hundredths is the number of steps of a season as it is shown, such as 12 or 52.18.
func hundredths(period float64) float64 { return math.Round(100*period) / 100 }

// componentsCSV writes the components of the series that have a season.
func (r *forecastRun) componentsCSV(c *csv.Writer) {
	candidates := season.Candidates(r.model.Asked().Season)
	head := []string{"unique_id", "ds", "y", "trend"}
	for _, p := range candidates {
		head = append(head, fmt.Sprintf("season-%g", hundredths(p)))
	}
	c.Write(append(head, "remainder"))
	for i, s := range r.series {
		d := r.components(i)
		if d == nil {
			continue
		}
		from := len(s.Y) - len(d.Trend)
		for t := range d.Trend {
			row := []string{s.ID, r.time(i, from+t), figures7(s.Y[from+t]), figures7(d.Trend[t])}
			for _, p := range candidates {
				text := ""
				if k := slices.Index(d.Periods, p); k >= 0 {
					text = figures7(d.Seasons[k][t])
				}
				row = append(row, text)
			}
			c.Write(append(row, figures7(d.Rest[t])))
		}
	}
}
