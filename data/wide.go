package data

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/internal/setting"
)

// A Layout is how a CSV table is laid out.
type Layout int

const (
	Found   Layout = iota // by its header
	Long                  // a row for each time of each series
	Wide                  // a row for each series, a column for each time
	Columns               // a row for each time, a column for each series
)

var layoutNames = []string{"found", "long", "wide", "columns"}

// String is the name of l.
func (l Layout) String() string { return layoutNames[l] }

// MarshalText is String.
func (l Layout) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads found, long, wide or columns.
func (l *Layout) UnmarshalText(b []byte) error {
	return setting.Named(l, b, "layout", layoutNames)
}

// wide reports whether a header is that of a wide table: a name and at least three
// columns that are times, or numbered in order, such as V2, V3, V4.
func (t *csvTable) wide() bool {
	switch o := t.opts; {
	case o.Layout != Found:
		return o.Layout == Wide
	case len(t.header) < 4 || o.ID != "" || o.Time != "" || o.Y != "" || t.isTime(t.header[0]):
		return false
	case len(o.Path)+len(o.Past)+len(o.Known)+len(o.Static) > 0:
		return false
	}
	cols := t.header[1:]
	if t.times(cols) {
		return true
	}
	name := strings.TrimRight(cols[0], "0123456789")
	first, err := strconv.Atoi(cols[0][len(name):])
	for i, c := range cols {
		if err != nil || c != name+strconv.Itoa(first+i) {
			return false
		}
	}
	return true
}

// times reports whether all of the columns are named by times.
func (t *csvTable) times(cols []string) bool {
	return len(cols) > 0 && !slices.ContainsFunc(cols, func(c string) bool { return !t.isTime(c) })
}

// readWide reads the rows of a wide table, whose first column names the series. The
// other columns are times by their names or, if those are no times, steps that are
// counted from 1. A row that ends early, or in empty fields, is a series that ends
// there; empty fields before its first value are before its beginning.
func (t *csvTable) readWide() error {
	if o := t.opts; len(o.Past)+len(o.Known)+len(o.Static) > 0 {
		t.Problem(&Error{Reason: "a wide table has no columns for covariates", Hint: "write a row for each time of each series"})
		return t.err()
	}
	cols := t.header[min(1, len(t.header)):]
	if len(cols) == 0 {
		t.Problem(&Error{Row: 1, Reason: "a wide table has a column of names and then one for each time, but there is only one column", Hint: "separate the columns by commas, semicolons or tabs"})
		return t.err()
	}
	at := make([]Time, len(cols))
	dated := t.times(cols)
	for i, c := range cols {
		at[i] = Time{Index: int64(i + 1), IsIndex: true}
		if dated {
			at[i], _ = t.ParseTime(c)
		}
		if i > 0 && !at[i-1].Before(at[i]) {
			t.Problem(&Error{Row: 1, Column: c, Reason: "does not come after the column before", Hint: "put the columns in order of time"})
			return t.err()
		}
	}
	t.note("a wide table: a row for each series, %s", plural(len(cols), "column of values", "columns of values"))
	seen := map[string]int{}
	return t.each(func(line int, rec []string) {
		for len(rec) > 0 && strings.TrimSpace(rec[len(rec)-1]) == "" {
			rec = rec[:len(rec)-1]
		}
		if len(rec) == 0 {
			return
		}
		id := strings.Clone(strings.TrimSpace(rec[0]))
		e := badID(id)
		switch {
		case e != nil:
			e.Column = t.header[0]
		case seen[id] > 0:
			e = &Error{Value: id, Reason: fmt.Sprintf("is also the name in row %d", seen[id]), Hint: "give each series a name of its own"}
		case len(rec) > len(t.header):
			e = &Error{Reason: fmt.Sprintf("has %s, but the header has %d", plural(len(rec), "field", "fields"), len(t.header)), Hint: "give every value a column"}
		case len(rec) == 1:
			e = &Error{Reason: fmt.Sprintf("series %q has no values", id), Hint: "leave the row out"}
		}
		if e != nil {
			e.Row = line
			t.Problem(e)
			return
		}
		seen[id] = line
		begun := false
		for i, s := range rec[1:] {
			if begun = begun || strings.TrimSpace(s) != ""; !begun {
				continue
			}
			loose := t.learn(t.Builder, line, 0, s)
			y, e := value(s, t.decimal)
			if e != nil {
				e.Row, e.Column = line, cols[i]
				t.Problem(e)
				continue
			}
			if t.Add(line, id, at[i], y); loose {
				t.loosely(id, 0)
			}
		}
	})
}
