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
	Heat    *Heat
	Picture []byte // a PNG, nil for none
	Table   *Table
	Terms   []Term // words of the table that need an explanation
}

// A Term is a word and what it means.
type Term struct{ Name, Meaning string }

// Words are the fixed words of a page.
type Words struct {
	Lang    string `json:"lang"`    // language of the page, such as en
	Notes   string `json:"notes"`   // title of the notes
	Values  string `json:"values"`  // what opens the values of a chart
	Series  string `json:"series"`  // name of the switches that hide series
	Hidden  string `json:"hidden"`  // stands before the series that are hidden
	Read    string `json:"read"`    // name of the slider that reads values
	Zoom    string `json:"zoom"`    // name of the buttons that zoom
	ZoomIn  string `json:"zoomIn"`  // button
	ZoomOut string `json:"zoomOut"` // button
	All     string `json:"all"`     // button that shows all of the chart
	Scripts string `json:"scripts"` // instead of a chart, where scripts do not run
}

// English are the words of a page in English.
var English = Words{
	Lang: "en", Notes: "Notes", Values: "Values", Series: "Series", Hidden: "Hidden:", Read: "Read values at",
	Zoom: "Zoom", ZoomIn: "Zoom in", ZoomOut: "Zoom out", All: "All", Scripts: "The chart needs JavaScript; its values are below.",
}

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
	figures := []jsonFigure{}
	for i, s := range q.Sections {
		if s.Figure != nil {
			figures = append(figures, s.Figure.json(i))
		}
	}
	drawn, err := json.Marshal(figures)
	if err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	words, err := json.Marshal(q.Words)
	if err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	js := ""
	if len(figures) > 0 {
		js = uplotJS + "\n"
	}
	var b bytes.Buffer
	err = pageTemplate.Execute(&b, map[string]any{
		"Page": q, "Words": q.Words, "Figures": template.JS(drawn), "JSWords": template.JS(words),
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
