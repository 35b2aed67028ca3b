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

// components takes the last values of series i apart, nil if it has neither seasons nor effects.
// They are kept, since the page, outliers.csv and components.csv ask for them, but of very many series
// only of those that are first asked for.
func (r *forecastRun) components(i int) *season.Decomposition {
	if d, ok := r.apart[i]; ok {
		return d
	}
	const most = 2500 // series, of half a million values
	d := forecast.Components(r.model, r.series[i], r.reach(i))
	if r.apart == nil {
		r.apart = map[int]*season.Decomposition{}
	}
	if len(r.apart) < most {
		r.apart[i] = d
	}
	return d
}

// componentSections are trend, seasons, effects and remainder of the series, nothing if none of
// those that are drawn has a season or an effect.
func (r *forecastRun) componentSections(shown []int) []chart.Section {
	panel := func(title string, figure func(c *components) *chart.Figure) (s chart.Section, some bool) {
		s = chart.Section{Title: title, Small: true, Link: "components"}
		for _, i := range shown {
			var f *chart.Figure
			if d := r.components(i); d != nil {
				f = figure(r.drawn(i, d))
			}
			s.Figures = append(s.Figures, f)
			some = some || f != nil
		}
		return s, some
	}
	effects := slices.ContainsFunc(shown, func(i int) bool { d := r.components(i); return d != nil && len(d.Effects) > 0 })
	trend, some := panel("Trend", (*components).trend)
	if !some {
		return nil
	}
	about := chart.Section{Title: "Components", Note: "History is the sum of trend, seasons and remainder, as MSTL takes it apart. All values are in components.csv. The charts zoom and move together."}
	if effects {
		about.Note = "History is the sum of trend, seasons, effects and remainder, as MSTL and a regression take it apart. All values are in components.csv. The charts zoom and move together.\n" +
			"The effects are found by a linear regression of what trend and seasons leave, with bends where they help. They describe the history; what the net makes of the covariates is found by mixing them up, and may be another thing."
	}
	all := []chart.Section{about, trend}
	if s, some := panel("Season", (*components).seasons); some {
		all = append(all, s)
	}
	for _, name := range forecast.Effects(r.model) {
		title := fmt.Sprintf("Effect of %s", name)
		if name == forecast.Holidays {
			title = "Effect of holidays"
		}
		if s, some := panel(title, func(c *components) *chart.Figure { return c.effect(name) }); some {
			all = append(all, s)
		}
	}
	rest, _ := panel("Remainder", (*components).rest)
	return append(all, rest)
}

// components are those of a series as they are drawn.
type components struct {
	*season.Decomposition
	y    []float64 // history
	n    int       // values that are drawn
	axes chart.Figure
}

// drawn are the components d of series i.
func (r *forecastRun) drawn(i int, d *season.Decomposition) *components {
	all := r.series[i].Y
	c := &components{Decomposition: d, y: all, n: min(len(d.Trend), r.history())}
	r.axis(&c.axes, &r.series[i], len(all)-c.n, len(all))
	return c
}

// figure is one of lines.
func (c *components) figure(lines ...chart.FigureLine) *chart.Figure {
	f := c.axes
	for _, l := range lines {
		l.Y = l.Y[len(l.Y)-c.n:]
		f.Lines = append(f.Lines, l)
	}
	return &f
}

// span is the least and the greatest of the values that are drawn.
func (c *components) span(y []float64) (least, most string) {
	y = y[len(y)-c.n:]
	return chart.Digits(slices.Min(y)), chart.Digits(slices.Max(y))
}

func (c *components) trend() *chart.Figure {
	history := chart.FigureLine{Name: "history", Y: c.y, Role: "history"}
	if len(c.Effects) > 0 {
		history.Name, history.Y = "history without effects", slices.Clone(c.y[len(c.y)-len(c.Trend):])
		for _, e := range c.Effects {
			for t, v := range e.Y {
				history.Y[t] -= v
			}
		}
	}
	f := c.figure(history, chart.FigureLine{Name: "trend", Y: c.Trend, Role: "forecast"})
	y := f.Lines[1].Y
	f.Text = []string{fmt.Sprintf("The trend goes from %s to %s.", chart.Digits(y[0]), chart.Digits(y[c.n-1]))}
	return f
}

// seasons is nil without one.
func (c *components) seasons() *chart.Figure {
	if len(c.Seasons) == 0 {
		return nil
	}
	var lines []chart.FigureLine
	var text []string
	roles := []string{"actual", "backtest", "violet"}
	for k, s := range c.Seasons {
		steps := hundredths(c.Periods[k])
		lines = append(lines, chart.FigureLine{Name: fmt.Sprintf("season of %g steps", steps), Y: s, Role: roles[k%len(roles)]})
		least, most := c.span(s)
		text = append(text, fmt.Sprintf("The season of %g steps goes from %s to %s.", steps, least, most))
	}
	f := c.figure(lines...)
	f.Text = text
	return f
}

// effect is that of a name, nil if there is none.
func (c *components) effect(name string) *chart.Figure {
	k := slices.IndexFunc(c.Effects, func(e season.Effect) bool { return e.Name == name })
	if k < 0 {
		return nil
	}
	e := c.Effects[k]
	f := c.figure(chart.FigureLine{Name: "effect", Y: e.Y, Role: "actual"})
	least, most := c.span(e.Y)
	text := "The effect goes from %s to %s, and explains %.0f %% of what all else leaves."
	if e.Days {
		text = "The effect goes from %s to %s, and explains %.0f %% of what all else leaves on its days."
	}
	f.Text = []string{fmt.Sprintf(text, least, most, 100*e.Share)}
	return f
}

func (c *components) rest() *chart.Figure {
	f := c.figure(chart.FigureLine{Name: "remainder", Y: c.Rest, Role: "history"})
	least, most := c.span(c.Rest)
	f.Text = []string{fmt.Sprintf("The remainder goes from %s to %s.", least, most)}
	return f
}

// hundredths is the number of steps of a season as it is shown, such as 12 or 52.18.
func hundredths(period float64) float64 { return math.Round(100*period) / 100 }

// componentsCSV writes the components of the series that have some.
func (r *forecastRun) componentsCSV(c *csv.Writer) {
	var candidates []float64
	if m := r.model.Asked().Season; m > 1 {
		candidates = season.Candidates(m)
	}
	effects := forecast.Effects(r.model)
	head := []string{"unique_id", "ds", "y", "trend"}
	for _, p := range candidates {
		head = append(head, fmt.Sprintf("season-%g", hundredths(p)))
	}
	for _, name := range effects {
		for slices.Contains(append(head, "remainder"), name) {
			name = "effect-" + name
		}
		head = append(head, name)
	}
	c.Write(append(head, "remainder"))
	for i, s := range r.series {
		d := r.components(i)
		if d == nil {
			continue
		}
		from := len(s.Y) - len(d.Trend)
		columns := [][]float64{s.Y[from:], d.Trend}
		for _, p := range candidates {
			columns = append(columns, at(d.Seasons, slices.Index(d.Periods, p)))
		}
		for _, name := range effects {
			var y []float64
			for _, e := range d.Effects {
				if e.Name == name {
					y = e.Y
				}
			}
			columns = append(columns, y)
		}
		for t := range d.Trend {
			row := []string{s.ID, r.time(i, from+t)}
			for k, y := range append(columns, d.Rest) {
				text := ""
				switch {
				case k == 0:
					text = figures(y[t], allFigures)
				case y != nil:
					text = figures(y[t], r.figures(i))
				}
				row = append(row, text)
			}
			c.Write(row)
		}
	}
}

// at is the k-th of some, nil for none.
func at(all [][]float64, k int) []float64 {
	if k < 0 {
		return nil
	}
	return all[k]
}
