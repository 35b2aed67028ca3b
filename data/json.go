package data

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// ReadJSON reads a long table from JSON lines: an object for each row, with the
// keys of ReadCSV's columns. A missing, null or NaN y is a missing value.
func ReadJSON(r io.Reader, name string, o Options) (*Table, error) {
	b := newBuilder(name, o)
	or := func(s, def string) string {
		if s == "" {
			return def
		}
		return s
	}
	id, ds, y := or(o.ID, "unique_id"), or(o.Time, "ds"), or(o.Y, "y")
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var row map[string]json.RawMessage
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			b.problems.add(&Error{Row: n, Reason: "is no JSON object: " + err.Error(), Hint: `write a line such as {"ds": "2024-05", "y": 7} for each row`})
			continue
		}
		if e := b.jsonRow(n, row, id, ds, y); e != nil {
			e.Row = n
			b.problems.add(e)
		}
	}
	if err := lines.Err(); err != nil {
		if !errors.Is(err, bufio.ErrTooLong) {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		b.problems.add(&Error{Reason: fmt.Sprintf("a line is longer than %d bytes", maxLine)})
	}
	if b.n == 0 && len(b.list) == 0 {
		b.problems.add(&Error{Reason: "is empty", Hint: `it needs a line such as {"ds": "2024-05", "y": 7} for each row`})
	}
	return b.table()
}

func (b *builder) jsonRow(n int, row map[string]json.RawMessage, id, ds, y string) *Error {
	text := func(key string) string { // a string's content, or a number as written
		var s string
		if json.Unmarshal(row[key], &s) == nil {
			return s
		}
		return string(row[key])
	}
	if _, ok := row[ds]; !ok {
		return &Error{Column: ds, Reason: "is missing", Hint: "every row needs a time"}
	}
	t, err := ParseTime(text(ds))
	if err != nil {
		return &Error{Column: ds, Value: text(ds), Reason: err.Error(), Hint: "write dates as 2024-05-06, 2024-05 or 2024-05-06T07:08, or count steps by whole numbers"}
	}
	v := math.NaN()
	if raw, ok := row[y]; ok && string(raw) != "null" {
		var e *Error
		if v, e = value(text(y), '.'); e != nil {
			e.Column = y
			return e
		}
	}
	name := ""
	if _, ok := row[id]; ok {
		name = text(id)
	}
	b.add(n, name, t, v)
	return nil
}
