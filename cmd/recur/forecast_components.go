package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"

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

// components takes the last values of series i apart, nil if it has no season.
func (r *forecastRun) components(i int) *season.Decomposition {
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
	some := false
	for _, i := range shown {
		d := r.components(i)
		if d == nil {
			trends.Figures, seasons.Figures, rests.Figures = append(trends.Figures, nil), append(seasons.Figures, nil), append(rests.Figures, nil)
			continue
		}
		some = true
		n := len(d.Trend)
		from := max(0, n-r.history())
		figure := func(lines ...chart.FigureLine) *chart.Figure {
			fig := &chart.Figure{Lines: lines}
			r.axis(fig, &r.series[i], len(r.series[i].Y)-n+from, len(r.series[i].Y))
			return fig
		}
		y := r.series[i].Y[len(r.series[i].Y)-n:]
		trend := figure(chart.FigureLine{Name: "history", Y: y[from:], Role: "history"}, chart.FigureLine{Name: "trend", Y: d.Trend[from:], Role: "forecast"})
		trend.Text = []string{fmt.Sprintf("The trend goes from %s to %s.", chart.Digits(d.Trend[from]), chart.Digits(d.Trend[n-1]))}
		var lines []chart.FigureLine
		roles := []string{"actual", "backtest", "violet"}
		var text []string
		for k, s := range d.Seasons {
			name := fmt.Sprintf("season of %g steps", math.Round(100*d.Periods[k])/100)
			lines = append(lines, chart.FigureLine{Name: name, Y: s[from:], Role: roles[k%len(roles)]})
			lo, hi := extent(s[from:])
			text = append(text, fmt.Sprintf("The season of %g steps goes from %s to %s.", math.Round(100*d.Periods[k])/100, chart.Digits(lo), chart.Digits(hi)))
		}
		season := figure(lines...)
		season.Text = text
		rest := figure(chart.FigureLine{Name: "remainder", Y: d.Rest[from:], Role: "history"})
		lo, hi := extent(d.Rest[from:])
		rest.Text = []string{fmt.Sprintf("The remainder goes from %s to %s.", chart.Digits(lo), chart.Digits(hi))}
		trends.Figures, seasons.Figures, rests.Figures = append(trends.Figures, trend), append(seasons.Figures, season), append(rests.Figures, rest)
	}
	if !some {
		return nil
	}
	about := chart.Section{Title: "Components", Note: "History is the sum of trend, seasons and remainder, as MSTL takes it apart. All values are in components.csv."}
	return []chart.Section{about, trends, seasons, rests}
}

// extent is the least and the greatest of values.
func extent(y []float64) (lo, hi float64) {
	lo, hi = y[0], y[0]
	for _, v := range y {
		lo, hi = min(lo, v), max(hi, v)
	}
	return lo, hi
}

// componentsCSV writes the components of the series that have a season.
func (r *forecastRun) componentsCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	candidates := season.Candidates(r.model.Asked().Season)
	head := []string{"unique_id", "ds", "y", "trend"}
	for _, p := range candidates {
		head = append(head, fmt.Sprintf("season-%g", math.Round(100*p)/100))
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
				for k, found := range d.Periods {
					if found == p {
						text = figures7(d.Seasons[k][t])
					}
				}
				row = append(row, text)
			}
			c.Write(append(row, figures7(d.Rest[t])))
		}
	}
	c.Flush()
	return c.Error()
}
