package data

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/recur-go/recur/internal/setting"
)

// SeriesColumns finds the columns of a table that has a row for each time and a column for each
// series, as a pivot of pandas: a time, which is named by Options or ds, or is the first that can be
// one, and at least two others, which hold numbers only. time and number tell of a column, by its type or its
// first value, whether it can be that. A table with columns named y or unique_id, or for which
// Options name a value, series or covariates, is none. Each column is to be added as a series.
func (b *Builder) SeriesColumns(header []string, time, number func(i int) bool) (ds int, series []int, ok bool) {
	o := b.opts
	if o.Single && columnNamed(header, o.ID) < 0 {
		o.ID = ""
	}
	if o.Layout != Found && o.Layout != Columns || o.ID != "" || o.Y != "" || len(o.Path)+len(o.Past)+len(o.Known)+len(o.Static) > 0 {
		return 0, nil, false
	}
	if o.Layout == Found && (columnNamed(header, "y") >= 0 || columnNamed(header, "unique_id") >= 0) {
		return 0, nil, false
	}
	switch at := columnNamed(header, cmp.Or(o.Time, "ds")); {
	case at >= 0:
		ds = at
	case o.Time != "":
		return 0, nil, false
	default: // the first column that can be the time
		for ds < len(header)-1 && !time(ds) {
			ds++
		}
	}
	if len(header) == 0 || !time(ds) {
		return 0, nil, false
	}
	for i, h := range header {
		switch {
		case i == ds || indexOfPandas(h):
		case !number(i):
			return 0, nil, false
		default:
			series = append(series, i)
		}
	}
	if len(series) < 2 && o.Layout == Found {
		return 0, nil, false
	}
	var names []string
	for _, i := range series {
		if slices.Contains(names, header[i]) {
			b.Problem(&Error{Row: 1, Column: header[i], Reason: "appears twice", Hint: "give every column its own name"})
		}
		names = append(names, header[i])
	}
	b.note("a column for each of %s, %s, at the times of %q (to forecast one of them alone, or with covariates, name it: --value)", plural(len(names), "series", "series"), setting.Quoted(names), header[ds])
	b.pivot, b.ds = true, header[ds]
	return ds, series, true
}

// isTime reports whether a text is a time, without a note of what it is.
func (b *Builder) isTime(s string) bool {
	if layout := b.opts.TimeLayout; layout != "" {
		_, err := parseLayout(layout, s)
		return err == nil
	}
	_, err := ParseTime(s)
	return err == nil
}

// isDate reports whether a text is a time of a table with a column for each series: there a number
// of a step is taken for a value, unless the layout is given.
func (b *Builder) isDate(s string) bool {
	if b.opts.TimeLayout != "" || b.opts.Layout == Columns {
		return b.isTime(s)
	}
	at, err := ParseTime(s)
	return err == nil && (!at.IsIndex || unixUnit(at.Index) >= 0)
}

// indexOfPandas reports whether a column is that of row numbers, which pandas writes first.
func indexOfPandas(name string) bool {
	return name == "" || name == "Unnamed: 0" || name == "__index_level_0__"
}

// columns reports whether the rows of CSV after the header have a column for each series, and
// reads them. first is the one after the header.
func (t *csvTable) columns(first []string) (done bool, err error) {
	if len(first) != len(t.header) {
		return false, nil
	}
	date := func(i int) bool { return t.isDate(first[i]) }
	ds, series, ok := t.SeriesColumns(t.header, date, func(i int) bool {
		return t.mayBe(first[i])
	})
	if !ok {
		return false, nil
	}
	if err := t.err(); err != nil {
		return true, err
	}
	t.ds = ds
	begun := make([]bool, len(t.header))
	row := func(line int, rec []string) *Error {
		if e := t.width(rec); e != nil || blankRow(rec) {
			return e
		}
		at, e := t.ParseTime(rec[ds])
		if e != nil {
			return e.in(t.header[ds])
		}
		t.german = t.german || germanDate(rec[ds])
		for _, i := range series {
			if begun[i] = begun[i] || strings.TrimSpace(rec[i]) != ""; !begun[i] {
				continue
			}
			loose := t.learn(t.Builder, line, i, rec[i])
			y, e := value(rec[i], t.decimal)
			if e != nil {
				return e.in(t.header[i])
			}
			if t.Add(line, t.header[i], at, y); loose {
				t.loosely(t.header[i], 0)
			}
		}
		return nil
	}
	take := func(line int, rec []string) {
		if e := row(line, rec); e != nil {
			e.Row = line
			t.Problem(e)
		}
	}
	take(t.line, first)
	return true, t.each(take)
}

// width reports a row with more or fewer fields than the header.
func (t *csvTable) width(rec []string) *Error {
	if len(rec) == len(t.header) || blankRow(rec) {
		return nil
	}
	e := &Error{Reason: fmt.Sprintf("has %s, but the header has %d", plural(len(rec), "field", "fields"), len(t.header)), Hint: "quote fields that contain the separator"}
	if t.in.Comma == ',' && len(rec) == len(t.header)+1 {
		e.Hint = "if the numbers have decimal commas, separate the columns by semicolons, or quote the numbers and pass --decimal ,"
	}
	return e
}

// blankRow reports whether all fields of a row are empty, as those that spreadsheets write after the
// last.
func blankRow(rec []string) bool {
	return !slices.ContainsFunc(rec, func(s string) bool { return strings.TrimSpace(s) != "" })
}
