package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/atomicfile"
	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

func replace(path string, f func(w io.Writer) error) error { return atomicfile.WriteFile(path, f) }

// outputs are the forecasts, as tables and as pictures.
func (r *forecastRun) outputs() []output {
	fan := r.fan(0)
	c := fan.Chart(r.title(0), r.unit, r.model.Asked().Season)
	all := append([]output{{"forecast.csv", r.csv}}, pictures("forecast", c.Write)...)
	if r.flags.paths {
		all = append(all, output{"paths.csv", r.pathsCSV})
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
	f := &chart.Fan{History: s.Y, Point: r.forecasts[i].Point, Label: func(k int) string { return r.date(s, k) }}
	for _, b := range r.bands(i) {
		f.Bands = append(f.Bands, chart.Band{Level: b.Level, Lo: b.Lo, Hi: b.Hi})
	}
	return f
}

// bands are those that were asked for, narrow to wide.
func (r *forecastRun) bands(i int) (asked []forecast.Band) {
	for _, b := range r.forecasts[i].Bands {
		if slices.Contains(r.levels, b.Level) {
			asked = append(asked, b)
		}
	}
	return asked
}

// date labels step k of a series, as short as its frequency allows.
func (r *forecastRun) date(s *data.Series, k int) string {
	t := s.Time(k)
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
		fmt.Fprintf(&b, "\n%s\n\n", r.title(i))
		if err := fan.Terminal(&b, width, height, colour); err != nil {
			return err
		}
		fmt.Fprintf(&b, "  %s\n", fan.Legend())
	}
	if n := len(r.series) - shown; n > 0 {
		fmt.Fprintf(&b, "\nand %d more series, which forecast.csv and report.html hold\n", n)
	}
	if r.report != nil {
		fmt.Fprintf(&b, "\nBack-test: %d-step forecasts from %d rolling origins, %d forecasts in all\n\n", r.report.Horizon, r.report.Origins, len(r.report.Folds)/len(r.report.Scores))
		t := tabwriter.NewWriter(&b, 0, 0, 3, ' ', tabwriter.AlignRight)
		fmt.Fprintln(t, "model\tMASE\tsMAPE\tcovers 80 %\tcovers 95 %\t")
		for _, s := range r.scores() {
			fmt.Fprintf(t, "%s\t%.3f\t%.2f\t%.0f %%\t%.0f %%\t\n", s.Model, float64(s.MASE), float64(s.SMAPE), 100*float64(s.Coverage80), 100*float64(s.Coverage95))
		}
		t.Flush()
		fmt.Fprintf(&b, "\n%s\n", r.report.Verdict())
	}
	if r.scored() {
		fmt.Fprintf(&b, "\nScores, %s\n\n", r.trained.split())
		printScores(&b, "  ", r.trained.result.Scores)
		b.WriteString("\n" + r.trained.result.Text)
	}
	for i := range min(len(r.series), shown) {
		fmt.Fprintf(&b, "\nForecast")
		if id := r.series[i].ID; id != "" {
			fmt.Fprintf(&b, " of %s", id)
		}
		b.WriteString("\n\n")
		t := tabwriter.NewWriter(&b, 0, 0, 3, ' ', tabwriter.AlignRight)
		head := "time\tforecast\t"
		for _, l := range r.bands(i) {
			head += fmt.Sprintf("%g %%\t", 100*l.Level)
		}
		fmt.Fprintln(t, head)
		for k, p := range r.forecasts[i].Point {
			line := fmt.Sprintf("%s\t%s\t", r.date(&r.series[i], len(r.series[i].Y)+k), digits(p))
			for _, band := range r.bands(i) {
				line += fmt.Sprintf("%s … %s\t", digits(band.Lo[k]), digits(band.Hi[k]))
			}
			fmt.Fprintln(t, line)
		}
		t.Flush()
	}
	fmt.Fprintf(&b, "\nWritten in %.1f s: %s\n", r.seconds(), strings.Join(r.written(), ", "))
	printNext(&b, [][2]string{
		{shell(opener(), filepath.Join(r.dir, reportFile)), "the report, with a chart to zoom"},
		{"recur forecast your.csv --horizon 12", "your own series, with columns ds,y or unique_id,ds,y"},
		{"recur forecast your.csv " + shell("--model", r.path), "this model, without training"},
		{shell("recur", "show", r.path), "what the model file holds"},
	})
	_, err := io.WriteString(w, b.String())
	return err
}

// scored reports whether the model was scored on files of their own.
func (r *forecastRun) scored() bool {
	return r.trained != nil && len(r.trained.data.Valid)+len(r.trained.data.Test) > 0
}

// digits writes a value with about four figures.
func digits(v float64) string {
	a := math.Abs(v)
	switch {
	case a >= 1000 || v == 0:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// A number is null in JSON if it is none.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if v := float64(n); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return strconv.AppendFloat(nil, v, 'g', -1, 64), nil
	}
	return []byte("null"), nil
}

func numbers(v []float64) []number {
	n := make([]number, len(v))
	for i := range v {
		n[i] = number(v[i])
	}
	return n
}

// A score of the back-test, as it is printed.
type score struct {
	Model      string `json:"model"`
	MASE       number `json:"mase"`
	SMAPE      number `json:"smape"`
	Coverage80 number `json:"coverage80"`
	Coverage95 number `json:"coverage95"`
	RMSSE      number `json:"rmsse"`
	WAPE       number `json:"wape"`
	MSIS       number `json:"msis"`
}

func (r *forecastRun) scores() (all []score) {
	if r.report == nil {
		return nil
	}
	cover := func(s forecast.Score, level float64) number {
		return number(s.Coverage[slices.Index(r.report.Levels, level)])
	}
	for _, s := range r.report.Scores {
		all = append(all, score{s.Model, number(s.MASE), number(s.SMAPE), cover(s, 0.8), cover(s, 0.95), number(s.RMSSE), number(s.WAPE), number(s.MSIS)})
	}
	return all
}

// json is what --json prints.
func (r *forecastRun) json() any {
	type band struct {
		Level  float64  `json:"level"`
		Lo, Hi []number `json:"-"`
		Low    []number `json:"lo"`
		High   []number `json:"hi"`
	}
	type series struct {
		ID    string     `json:"unique_id,omitempty"`
		DS    []string   `json:"ds"`
		Point []number   `json:"forecast"`
		Bands []band     `json:"bands"`
		Paths [][]number `json:"paths,omitempty"`
	}
	out := struct {
		Data    string  `json:"data"`
		Source  string  `json:"source,omitempty"`
		Freq    string  `json:"freq"`
		Horizon int     `json:"horizon"`
		Season  int     `json:"season"`
		Seed    uint64  `json:"seed"`
		Origins int     `json:"origins,omitempty"`
		Scores  []score `json:"scores"`
		Verdict string  `json:"verdict,omitempty"`
		Split   string  `json:"split,omitempty"` // files that the model was scored on: test or validation

		SplitScores task.Scores `json:"split_scores,omitempty"`

		Forecasts []series `json:"forecasts"`
		Notes     []string `json:"notes"`
		Files     []string `json:"files"`
		Seconds   float64  `json:"seconds"`
	}{Data: r.about, Source: r.source, Freq: r.freq.String(), Horizon: r.model.Asked().Horizon, Season: r.model.Asked().Season, Seed: r.model.Asked().Seed,
		Scores: r.scores(), Notes: r.table.Notes, Files: r.written(), Seconds: r.seconds()}
	if r.report != nil {
		out.Origins, out.Verdict = r.report.Origins, r.report.Verdict()
	}
	if r.scored() {
		out.Split, out.SplitScores = r.trained.split(), r.trained.result.Scores
	}
	for i := range r.series {
		s := series{ID: r.series[i].ID, Point: numbers(r.forecasts[i].Point)}
		for k := range r.forecasts[i].Point {
			s.DS = append(s.DS, r.series[i].Time(len(r.series[i].Y)+k).String())
		}
		for _, b := range r.bands(i) {
			s.Bands = append(s.Bands, band{Level: b.Level, Low: numbers(b.Lo), High: numbers(b.Hi)})
		}
		if r.flags.paths {
			for _, p := range r.forecasts[i].Paths {
				s.Paths = append(s.Paths, numbers(p))
			}
		}
		out.Forecasts = append(out.Forecasts, s)
	}
	return out
}

// csv writes the forecasts as a long table.
func (r *forecastRun) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	ids := len(r.series) > 1 || r.series[0].ID != ""
	head := []string{"ds", "forecast"}
	for _, l := range r.levels {
		head = append(head, fmt.Sprintf("lo-%g", 100*l), fmt.Sprintf("hi-%g", 100*l))
	}
	if ids {
		head = append([]string{"unique_id"}, head...)
	}
	c.Write(head)
	text := func(v float64) string { return strconv.FormatFloat(v, 'g', 7, 64) }
	for i := range r.series {
		for k, p := range r.forecasts[i].Point {
			row := []string{r.series[i].Time(len(r.series[i].Y) + k).String(), text(p)}
			for _, b := range r.bands(i) {
				row = append(row, text(b.Lo[k]), text(b.Hi[k]))
			}
			if ids {
				row = append([]string{r.series[i].ID}, row...)
			}
			c.Write(row)
		}
	}
	c.Flush()
	return c.Error()
}

// pathsCSV writes the sampled futures as a long table.
func (r *forecastRun) pathsCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"unique_id", "ds", "path", "y"})
	for i := range r.series {
		for p, path := range r.forecasts[i].Paths {
			for k, v := range path {
				c.Write([]string{r.series[i].ID, r.series[i].Time(len(r.series[i].Y) + k).String(), strconv.Itoa(p + 1), strconv.FormatFloat(v, 'g', 7, 64)})
			}
		}
	}
	c.Flush()
	return c.Error()
}

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
