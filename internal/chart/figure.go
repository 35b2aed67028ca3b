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

	// Origins, which rise, are the places in X of the first values of forecasts that one can
	// step through. At first the last is shown, with those before it that do not overlap.
	Origins []int
}

// A FigureLine is a curve of a Figure; NaN breaks it. If Band is not empty it is an
// edge, "lo" or "hi", of the band with the line's name.
type FigureLine struct {
	Name  string
	Y     []float64
	Steps [][]float64 // in place of Y, the values from each of the figure's Origins on
	Band  string
	Role  string // which colour it has: history, forecast, actual; backtest, violet, gold, rose or other, which are dashed; or mark, for points
	Off   bool   // hidden until it is asked for
	Bars  bool   // bars from 0, on an X whose places are the same distance apart
}

// any reports whether the line has a value.
func (l FigureLine) any() bool {
	return slices.ContainsFunc(l.Y, isFinite) || slices.ContainsFunc(l.Steps, func(y []float64) bool { return slices.ContainsFunc(y, isFinite) })
}

// y is the line as it is shown at first.
func (f *Figure) y(l FigureLine) []float64 {
	if l.Steps == nil {
		return l.Y
	}
	y, next := make([]float64, len(f.X)), len(f.X)
	for i := range y {
		y[i] = math.NaN()
	}
	for i := len(l.Steps) - 1; i >= 0; i-- {
		if at := f.Origins[i]; at+len(l.Steps[i]) <= next {
			copy(y[at:], l.Steps[i])
			next = at
		}
	}
	return y
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
		if y := f.y(l); l.Band == "" {
			add(l.Name, func(i int) string {
				if l.Bars && i < len(y) && isFinite(y[i]) && y[i] == math.Trunc(y[i]) { // often counts
					return strconv.FormatFloat(y[i], 'f', -1, 64)
				}
				return value(y, i)
			})
		}
	}
	for _, lo := range slices.Backward(f.Lines) {
		at := slices.IndexFunc(f.Lines, func(l FigureLine) bool { return l.Band == "hi" && l.Name == lo.Name })
		if lo.Band != "lo" || at < 0 {
			continue
		}
		low, high := f.y(lo), f.y(f.Lines[at])
		add(lo.Name, func(i int) string {
			from, to := value(low, i), value(high, i)
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
