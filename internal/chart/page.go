package chart

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"math"
)

// A Page is a report: sections with charts that can be zoomed, tables and pictures, in one
// HTML file that asks nothing of the network.
type Page struct {
	Title    string
	Subtitle []string // sentences
	Picker   *Picker  // chooses which of the Figures of sections are shown; nil if they have one at most
	Sections []Section
	Notes    []string
	Footer   string
	Words    *Words // fixed words of the page; nil for English
}

// A Section is a chart, a heat map, a picture, a table, or several of them, under a title.
type Section struct {
	Title   string
	Note    string // sentences, a line each
	Figure  *Figure
	Figures []*Figure // in place of Figure, one for each item of the picker, nil where there is none
	Small   bool      // the chart is half as high
	Link    string    // charts of sections with the same Link, which share their X, zoom and move together; "" for none
	Heat    *Heat
	Picture []byte // a PNG, nil for none
	Table   *Table
	Folded  bool   // the table is shown when it is asked for
	Terms   []Term // words of the table that need an explanation
}

// First is the figure that is shown at first, nil for none.
func (s Section) First() *Figure {
	if len(s.Figures) > 0 {
		return s.Figures[0]
	}
	return s.Figure
}

// Drawn reports whether the section has a figure.
func (s Section) Drawn() bool { return s.Figure != nil || len(s.Figures) > 0 }

// A Term is a word and what it means.
type Term struct{ Name, Meaning string }

//go:embed uplot/uPlot.iife.min.js
var uplotJS string

//go:embed uplot/uPlot.min.css
var uplotCSS string

//go:embed page.html
var pageHTML string

//go:embed page.js
var pageJS string

//go:embed page.css
var pageCSS string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// Write writes the page. Its text is in composed letters, whatever it was in.
func (p *Page) Write(w io.Writer) error {
	q := p.composed()
	if q.Words == nil {
		q.Words = &English
	}
	d := &drawn{Figures: []jsonSlot{}, Axes: []jsonAxis{}, Items: []jsonItem{}, known: map[string]int{}}
	picker := -1 // section that it stands before
	for i, s := range q.Sections {
		all := s.Figures
		if all == nil && s.Figure != nil {
			all = []*Figure{s.Figure}
		}
		if all == nil {
			continue
		}
		if err := d.add(i, s.Link, all...); err != nil {
			return fmt.Errorf("chart: %w", err)
		}
		if picker < 0 && s.Figures != nil {
			picker = i
		}
	}
	if q.Picker != nil {
		for _, item := range q.Picker.Items {
			d.Items = append(d.Items, jsonItem{item.Name, item.Text, figures{item.Score}})
		}
	}
	drawn, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	words, err := json.Marshal(q.Words)
	if err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	js := ""
	if len(d.Figures) > 0 {
		js = uplotJS + "\n"
	}
	var b bytes.Buffer
	err = pageTemplate.Execute(&b, map[string]any{
		"Page": q, "Words": q.Words, "Picker": picker, "Drawn": template.JS(drawn), "JSWords": template.JS(words),
		"JS": template.JS(js + pageJS), "CSS": template.CSS(uplotCSS + "\n" + pageCSS),
	})
	if err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// A Heat is a matrix as colours, the greatest value the strongest.
type Heat struct {
	Rows, Cols []string
	Values     [][]float64 // [row][col], not negative
	Corner     string      // what rows and columns are, such as "label \ answer"
}

// RowNames are the names of the rows, with signs for blanks.
func (h *Heat) RowNames() []string { return visible(h.Rows) }

// ColNames are the names of the columns, with signs for blanks.
func (h *Heat) ColNames() []string { return visible(h.Cols) }

// Upright reports whether the names of the columns are too long to stand side by side.
func (h *Heat) Upright() bool {
	for _, name := range h.Cols {
		if len([]rune(name)) > 4 {
			return true
		}
	}
	return false
}

// Body is the values with their strengths.
func (h *Heat) Body() [][]HeatCell {
	most, body := h.most(), make([][]HeatCell, len(h.Values))
	for i, row := range h.Values {
		for _, v := range row {
			body[i] = append(body[i], HeatCell{short(v), math.Round(1000*share(v, most)) / 1000})
		}
	}
	return body
}

// most is the greatest value, 0 if there is none.
func (h *Heat) most() (most float64) {
	for _, row := range h.Values {
		for _, v := range row {
			most = max(most, v)
		}
	}
	return most
}

// A HeatCell is a value of a heat map.
type HeatCell struct {
	Text     string
	Strength float64 // 0 to 1
}
