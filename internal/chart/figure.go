package chart

import (
	"math"
	"slices"
	"strconv"
)

// A Figure is an interactive chart: lines over bands, over the same x.
type Figure struct {
	X      []float64 // rising; seconds since 1970 if Time, else numbers
	Time   bool
	Labels []string // names of X, such as dates; nil for the numbers
	XLabel string   // name of the x axis, such as time or epoch
	YLabel string   // name and unit of the y axis
	Text   []string // what the chart shows, in sentences
	Lines  []FigureLine

	From int // place in X at which the table of values begins
	View int // place in X at which what is shown at first begins
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

// any reports whether the line has a value.
func (l FigureLine) any() bool {
	return slices.ContainsFunc(l.Y, isFinite)
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Label is the name of a place in X.
func (f *Figure) Label(i int) string {
	if i < len(f.Labels) {
		return f.Labels[i]
	}
	return strconv.FormatFloat(f.X[i], 'f', -1, 64)
}

// Values is the table of what is drawn, from f.From: the lines, then the bands from narrow to
// wide. Lines and rows without a value have none.
func (f *Figure) Values() *Table {
	t := &Table{Head: []string{f.XLabel}, Best: -1}
	var columns []func(i int) string
	add := func(name string, cell func(i int) string) {
		for i := f.From; i < len(f.X); i++ {
			if cell(i) != "" {
				t.Head, columns = append(t.Head, name), append(columns, cell)
				return
			}
		}
	}
	value := func(y []float64, i int) string {
		if i < len(y) && isFinite(y[i]) {
			return Digits(y[i])
		}
		return ""
	}
	for _, l := range f.Lines {
		if l.Band == "" {
			add(l.Name, func(i int) string { return value(l.Y, i) })
		}
	}
	for _, lo := range slices.Backward(f.Lines) {
		at := slices.IndexFunc(f.Lines, func(l FigureLine) bool { return l.Band == "hi" && l.Name == lo.Name })
		if lo.Band != "lo" || at < 0 {
			continue
		}
		add(lo.Name, func(i int) string {
			from, to := value(lo.Y, i), value(f.Lines[at].Y, i)
			if from == "" || to == "" {
				return ""
			}
			return from + " … " + to
		})
	}
	for i := f.From; i < len(f.X); i++ {
		row, some := []string{f.Label(i)}, false
		for _, cell := range columns {
			row = append(row, cell(i))
			some = some || row[len(row)-1] != ""
		}
		if some {
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

type jsonFigure struct {
	At     int        `json:"at"` // number of its section
	View   int        `json:"view"`
	Time   bool       `json:"time"`
	XLabel string     `json:"xLabel"`
	YLabel string     `json:"yLabel"`
	X      []float64  `json:"x"`
	Labels []string   `json:"labels"`
	Lines  []jsonLine `json:"lines"`
}

type jsonLine struct {
	Name string     `json:"name"`
	Band string     `json:"band,omitempty"`
	Role string     `json:"role"`
	Off  bool       `json:"off,omitempty"`
	Y    []*float64 `json:"y"` // null where it breaks
}

// json is f as its section's script takes it; lines without a value are not drawn.
func (f *Figure) json(at int) jsonFigure {
	j := jsonFigure{At: at, View: min(f.View, max(0, len(f.X)-1)), Time: f.Time, XLabel: f.XLabel, YLabel: f.YLabel, X: f.X}
	for i := range f.X {
		j.Labels = append(j.Labels, f.Label(i))
	}
	for _, l := range f.Lines {
		if !l.any() {
			continue
		}
		y := make([]*float64, len(l.Y))
		for i, v := range l.Y {
			if isFinite(v) {
				y[i] = &l.Y[i]
			}
		}
		j.Lines = append(j.Lines, jsonLine{l.Name, l.Band, l.Role, l.Off, y})
	}
	return j
}
