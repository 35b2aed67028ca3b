package chart

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// A Fan is a series, what comes next, and bands around that.
type Fan struct {
	History []float64 // NaN where missing
	Point   []float64
	Bands   []Band // narrow to wide
	Label   func(i int) string
	XLabel  string // name of the x axis of a chart; default time
}

// A Band holds the values with probability Level.
type Band struct {
	Level  float64
	Lo, Hi []float64
}

// marks of the bands from narrow to wide, of the forecast and of the history; they
// can be distinguished without colour.
var (
	shades   = []string{"▓", "▒", "░"}
	colours  = []string{"\x1b[38;5;208m", "\x1b[38;5;215m", "\x1b[38;5;223m"}
	point    = "●"
	history  = "•"
	pointHue = "\x1b[1;38;5;202m"
	reset    = "\x1b[0m"
)

// Terminal draws the fan in width columns and height lines, the labels included.
// The history is shown from three times the forecast's steps back, or 24.
func (f *Fan) Terminal(w io.Writer, width, height int, colour bool) error {
	rows := max(height-2, 6)
	h := len(f.Point)
	show := min(len(f.History), max(3*h, 24))
	past := f.History[len(f.History)-show:]
	n := show + h
	lo, hi := f.span(past)
	labels, margin := sideLabels(lo, hi, rows), 9
	for _, label := range labels {
		margin = max(margin, len(label)+3)
	}
	cols := max(width-margin, 20)
	at := func(i int) int { return i * (cols - 1) / max(n-1, 1) }
	row := func(v float64) int {
		return rows - 1 - int(math.Round((v-lo)/(hi-lo)*float64(rows-1)))
	}
	cells := make([][]string, rows)
	for r := range cells {
		cells[r] = make([]string, cols)
	}
	hue := func(c, mark string) string {
		if colour {
			return c + mark + reset
		}
		return mark
	}
	// Wide bands first, so that narrow ones lie over them.
	for k := len(f.Bands) - 1; k >= 0; k-- {
		b, shade := f.Bands[k], min(k, len(shades)-1)
		f.fill(show, h, at, func(c int, i float64) {
			for r := row(lerp(b.Hi, i)); r <= row(lerp(b.Lo, i)); r++ {
				cells[clamp(r, rows)][c] = hue(colours[shade], shades[shade])
			}
		})
	}
	f.fill(show, h, at, func(c int, i float64) { cells[clamp(row(lerp(f.Point, i)), rows)][c] = hue(pointHue, point) })
	for i, v := range past {
		if !math.IsNaN(v) {
			cells[clamp(row(v), rows)][at(i)] = history
		}
	}
	var b strings.Builder
	for r, line := range cells {
		fmt.Fprintf(&b, "%*s ┤", margin-3, labels[r])
		for _, c := range line {
			if c == "" {
				c = " "
			}
			b.WriteString(c)
		}
		b.WriteString("\n")
	}
	b.WriteString(f.axis(margin, cols, len(f.History)-show, n, at))
	_, err := io.WriteString(w, b.String())
	return err
}

// sideLabels are those of the rows from hi down to lo, every fourth and the last.
func sideLabels(lo, hi float64, rows int) []string {
	var at []int
	var places []float64
	for r := range rows {
		if r%4 == 0 || r == rows-1 {
			at, places = append(at, r), append(places, lo+(hi-lo)*float64(rows-1-r)/float64(rows-1))
		}
	}
	labels := make([]string, rows)
	for i, label := range axisLabels(places, (hi-lo)/100) {
		labels[at[i]] = label
	}
	return labels
}

// Legend explains the marks.
func (f *Fan) Legend() string {
	s := history + " history  " + point + " forecast"
	for k, b := range f.Bands {
		s += fmt.Sprintf("  %s %g %%", shades[min(k, len(shades)-1)], 100*b.Level)
	}
	return s
}

// fill calls draw for every column of the forecast with the step, from 0, and the
// part of the way to the next that it stands for.
func (f *Fan) fill(show, h int, at func(int) int, draw func(c int, i float64)) {
	for i := range h {
		from, to := at(show+i), at(show+i)
		if i+1 < h {
			to = at(show+i+1) - 1
		}
		for c := from; c <= to; c++ {
			part := 0.0
			if to > from {
				part = float64(c-from) / float64(to-from+1)
			}
			draw(c, float64(i)+part)
		}
	}
}

func lerp(v []float64, i float64) float64 {
	k := int(i)
	if k+1 >= len(v) {
		return v[len(v)-1]
	}
	return v[k] + (i-float64(k))*(v[k+1]-v[k])
}

func clamp(r, rows int) int { return min(max(r, 0), rows-1) }

// span is the range of all that is drawn.
func (f *Fan) span(past []float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	take := func(vs []float64) {
		for _, v := range vs {
			if !math.IsNaN(v) {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
	}
	take(past)
	take(f.Point)
	for _, b := range f.Bands {
		take(b.Lo)
		take(b.Hi)
	}
	if !(hi > lo) {
		lo, hi = lo-1, lo+1
	}
	return lo, hi
}

// axis labels the first shown step, the first forecast step and the last.
func (f *Fan) axis(margin, cols, first, n int, at func(int) int) string {
	line := []rune(strings.Repeat(" ", margin+cols+20))
	end := 0
	for _, i := range []int{0, n - len(f.Point), n - 1} {
		label := []rune(f.Label(first + i))
		start := margin - 1 + at(i)
		if i == n-1 {
			start = min(start, margin+cols-1) - len(label) + 1
		}
		if start < end {
			continue
		}
		copy(line[start:], label)
		end = start + len(label) + 2
	}
	return strings.TrimRight(string(line), " ") + "\n"
}
