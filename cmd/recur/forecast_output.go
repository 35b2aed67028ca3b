package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/internal/columns"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/task/forecast"
)

// outputs are the forecasts, as tables and as pictures.
func (r *forecastRun) outputs() []output {
	fan := r.fan(0)
	c := fan.Chart(r.title(0), r.yName(), r.model.Asked().Season)
	all := append([]output{{"forecast.csv", asCSV(r.csv)}}, pictures("forecast", drawing(chart.Panels{c}, r.lang))...)
	if r.flags.paths {
		all = append(all, output{"paths.csv", asCSV(r.pathsCSV)})
	}
	all = append(all, output{"outliers.csv", asCSV(r.outliersCSV)}, output{"components.csv", asCSV(r.componentsCSV)})
	if r.trained != nil {
		all = append(all, output{"models.csv", asCSV(r.modelsCSV)})
	}
	if r.report != nil {
		all = append(all, output{"backtest.csv", asCSV(r.backtestCSV)}, output{"scores.csv", asCSV(r.scoresCSV)}, output{"steps.csv", asCSV(r.stepsCSV)})
	}
	return all
}

// written are the paths of the files.
func (r *forecastRun) written() []string {
	if r.trained != nil {
		return r.trained.files
	}
	return r.files
}

func (r *forecastRun) seconds() float64 { return time.Since(r.began).Seconds() }

// fan is series i, its forecast and the bands asked for.
func (r *forecastRun) fan(i int) *chart.Fan {
	s := &r.series[i]
	f := &chart.Fan{History: s.Y, Point: r.forecasts[i].Point, XLabel: r.xName(s), Label: func(k int) string { return r.date(s, k) }}
	for _, b := range r.bands(i) {
		f.Bands = append(f.Bands, chart.Band{Level: b.Level, Lo: b.Lo, Hi: b.Hi})
	}
	return f
}

// bands are those of series i that were asked for, narrow to wide.
func (r *forecastRun) bands(i int) []forecast.Band { return r.asked(r.forecasts[i].Bands) }

// asked are those of bands that were asked for.
func (r *forecastRun) asked(bands []forecast.Band) (asked []forecast.Band) {
	for _, b := range bands {
		if slices.Contains(r.levels, b.Level) {
			asked = append(asked, b)
		}
	}
	return asked
}

// date labels step k of a series, as short as its frequency allows.
func (r *forecastRun) date(s *data.Series, k int) string {
	t := s.Time(k)
	if !t.IsIndex && r.freq.Unit == data.Second && t.At.Second() == 0 && t.At.Nanosecond() == 0 {
		return t.At.Format("2006-01-02T15:04") // at midnight too
	}
	if !t.IsIndex && r.freq.Unit == data.Month && t.At.Day() == 1 {
		if r.freq.N%12 == 0 {
			return t.At.Format("2006")
		}
		return t.At.Format("2006-01")
	}
	return t.String()
}

// heading names the data, a file without its folders.
func (r *forecastRun) heading() string {
	if r.source != "" { // it ships with recur
		return r.about
	}
	return filepath.Base(r.about)
}

func (r *forecastRun) title(i int) string {
	if id := r.series[i].ID; id != "" {
		return r.heading() + ": " + id
	}
	return r.heading()
}

// shown is how many series are drawn and listed in the terminal.
const shown = 3

// print writes charts, scores and forecasts for people.
func (r *forecastRun) print(w io.Writer) error {
	var b strings.Builder
	colour, width, height := terminal(w)
	for i := range min(len(r.series), shown) {
		fan := r.fan(i)
		axes := r.lang.Sprintf("y axis: %s, x axis: %s", r.lang.Text(r.yName()), r.lang.Text(r.xName(&r.series[i])))
		fmt.Fprintf(&b, "\n%s\n\n  %s\n", r.title(i), axes)
		if err := fan.Terminal(&b, width, height, colour); err != nil {
			return err
		}
		fmt.Fprintf(&b, "  %s\n", r.legend(fan))
	}
	if n := len(r.series) - shown; n > 0 {
		fmt.Fprintf(&b, "\n%s\n", r.lang.Sprintf("and %d more series, in forecast.csv and report.html", n))
	}
	if r.report != nil {
		fmt.Fprintf(&b, "\n%s\n\n", r.lang.Text(fmt.Sprintf("Back-test: %d-step forecasts from %s, %s in all", r.report.Horizon, setting.Plural(r.report.Origins, "rolling origin"), setting.Plural(len(r.report.Folds)/len(r.report.Scores), "forecast"))))
		rows := [][]string{{r.lang.Text("model"), "MASE", "sMAPE", r.lang.Text("covers 80 %"), r.lang.Text("covers 95 %")}}
		for _, s := range r.scores() {
			rows = append(rows, []string{s.Model, score3(float64(s.MASE)), fmt.Sprintf("%.2f", float64(s.SMAPE)),
				percent(float64(s.Coverage80)), percent(float64(s.Coverage95))})
		}
		writeColumns(&b, rows)
		if levels := r.levelRows(); levels != nil {
			fmt.Fprintf(&b, "\n%s\n\n", r.lang.Text("Scores by level"))
			for i, name := range levels[0] {
				levels[0][i] = r.lang.Text(name)
			}
			writeColumns(&b, levels)
		}
		fmt.Fprintf(&b, "\n%s\n", r.lang.Text(r.report.Verdict()))
	}
	if c := r.model.Asked().Choice; c != nil {
		fmt.Fprintf(&b, "\n%s\n", r.lang.Text(c.Summary(r.series...)))
	}
	if r.scored() {
		fmt.Fprintf(&b, "\n%s\n\n", r.trained.scoresTitle())
		printScores(&b, "  ", r.trained.result.Scores)
		b.WriteString("\n" + r.lang.Text(r.trained.result.Text))
	}
	for i := range min(len(r.series), shown) {
		title := r.lang.Text("Forecast")
		if id := r.series[i].ID; id != "" {
			title = r.lang.Sprintf("Forecast: %s", id)
		}
		fmt.Fprintf(&b, "\n%s\n\n", title)
		writeColumns(&b, r.rows(i))
	}
	fmt.Fprintf(&b, "\n%s\n", r.lang.Sprintf("Written in %.1f s: %s", r.seconds(), strings.Join(r.written(), ", ")))
	next := [][2]string{{shell(opener(), filepath.Join(r.dir, reportFile)), "the report, with a chart to zoom"}}
	if r.source != "" { // the series that ships with recur
		next = append(next, [2]string{"recur forecast your.csv --horizon 12", "your own series, with columns ds,y or unique_id,ds,y"})
	}
	printNext(&b, r.lang, append(next,
		[2]string{"recur forecast your.csv " + shell("--model", r.path), "this model, without training"},
		[2]string{shell("recur", "show", r.path), "what the model file holds"},
	))
	_, err := io.WriteString(w, norm.NFC.String(b.String()))
	return err
}

// legend explains the marks of a drawing.
func (r *forecastRun) legend(f *chart.Fan) string {
	return strings.NewReplacer("history", r.lang.Text("history"), "forecast", r.lang.Text("forecast")).Replace(f.Legend())
}

// rows are the forecast of series i as a table.
func (r *forecastRun) rows(i int) [][]string {
	head := []string{r.lang.Text("time"), r.lang.Text("forecast")}
	for _, l := range r.bands(i) {
		head = append(head, fmt.Sprintf("%g %%", 100*l.Level))
	}
	rows := [][]string{head}
	for k, p := range r.forecasts[i].Point {
		row := []string{r.date(&r.series[i], len(r.series[i].Y)+k), chart.Digits(p)}
		for _, band := range r.bands(i) {
			row = append(row, fmt.Sprintf("%s … %s", chart.Digits(band.Lo[k]), chart.Digits(band.Hi[k])))
		}
		rows = append(rows, row)
	}
	return rows
}

// writeColumns writes a table for a terminal, its columns on the right.
func writeColumns(b *strings.Builder, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for j, cell := range row {
			if j == len(widths) {
				widths = append(widths, 0)
			}
			widths[j] = max(widths[j], columns.Width(cell))
		}
	}
	for _, row := range rows {
		for j, cell := range row {
			b.WriteString(columns.PadLeft(cell, widths[j]+3))
		}
		b.WriteByte('\n')
	}
}

// scored reports whether the model was scored on files of their own.
func (r *forecastRun) scored() bool {
	return r.trained != nil && len(r.trained.data.Valid)+len(r.trained.data.Test) > 0
}

// terminal is how to draw on w.
func terminal(w io.Writer) (colour bool, width, height int) {
	width, height = 100, 20
	f, ok := w.(*os.File)
	if !ok {
		return false, width, height
	}
	cols, rows, isTerminal := size(f)
	if !isTerminal {
		return false, width, height
	}
	_, plain := os.LookupEnv("NO_COLOR")
	return !plain && os.Getenv("TERM") != "dumb", min(max(cols, 40), 160), min(max(rows*2/3, 12), 28)
}
