package chart

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Page is a report: charts that can be zoomed, tables and notes, in one HTML
// file that asks nothing of the network.
type Page struct {
	Title    string
	Subtitle string
	Figures  []Figure
	Tables   []Table
	Notes    []string
	Footer   string
}

// A Figure is an interactive chart: lines over areas, over the same x.
type Figure struct {
	Title string
	Note  string
	X     []float64 // rising; seconds since 1970 if Time, else numbers
	Time  bool
	Of    string // unit of X if it is numbers, such as epoch
	Lines []FigureLine
}

// A FigureLine is a curve of a Figure; NaN breaks it. If Band is not empty it is an
// edge, "lo" or "hi", of the band with the line's name.
type FigureLine struct {
	Name string
	Y    []float64
	Band string
	Role string // history, forecast, actual or back-test: which colour it has
	Off  bool   // hidden until it is asked for
}

// A Table is text in rows, the row whose index is Best standing out, a heat map, a
// picture, or several of them.
type Table struct {
	Title   string
	Note    string
	Head    []string
	Rows    [][]string
	Best    int // -1 for none
	Heat    *Heat
	Picture []byte // a PNG, nil for none
}

// PictureURL holds the picture itself.
func (t Table) PictureURL() template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(t.Picture))
}

// Long reports whether there are cells of text that may need more than a line.
func (t Table) Long() bool {
	for _, row := range t.Rows {
		for _, cell := range row {
			if utf8.RuneCountInString(cell) > 24 {
				return true
			}
		}
	}
	return false
}

// Words reports for each column whether it has other than numbers, and so is read from
// the left.
func (t Table) Words() (words []bool) {
	for _, row := range t.Rows {
		for j, cell := range row {
			if j == len(words) {
				words = append(words, false)
			}
			words[j] = words[j] || !numbers(cell)
		}
	}
	for len(words) < len(t.Head) {
		words = append(words, false)
	}
	return words
}

// numbers reports whether a cell has numbers alone, with their units.
func numbers(cell string) bool {
	for _, field := range strings.Fields(cell) {
		if _, err := strconv.ParseFloat(strings.TrimSuffix(field, "%"), 64); err != nil && !slices.Contains([]string{"%", "±", "s", "-"}, field) {
			return false
		}
	}
	return true
}

// Name is the head of a column.
func (t Table) Name(column int) string {
	if column < len(t.Head) {
		return t.Head[column]
	}
	return ""
}

// A Heat is a matrix as colours, the greatest value the strongest.
type Heat struct {
	Rows, Cols []string
	Values     [][]float64 // [row][col], not negative
}

// Cells are the values with their strengths from 0 to 1.
func (h *Heat) Cells(row int) (cells []HeatCell) {
	most := 0.0
	for _, r := range h.Values {
		for _, v := range r {
			most = max(most, v)
		}
	}
	for _, v := range h.Values[row] {
		c := HeatCell{Text: short(v)}
		if most > 0 && v > 0 {
			c.Strength = v / most
		}
		cells = append(cells, c)
	}
	return cells
}

// A HeatCell is a value of a heat map.
type HeatCell struct {
	Text     string
	Strength float64 // 0 to 1
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

// Write writes the page.
func (p *Page) Write(w io.Writer) error {
	figures, err := json.Marshal(jsonFigures(p.Figures))
	if err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	var b bytes.Buffer
	err = pageTemplate.Execute(&b, map[string]any{
		"Page": p, "Figures": template.JS(figures),
		"JS": template.JS(uplotJS + "\n" + pageJS), "CSS": template.CSS(uplotCSS + "\n" + pageCSS),
	})
	if err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

type jsonFigure struct {
	Title string     `json:"title"`
	Time  bool       `json:"time"`
	Of    string     `json:"of"`
	X     []float64  `json:"x"`
	Lines []jsonLine `json:"lines"`
}

type jsonLine struct {
	Name string     `json:"name"`
	Band string     `json:"band,omitempty"`
	Role string     `json:"role"`
	Off  bool       `json:"off,omitempty"`
	Y    []*float64 `json:"y"` // null where it breaks
}

func jsonFigures(figures []Figure) (all []jsonFigure) {
	for _, f := range figures {
		j := jsonFigure{Title: f.Title, Time: f.Time, Of: f.Of, X: f.X}
		for _, l := range f.Lines {
			y := make([]*float64, len(l.Y))
			for i, v := range l.Y {
				if !math.IsNaN(v) && !math.IsInf(v, 0) {
					y[i] = &l.Y[i]
				}
			}
			j.Lines = append(j.Lines, jsonLine{l.Name, l.Band, l.Role, l.Off, y})
		}
		all = append(all, j)
	}
	return all
}
