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
	"github.com/recur-go/recur/task"
)

// outputs are the pictures and the files that the evaluation gave.
func (r *training) outputs() (all []output) {
	for _, part := range r.result.Parts {
		if part.File == "" {
			continue
		}
		all = append(all, pictures(part.File, func(w io.Writer, format string) error { return drawPart(w, part, format) })...)
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
func drawPart(w io.Writer, p task.Part, format string) error {
	if p.Chart == nil {
		return heatMap(p.Heat).Write(w, p.Title, format)
	}
	c := &chart.Chart{Title: p.Chart.Title, XLabel: p.Chart.XLabel, YLabel: p.Chart.YLabel, Width: 420, Height: 400}
	for _, l := range p.Chart.Lines {
		c.Lines = append(c.Lines, chart.Line{Name: l.Name, X: l.X, Y: l.Y, Dashed: l.Dashed})
	}
	return c.Write(w, format)
}

// curves are the losses by epoch.
func (r *training) curves() *chart.Chart {
	metric := r.task.Metric(r.cfg)
	x, training, valid := r.history.curves(metric.Name)
	c := &chart.Chart{
		Title: "Learning curves", XLabel: "epoch", Falling: !metric.Maximise,
		Lines: []chart.Line{{Name: "loss in training", X: x, Y: training}},
	}
	if valid != nil { // else there was nothing to validate on
		c.Lines = append(c.Lines, chart.Line{Name: metric.Name + ", " + validation, X: x, Y: valid})
	}
	return c
}

const validation = "validation"

func (r *training) page() (*chart.Page, error) {
	p := &chart.Page{
		Title:    "recur " + r.task.Name() + ": " + r.title(),
		Subtitle: strings.Join(r.notes, " · "),
		Footer:   fmt.Sprintf("%d epochs. Made by recur; recipe.json repeats the run.", len(r.history)),
	}
	p.Tables = append(p.Tables, r.scores())
	p.Figures = r.figures()
	for _, part := range r.result.Parts {
		t := chart.Table{Title: part.Title, Note: part.Note, Head: part.Head, Rows: part.Rows, Best: -1, Picture: part.Picture}
		if part.Heat != nil {
			t.Heat = heatMap(part.Heat)
		}
		p.Tables = append(p.Tables, t)
	}
	settings, err := r.settings()
	if err != nil {
		return nil, err
	}
	p.Tables = append(p.Tables, settings)
	return p, nil
}

// scores are those of the model.
func (r *training) scores() chart.Table {
	scores := chart.Table{Title: "Scores, " + r.split(), Head: []string{"score", "value"}, Best: -1}
	for _, n := range slices.Sorted(maps.Keys(r.result.Scores)) {
		scores.Rows = append(scores.Rows, []string{n, fmt.Sprintf("%.4f", r.result.Scores[n])})
	}
	return scores
}

// settings are those of the run, as its recipe has them.
func (r *training) settings() (chart.Table, error) {
	settings := chart.Table{Title: "Settings", Head: []string{"setting", "value"}, Best: -1}
	for _, n := range slices.Sorted(maps.Keys(r.recipe.Config)) {
		v, err := json.Marshal(r.recipe.Config[n])
		if err != nil {
			return settings, err
		}
		settings.Rows = append(settings.Rows, []string{n, strings.TrimPrefix(strings.Trim(string(v), `"`), "null")})
	}
	return settings, nil
}

// title names the files that the model was trained on, without their folders.
func (r *training) title() string {
	var names []string
	for _, f := range r.data.Train {
		names = append(names, filepath.Base(f))
	}
	return strings.Join(names, ", ")
}

// figures are the loss and what models are selected by, by epoch.
func (r *training) figures() (all []chart.Figure) {
	if len(r.history) < 2 {
		return nil // a point is no curve
	}
	metric := r.task.Metric(r.cfg).Name
	x, loss, valid := r.history.curves("loss")
	losses := chart.Figure{Title: "Loss by epoch", Of: "epoch", X: x, Lines: []chart.FigureLine{{Name: "training", Y: loss, Role: "history"}}}
	if valid != nil {
		losses.Lines = append(losses.Lines, chart.FigureLine{Name: validation, Y: valid, Role: "forecast"})
	}
	all = append(all, losses)
	if _, _, y := r.history.curves(metric); metric != "loss" && y != nil {
		all = append(all, chart.Figure{Title: metric + " by epoch, " + validation, Of: "epoch", X: x, Lines: []chart.FigureLine{{Name: metric, Y: y, Role: "forecast"}}})
	}
	return all
}
