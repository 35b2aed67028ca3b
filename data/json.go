package data

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/recur-go/recur/internal/setting"
)

// ReadJSON reads a long table from JSON lines, or from an array: an object for each row, with
// the keys of ReadCSV's columns. A missing, null or NaN y is a missing value. Objects without y
// whose keys are a time and numbers have a value of each series.
func ReadJSON(r io.Reader, name string, o Options) (*Table, error) {
	return readJSON(plainFile(r, name), o)
}

func init() {
	Register(".jsonl", "{", TableReader(readJSON))
	Register(".ndjson", "", TableReader(readJSON))
	Register(".json", "[", TableReader(readJSON))
}

func readJSON(in *File, o Options) (*Table, error) {
	head, err := in.text()
	if err != nil {
		return nil, err
	}
	t := jsonTable{Builder: NewBuilder(in.Name, o), id: cmp.Or(o.ID, "unique_id"), ds: cmp.Or(o.Time, "ds"), y: cmp.Or(o.Y, "y")}
	if t.checkRoles(t.id, t.ds, t.y); t.err() != nil {
		return nil, t.err()
	}
	t.Builder.y, t.Builder.ds = t.y, t.ds
	t.seen, t.values = make([]bool, len(t.cols)), make([]float64, len(t.cols))
	rows := t.lines
	if bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("[")) {
		rows = t.array
	}
	if err := rows(in); err != nil {
		return nil, err
	}
	switch {
	case len(t.list) > 0:
	case t.n == 0:
		t.Problem(&Error{Reason: "is empty", Hint: `it needs a line such as {"ds": "2024-05", "y": 7} for each row`})
	case !t.known && !o.Ahead:
		t.Problem(&Error{Column: t.y, Reason: "is missing from every row", Hint: "rename the values y, or name their key (--value)"})
	}
	for i, c := range t.cols {
		if !t.seen[i] && len(t.list) == 0 {
			t.Problem(&Error{Column: c.Name, Reason: "is missing from every row", Hint: "add it to the rows, or train with the keys that they have (--past, --known, --static)"})
		}
	}
	t.noteEncoding(in)
	return t.Table()
}

// jsonTable reads rows into a Builder.
type jsonTable struct {
	*Builder
	id, ds, y string   // keys
	series    []string // keys that are series each; nil for a long table
	begun     bool     // a row has been read
	known     bool     // a row has the key y
	seen      []bool   // a row has the covariate
	values    []float64
}

// lines reads an object a line.
func (t *jsonTable) lines(in *File) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxRow)
	n := 1
	for ; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		t.take(n, lines.Bytes(), `write a line such as {"ds": "2024-05", "y": 7} for each row, with null for unknown values`)
	}
	if err := lines.Err(); err != nil {
		if !errors.Is(err, bufio.ErrTooLong) {
			return in.Failed(n, err)
		}
		t.Problem(&Error{Row: n, Reason: fmt.Sprintf("is longer than %d MiB", maxRow>>20), Hint: "write an object a line"})
	}
	return nil
}

// array reads an array of objects, whose rows are counted from 1.
func (t *jsonTable) array(in *File) error {
	const hint = `write an array such as [{"ds": "2024-05", "y": 7}] with an object for each row`
	left := &allowance{in: in}
	d := json.NewDecoder(left)
	n := 1
	wrong := func(err error) error {
		var syntax *json.SyntaxError
		switch {
		case errors.Is(err, errLong):
			t.Problem(&Error{Row: n, Reason: fmt.Sprintf("is longer than %d MiB", maxRow>>20), Hint: hint})
		case errors.As(err, &syntax), err == io.EOF, err == io.ErrUnexpectedEOF && !in.packed:
			t.Problem(&Error{Row: n, Reason: "is not JSON, or is cut short: " + plainJSON(err).Error(), Hint: hint})
		default:
			return in.Failed(n, err)
		}
		return nil
	}
	left.n = maxRow
	if _, err := d.Token(); err != nil {
		return wrong(err)
	}
	for ; d.More(); n++ {
		left.n = maxRow
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return wrong(err)
		}
		t.take(n, raw, hint)
	}
	left.n = maxRow
	if _, err := d.Token(); err != nil {
		return wrong(err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Problem(&Error{Reason: "has more after its array", Hint: hint})
	}
	return nil
}

// An allowance is a reader of n bytes more, or of what the last read had beyond them.
type allowance struct {
	in io.Reader
	n  int
}

func (a *allowance) Read(p []byte) (int, error) {
	if a.n <= 0 {
		return 0, errLong
	}
	n, err := a.in.Read(p)
	a.n -= n
	return n, err
}

// take takes a row as it is written.
func (t *jsonTable) take(n int, raw []byte, hint string) {
	row, err := Object(raw)
	if err != nil {
		t.Problem(&Error{Row: n, Reason: "is not a JSON object: " + err.Error(), Hint: hint})
		return
	}
	if !t.begun {
		t.begun = true
		t.columns(names(raw), row)
	}
	take := t.row
	if t.series != nil {
		take = t.across
	}
	if e := take(n, row); e != nil {
		e.Row = n
		t.Problem(e)
	}
}

// columns finds out, by the first row, whether each key is a series.
func (t *jsonTable) columns(keys []string, row map[string]json.RawMessage) {
	date := func(i int) bool { return t.isDate(text(row[keys[i]])) }
	at, series, ok := t.SeriesColumns(keys, date, func(i int) bool {
		_, e := t.ParseValue(text(row[keys[i]]))
		return e == nil
	})
	if !ok {
		return
	}
	t.ds, t.known = keys[at], true
	for _, i := range series {
		t.series = append(t.series, keys[i])
	}
}

// across takes a row with a value of each series.
func (t *jsonTable) across(n int, row map[string]json.RawMessage) *Error {
	at, e := t.ParseTime(text(row[t.ds]))
	if e != nil {
		return e.in(t.ds)
	}
	for _, name := range t.series {
		y, e := t.ParseValue(text(row[name]))
		if e != nil {
			return e.in(name)
		}
		t.AddBegun(n, name, at, y)
	}
	return nil
}

// text is a string's content, or a number as written; "" for null and what is not there.
func text(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// row takes one.
func (t *jsonTable) row(n int, row map[string]json.RawMessage) *Error {
	if _, ok := row[t.ds]; !ok {
		return &Error{Column: t.ds, Reason: "is missing", Hint: cmp.Or(setting.Meant(t.ds, slices.Sorted(maps.Keys(row))), "every row needs a time; name its key if it is not ds (--time)")}
	}
	if raw := row[t.ds]; raw[0] == '{' || raw[0] == '[' {
		return &Error{Column: t.ds, Reason: "holds many times", Hint: "write an object for each row, in pandas by to_json(orient='records')"}
	}
	at, e := t.ParseTime(text(row[t.ds]))
	if e != nil {
		return e.in(t.ds)
	}
	y := math.NaN()
	raw, ok := row[t.y]
	t.known = t.known || ok
	if ok && string(raw) != "null" {
		if y, e = t.ParseValue(text(raw)); e != nil {
			return e.in(t.y)
		}
	}
	id := ""
	if len(t.opts.Path) > 0 {
		if id, e = t.PathOf(func(i int) string { return text(row[t.opts.Path[i]]) }); e != nil {
			return e
		}
	} else if _, ok := row[t.id]; ok {
		id = text(row[t.id])
		if e := badID(id); e != nil {
			return e.in(t.id)
		}
	}
	for i, c := range t.cols {
		x, given := "", row[c.Name]
		if given != nil && string(given) != "null" {
			x = text(given)
			t.seen[i] = true
		}
		if t.values[i], e = t.ParseCovariate(i, x); e != nil {
			return e.in(c.Name)
		}
	}
	t.Add(n, id, at, y, t.values...)
	return nil
}
