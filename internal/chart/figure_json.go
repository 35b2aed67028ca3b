package chart

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// drawn are the figures of a page as its script takes them.
type drawn struct {
	Figures []jsonSlot `json:"figures"`
	Axes    []jsonAxis `json:"axes"`
	Items   []jsonItem `json:"items"` // of the picker

	known map[string]int // place in Axes of those with the same JSON
}

// A jsonSlot is where the figure of the item that is picked is drawn, or the only one.
type jsonSlot struct {
	At    int           `json:"at"` // number of its section
	Link  string        `json:"link,omitempty"`
	Items []*jsonFigure `json:"items"`
}

type jsonItem struct {
	Name  string  `json:"name"`
	Text  string  `json:"text,omitempty"`
	Score figures `json:"score"` // one, or null
}

type jsonFigure struct {
	Axis    int        `json:"axis"`
	From    int        `json:"from"`
	View    int        `json:"view"`
	XLabel  string     `json:"xLabel"`
	YLabel  string     `json:"yLabel"`
	Text    string     `json:"text,omitempty"`
	Origins []int      `json:"origins,omitempty"`
	Lines   []jsonLine `json:"lines"`
}

// A jsonAxis is the x of figures: Count places By apart from First on, or X. Labels are the
// first Date characters of ISO 8601, or given.
type jsonAxis struct {
	Time   bool      `json:"time,omitempty"`
	First  float64   `json:"first,omitempty"`
	By     float64   `json:"by,omitempty"`
	Count  int       `json:"count,omitempty"`
	X      []float64 `json:"x,omitempty"`
	Date   int       `json:"date,omitempty"`
	Labels []string  `json:"labels,omitempty"`
}

type jsonLine struct {
	Name  string            `json:"name"`
	Band  string            `json:"band,omitempty"`
	Role  string            `json:"role"`
	Off   bool              `json:"off,omitempty"`
	Bars  bool              `json:"bars,omitempty"`
	Y     json.RawMessage   `json:"y,omitempty"`
	Steps []json.RawMessage `json:"steps,omitempty"`
}

// figures are numbers of at most ten figures, null where there is none.
type figures []float64

// MarshalJSON implements json.Marshaler.
func (v figures) MarshalJSON() ([]byte, error) { return marshal(v, 10), nil }

func marshal(v []float64, figures int) []byte {
	b := []byte{'['}
	for i, y := range v {
		if i > 0 {
			b = append(b, ',')
		}
		if isFinite(y) {
			b = strconv.AppendFloat(b, y, 'g', figures, 64)
		} else {
			b = append(b, "null"...)
		}
	}
	return append(b, ']')
}

// add adds the figures of section at, one for each item or one alone, which are linked by a name.
func (d *drawn) add(at int, link string, all ...*Figure) error {
	slot := jsonSlot{At: at, Link: link}
	for _, f := range all {
		if f == nil {
			slot.Items = append(slot.Items, nil)
			continue
		}
		axis, err := d.axis(f)
		if err != nil {
			return err
		}
		j := f.json()
		j.Axis = axis
		slot.Items = append(slot.Items, j)
	}
	d.Figures = append(d.Figures, slot)
	return nil
}

// axis is the place in d.Axes of the x of f.
func (d *drawn) axis(f *Figure) (int, error) {
	a := jsonAxis{Time: f.Time, Count: len(f.X), X: f.X, Date: f.date()}
	if n := len(f.X); n > 0 {
		a.First = f.X[0]
	}
	if by, even := f.even(); even {
		a.By, a.X = by, nil
	} else {
		a.First, a.Count = 0, 0
	}
	if a.Date == 0 && f.Labels != nil {
		a.Labels = f.Labels
	}
	text, err := json.Marshal(a)
	if err != nil {
		return 0, err
	}
	at, ok := d.known[string(text)]
	if !ok {
		at = len(d.Axes)
		d.known[string(text)] = at
		d.Axes = append(d.Axes, a)
	}
	return at, nil
}

// even reports whether all x are whole numbers the same distance apart.
func (f *Figure) even() (by float64, ok bool) {
	if len(f.X) > 1 {
		by = f.X[1] - f.X[0]
	}
	for i, x := range f.X {
		if x != math.Trunc(x) || math.Abs(x) > 1<<53 || x != f.X[0]+float64(i)*by {
			return 0, false
		}
	}
	return by, len(f.X) > 0
}

// date is how many characters of ISO 8601 all of the labels are, 0 if they are others.
func (f *Figure) date() int {
	if !f.Time || len(f.Labels) < len(f.X) || len(f.X) == 0 {
		return 0
	}
	n := len(f.Labels[0])
	for i, x := range f.X {
		iso := time.UnixMilli(int64(math.Round(x * 1000))).UTC().Format("2006-01-02T15:04:05.000Z")
		if len(f.Labels[i]) != n || len(iso) != len("2006-01-02T15:04:05.000Z") || !strings.HasPrefix(iso, f.Labels[i]) {
			return 0
		}
	}
	return n
}

// json is f as its section's script takes it; lines without a value are not drawn.
func (f *Figure) json() *jsonFigure {
	j := &jsonFigure{From: f.From, View: min(f.View, max(0, len(f.X)-1)), XLabel: f.XLabel, YLabel: f.YLabel, Text: strings.Join(f.Text, " "), Origins: f.Origins, Lines: []jsonLine{}}
	n := f.figures()
	for _, l := range f.Lines {
		if !l.any() {
			continue
		}
		line := jsonLine{Name: l.Name, Band: l.Band, Role: l.Role, Off: l.Off, Bars: l.Bars}
		for _, y := range l.Steps {
			line.Steps = append(line.Steps, marshal(y, max(n, 7)))
		}
		if line.Steps == nil {
			line.Y = marshal(l.Y, max(n, 10))
		}
		j.Lines = append(j.Lines, line)
	}
	return j
}

// figures is how many figures of the values tell them apart on a screen, at most 15.
func (f *Figure) figures() int {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, l := range f.Lines {
		for _, all := range append([][]float64{l.Y}, l.Steps...) {
			for _, y := range all {
				if isFinite(y) {
					lo, hi = min(lo, y), max(hi, y)
				}
			}
		}
	}
	if !(lo < hi) {
		return 0
	}
	const screen = 5 // figures of the span
	return min(screen+int(math.Ceil(math.Log10(max(math.Abs(lo), math.Abs(hi))/(hi-lo)))), 15)
}
