package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/internal/lang"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/task"
)

// outputs are the pictures and the files that the evaluation gave.
func (r *training) outputs() (all []output) {
	for _, part := range r.result.Parts {
		if part.File == "" {
			continue
		}
		all = append(all, pictures(part.File, func(w io.Writer, format string) error { return drawPart(w, part, format, r.lang) })...)
	}
	for _, f := range r.result.Files {
		all = append(all, output{f.Name, func(w io.Writer) error { _, err := w.Write(f.Data); return err }})
	}
	return all
}

func heatMap(h *task.Heat) *chart.Heat {
	return &chart.Heat{Rows: h.Rows, Cols: h.Cols, Values: h.Values}
}

// drawPart draws the chart or the heat map of a part.
func drawPart(w io.Writer, p task.Part, format string, l lang.Lang) error {
	if p.Chart == nil {
		title := p.Title
		if format == "svg" { // the font of a PNG may lack the letters
			title = l.Text(title)
		}
		return heatMap(p.Heat).Write(w, title, format)
	}
	c := &chart.Chart{Title: p.Chart.Title, XLabel: p.Chart.XLabel, YLabel: p.Chart.YLabel, Width: 420, Height: 400}
	for _, l := range p.Chart.Lines {
		c.Lines = append(c.Lines, chart.Line{Name: l.Name, X: l.X, Y: l.Y, Dashed: l.Dashed})
	}
	return drawing(chart.Panels{c}, l)(w, format)
}

// curves are the losses by epoch and, in a panel of its own as its unit is another, the score
// that models are selected by.
func (r *training) curves() chart.Panels {
	metric := r.task.Metric(r.cfg)
	x, training, valid := r.history.curves("loss")
	losses := &chart.Chart{Title: "Learning curves", XLabel: "epoch", YLabel: "loss", Falling: true, Lines: []chart.Line{{Name: "loss in training", X: x, Y: training}}}
	if valid != nil { // else there was nothing to validate on
		losses.Lines = append(losses.Lines, chart.Line{Name: "loss in validation", X: x, Y: valid})
	}
	_, _, scores := r.history.curves(metric.Name)
	if metric.Name == "loss" || scores == nil {
		return chart.Panels{losses}
	}
	losses.Width, losses.Height = 720, 300
	return chart.Panels{losses, {XLabel: "epoch", YLabel: metric.Name, Falling: !metric.Maximise, Width: 720, Height: 280,
		Lines: []chart.Line{{Name: fmt.Sprintf("%s in validation", metric.Name), X: x, Y: scores}}}}
}

func (r *training) page() (*chart.Page, error) {
	p := &chart.Page{
		Title:    "recur " + r.task.Name() + ": " + r.title(),
		Subtitle: r.notes,
		Footer:   fmt.Sprintf("%s. Made by recur; recipe.json repeats the run.", setting.Plural(len(r.history), "epoch")),
	}
	p.Sections = append(p.Sections, r.scores())
	for _, part := range r.result.Parts {
		s := chart.Section{Title: part.Title, Note: part.Note, Picture: part.Picture}
		if len(part.Rows) > 0 {
			s.Table = &chart.Table{Head: part.Head, Rows: part.Rows, Best: -1}
		}
		if part.Heat != nil {
			s.Heat = heatMap(part.Heat)
		}
		p.Sections = append(p.Sections, s)
	}
	p.Sections = append(p.Sections, r.learning()...)
	settings, err := r.settings()
	if err != nil {
		return nil, err
	}
	p.Sections = append(p.Sections, settings)
	return p, nil
}

// scores are those of the model, with what they are.
func (r *training) scores() chart.Section {
	s := chart.Section{Title: fmt.Sprintf("Scores, %s", r.split()), Table: &chart.Table{Head: []string{"score", "value"}, Best: -1}}
	for _, n := range slices.Sorted(maps.Keys(r.result.Scores)) {
		s.Table.Rows = append(s.Table.Rows, []string{n, fmt.Sprintf("%.4f", r.result.Scores[n])})
		if m := scoreMeaning(n); m != "" {
			s.Terms = append(s.Terms, chart.Term{Name: n, Meaning: m})
		}
	}
	return s
}

// settings are those of the run, as its recipe has them, but for those that are not set.
func (r *training) settings() (chart.Section, error) {
	return settingsOf([]string{"null", `""`, "[]", "{}"}, r.recipe.Config)
}

// settingsOf are the fields of all parts, a later one of a name in place of an earlier one, but
// for those whose JSON is in unset.
func settingsOf(unset []string, parts ...any) (chart.Section, error) {
	all := map[string]json.RawMessage{}
	for _, part := range parts {
		b, err := json.Marshal(part)
		if err == nil {
			err = json.Unmarshal(b, &all)
		}
		if err != nil {
			return chart.Section{}, err
		}
	}
	t := &chart.Table{Head: []string{"setting", "value"}, Best: -1}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if v := string(all[name]); !slices.Contains(unset, v) {
			t.Rows = append(t.Rows, []string{name, strings.Trim(v, `"`)})
		}
	}
	return chart.Section{Title: "Settings", Table: t}, nil
}

// title names the files that the model was trained on, without their folders.
func (r *training) title() string {
	var names []string
	for _, f := range r.data.Train {
		names = append(names, filepath.Base(f))
	}
	return strings.Join(names, ", ")
}

// learning is the loss and what models are selected by, by epoch.
func (r *training) learning() (all []chart.Section) {
	if len(r.history) < 2 {
		return nil // a point is no curve
	}
	metric := r.task.Metric(r.cfg)
	x, loss, valid := r.history.curves("loss")
	n := len(x) - 1
	losses := &chart.Figure{XLabel: "epoch", YLabel: "loss", X: x, Lines: []chart.FigureLine{{Name: "training", Y: loss, Role: "history"}},
		Text: []string{fmt.Sprintf("The loss in training is %s in epoch %g and %s in epoch %g.", chart.Digits(loss[0]), x[0], chart.Digits(loss[n]), x[n])}}
	if valid != nil {
		losses.Lines = append(losses.Lines, chart.FigureLine{Name: "validation", Y: valid, Role: "forecast"})
		best := bestOf(task.Metric{}, valid)
		losses.Text = append(losses.Text, fmt.Sprintf("That in validation is lowest in epoch %g: %s.", x[best], chart.Digits(valid[best])))
	}
	all = append(all, chart.Section{Title: "Loss by epoch", Figure: losses})
	if _, _, y := r.history.curves(metric.Name); metric.Name != "loss" && y != nil {
		best := bestOf(metric, y)
		all = append(all, chart.Section{Title: fmt.Sprintf("Validation by epoch: %s", metric.Name), Note: scoreMeaning(metric.Name), Figure: &chart.Figure{
			XLabel: "epoch", YLabel: metric.Name, X: x, Lines: []chart.FigureLine{{Name: metric.Name, Y: y, Role: "forecast"}},
			Text: []string{fmt.Sprintf("It is best in epoch %g: %s.", x[best], chart.Digits(y[best]))},
		}})
	}
	return all
}

// bestOf is the place of the best score.
func bestOf(m task.Metric, scores []float64) (best int) {
	for i, s := range scores {
		if m.Better(s, scores[best]) {
			best = i
		}
	}
	return best
}
