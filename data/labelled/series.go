package labelled

import (
	"fmt"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/tensor"
)

// seriesTable reads series from a table in one of two forms. Wide, a row is a series:
// its label, in the column of that name or the first if there is no header, and its
// values, which end where the last are empty. Long, a row is a step: the name of its
// series, its label, and the values of all other columns.
func (r *reader) seriesTable(s *source, comma rune, quotes bool) error {
	t := &seriesRows{r: r, s: s, comma: comma, quotes: quotes, id: -1, label: -1}
	first := true
	err := s.records(comma, quotes, func(row int, fields []string) error {
		if first {
			first = false
			if t.heading(fields) {
				return t.columns(row)
			}
		}
		return t.row(row, fields)
	})
	if err == nil {
		err = t.end()
	}
	return s.endsWith(&t.n, err)
}

// seriesRows reads the rows of a table of series.
type seriesRows struct {
	r         *reader
	s         *source
	comma     rune
	quotes    bool
	header    []string // nil if there is none
	id, label int      // columns, -1 for none
	values    []int    // columns, if there is a header
	open      *Example // series of a long table that is being read
	name      string   // its name
	seen      map[string]bool
	n         int
}

// heading reports whether the first row is a header, and keeps it.
func (t *seriesRows) heading(fields []string) bool {
	for _, f := range fields[min(1, len(fields)):] {
		if _, bad := number(f, t.decimalComma()); bad == nil && strings.TrimSpace(f) != "" {
			return false
		}
	}
	if len(fields) < 2 {
		return false
	}
	for _, f := range fields {
		t.header = append(t.header, strings.TrimSpace(f))
	}
	return true
}

func (t *seriesRows) decimalComma() bool { return t.comma == ';' || t.comma == '\t' }

// columns finds what the columns of the header are.
func (t *seriesRows) columns(row int) error {
	t.label = column(t.header, t.r.Label, labelNames)
	t.id = column(t.header, t.r.ID, idNames)
	if t.label < 0 && !t.r.Unlabelled {
		return t.s.wrong(row, fmt.Sprintf("none of the columns %s is one of labels", setting.Quoted(t.header)), missing(t.header, "rename it label, or name it (--label)", t.r.Label))
	}
	if t.r.ID != "" && t.id < 0 {
		return t.s.wrong(row, fmt.Sprintf("none of the columns %s is called %s", setting.Quoted(t.header), t.r.ID), missing(t.header, "name the column of the series (--set id=NAME)", t.r.ID))
	}
	if t.r.ID != "" && t.id == t.label {
		return t.s.wrong(row, fmt.Sprintf("the column %q is named both as the series column and as the label column", t.header[t.id]), "name a different column for each (--set id=NAME, --label)")
	}
	name := t.id // of a series
	if t.r.ID == "" && name >= 0 && !t.repeated(name) {
		t.id = -1
	}
	for i := range t.header {
		if i != t.label && i != name && (t.id < 0 || !slices.Contains(timeNames, strings.ToLower(t.header[i]))) {
			t.values = append(t.values, i)
		}
	}
	if len(t.values) == 0 {
		return t.s.wrong(row, "there is no value column", "every row needs a value")
	}
	return nil
}

// repeated reports whether two rows in the beginning of the file have the same in a column.
func (t *seriesRows) repeated(column int) (same bool) {
	seen := map[string]bool{}
	t.s.beginning().records(t.comma, t.quotes, func(_ int, fields []string) error {
		if column < len(fields) {
			name := strings.Clone(fields[column])
			same = same || seen[name]
			seen[name] = true
		}
		return nil
	})
	return same
}

func (t *seriesRows) row(row int, fields []string) error {
	if t.header != nil && len(fields) != len(t.header) {
		return t.s.wrong(row, fmt.Sprintf("has %s, but the header has %d", setting.Plural(len(fields), "field"), len(t.header)), "leave fields without a value empty")
	}
	if t.id >= 0 {
		return t.step(row, fields)
	}
	e := Example{File: t.s.name, Row: row, Width: 1}
	label, values := 0, t.values
	if t.header != nil {
		label = t.label
	} else {
		for i := 1; i < len(fields); i++ {
			values = append(values, i)
		}
	}
	for len(values) > 0 && strings.TrimSpace(fields[values[len(values)-1]]) == "" {
		values = values[:len(values)-1]
	}
	if err := t.read(row, fields, values, &e); err != nil {
		return err
	}
	if label >= 0 {
		if err := t.labels(row, fields[label], &e); err != nil {
			return err
		}
	}
	if len(e.X) == 0 {
		return t.s.wrong(row, "has no values", "give it some, or take the row out")
	}
	t.n++
	return t.r.add(e)
}

// read appends the values of a row to e.
func (t *seriesRows) read(row int, fields []string, at []int, e *Example) error {
	for _, i := range at {
		v, bad := number(fields[i], t.decimalComma())
		if bad != nil {
			bad.File, bad.Row, bad.Column = t.s.name, row, t.column(i)
			return bad
		}
		e.X = append(e.X, v)
	}
	return nil
}

func (t *seriesRows) column(i int) string {
	if t.header != nil {
		return t.header[i]
	}
	return fmt.Sprint(i + 1)
}

func (t *seriesRows) labels(row int, cell string, e *Example) error {
	labels, bad := t.r.labels(plainLabel(cell))
	if bad != nil {
		bad.File, bad.Row, bad.Column = t.s.name, row, t.column(t.label)
		return bad
	}
	e.Labels = labels
	return nil
}

// step is a row of a long table.
func (t *seriesRows) step(row int, fields []string) error {
	name := strings.TrimSpace(fields[t.id])
	if name == "" {
		return &data.Error{File: t.s.name, Row: row, Column: t.header[t.id], Reason: "is empty", Hint: "give every row the name of its series"}
	}
	if t.open == nil || name != t.name {
		if err := t.end(); err != nil {
			return err
		}
		if t.seen[name] {
			return &data.Error{File: t.s.name, Row: row, Column: t.header[t.id], Value: name, Reason: "continues after another series", Hint: "keep the rows of each series together, in order of time"}
		}
		if t.seen == nil {
			t.seen = map[string]bool{}
		}
		name = strings.Clone(name)
		t.seen[name] = true
		t.name, t.open = name, &Example{File: t.s.name, Row: row, Width: len(t.values), X: []tensor.Float{}}
	}
	if err := t.read(row, fields, t.values, t.open); err != nil {
		return err
	}
	if t.label < 0 {
		return nil
	}
	var e Example
	if err := t.labels(row, fields[t.label], &e); err != nil {
		return err
	}
	switch {
	case t.r.PerStep:
		if len(e.Labels) != 1 {
			return &data.Error{File: t.s.name, Row: row, Column: t.header[t.label], Value: fields[t.label], Reason: fmt.Sprintf("has %s", setting.Plural(len(e.Labels), "label")), Hint: "give every step one label"}
		}
		t.open.Labels = append(t.open.Labels, strings.Clone(e.Labels[0]))
	case t.open.Labels == nil:
		for _, l := range e.Labels {
			t.open.Labels = append(t.open.Labels, strings.Clone(l))
		}
	case !slices.Equal(t.open.Labels, e.Labels):
		return &data.Error{File: t.s.name, Row: row, Column: t.header[t.label], Value: fields[t.label], Reason: fmt.Sprintf("series %s had the label %q in the row before", t.name, t.open.Labels), Hint: "give all rows of a series the same label, or pass --target steps for one label per step"}
	}
	return nil
}

// end emits the series of a long table that is open.
func (t *seriesRows) end() error {
	if t.open == nil {
		return nil
	}
	e := *t.open
	t.open = nil
	t.n++
	return t.r.add(e)
}
