package data

import (
	"bufio"
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

// ReadJSON reads a long table from JSON lines: an object for each row, with the
// keys of ReadCSV's columns. A missing, null or NaN y is a missing value.
func ReadJSON(r io.Reader, name string, o Options) (*Table, error) {
	return readJSON(plainFile(r, name), o)
}

func init() {
	Register(".jsonl", "{", TableReader(readJSON))
	Register(".ndjson", "", TableReader(readJSON))
}

func readJSON(in *File, o Options) (*Table, error) {
	if _, err := in.text(); err != nil {
		return nil, err
	}
	t := jsonTable{Builder: NewBuilder(in.Name, o), id: cmp.Or(o.ID, "unique_id"), ds: cmp.Or(o.Time, "ds"), y: cmp.Or(o.Y, "y")}
	if t.checkRoles(t.id, t.ds, t.y); t.err() != nil {
		return nil, t.err()
	}
	t.Builder.y = t.y
	t.seen, t.values = make([]bool, len(t.cols)), make([]float64, len(t.cols))
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxRow)
	n := 1
	for ; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		row, err := Object(lines.Bytes())
		if err != nil {
			t.Problem(&Error{Row: n, Reason: "is not a JSON object: " + err.Error(), Hint: `write a line such as {"ds": "2024-05", "y": 7} for each row, with null for unknown values`})
			continue
		}
		if e := t.row(n, row); e != nil {
			e.Row = n
			t.Problem(e)
		}
	}
	if err := lines.Err(); err != nil {
		if !errors.Is(err, bufio.ErrTooLong) {
			return nil, in.Failed(n, err)
		}
		t.Problem(&Error{Row: n, Reason: fmt.Sprintf("is longer than %d MiB", maxRow>>20), Hint: "write an object a line, not an array of them"})
	}
	switch {
	case len(t.list) > 0:
	case t.n == 0:
		t.Problem(&Error{Reason: "is empty", Hint: `it needs a line such as {"ds": "2024-05", "y": 7} for each row`})
	case !t.known:
		t.Problem(&Error{Column: t.y, Reason: "is missing from every row", Hint: "rename the values y, or name their key (--value)"})
	}
	for i, c := range t.cols {
		if !t.seen[i] && len(t.list) == 0 {
			t.Problem(&Error{Column: c.Name, Reason: "is missing from every row", Hint: "name a key of the rows (--past, --known, --static)"})
		}
	}
	t.noteEncoding(in)
	return t.Table()
}

// jsonTable reads rows into a Builder.
type jsonTable struct {
	*Builder
	id, ds, y string // keys
	known     bool   // a row has the key y
	seen      []bool // a row has the covariate
	values    []float64
}

// row takes one.
func (t *jsonTable) row(n int, row map[string]json.RawMessage) *Error {
	text := func(key string) string { // a string's content, or a number as written
		var s string
		if json.Unmarshal(row[key], &s) == nil {
			return s
		}
		return string(row[key])
	}
	if _, ok := row[t.ds]; !ok {
		return &Error{Column: t.ds, Reason: "is missing", Hint: cmp.Or(setting.Meant(t.ds, slices.Sorted(maps.Keys(row))), "every row needs a time; name its key if it is not ds (--time)")}
	}
	at, e := t.ParseTime(text(t.ds))
	if e != nil {
		return e.in(t.ds)
	}
	y := math.NaN()
	raw, ok := row[t.y]
	t.known = t.known || ok
	if ok && string(raw) != "null" {
		if y, e = t.ParseValue(text(t.y)); e != nil {
			return e.in(t.y)
		}
	}
	id := ""
	if _, ok := row[t.id]; ok {
		id = text(t.id)
		if e := badID(id); e != nil {
			return e.in(t.id)
		}
	}
	for i, c := range t.cols {
		x, given := "", row[c.Name]
		if given != nil && string(given) != "null" {
			x = text(c.Name)
			t.seen[i] = true
		}
		if t.values[i], e = t.ParseCovariate(i, x); e != nil {
			return e.in(c.Name)
		}
	}
	t.Add(n, id, at, y, t.values...)
	return nil
}
