package data

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Record is a row of a table of text.
type Record struct {
	Row    int      // line of the file that it begins at, from 1
	Fields []string // values, in the order of the columns
}

// A RecordReader reads the rows of a file for Records.
type RecordReader func(f *File, header func(first []string) bool, each func(columns []string, r Record) error) error

func init() {
	Register(".csv", "", RecordReader(readQuoted))
	Register(".tsv", "", RecordReader(ReadTSV))
	Register(".tab", "", RecordReader(ReadTSV))
	Register(".jsonl", `{"`, RecordReader(readObjects))
	Register(".ndjson", "", RecordReader(readObjects))
}

// Records reads the rows of a table of text, whatever its columns mean, and calls
// each for every one. By the ending of the file's name, with or without .gz, it is
//
//   - .tsv or .tab: as ReadTSV;
//   - .jsonl or .ndjson, or another that begins with {": an object a line. The columns
//     are the keys of the first; a value that is no string is given as its JSON, null and
//     a missing key as "";
//   - else CSV, separated by commas, semicolons or tabs, whichever its first line has.
//
// header reports whether the first row of TSV and CSV, which it gets, is one. If not,
// columns is nil and the row is the first record. Rows of another number of fields, text
// that is not UTF-8 and rows of more than 1 MiB are errors with their row. An error of
// each ends the reading: a *Error of it gets the file's name.
func Records(path string, header func(first []string) bool, each func(columns []string, r Record) error) error {
	f, err := Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	read, ok := FormatOf[RecordReader](f)
	if !ok {
		read = readQuoted
	}
	return read(f, header, each)
}

// newRecords gives what hands the rows of f on, its lines and how it begins.
func newRecords(f *File, header func([]string) bool, each func([]string, Record) error) (*records, *lineReader, []byte, error) {
	head, err := f.text()
	if err == nil && len(bytes.TrimSpace(head)) == 0 {
		err = &Error{File: f.Name, Reason: "is empty", Hint: "it needs a row for each example"}
	}
	return &records{path: f.Name, header: header, each: each}, newLineReader(f), head, err
}

// records hands rows on.
type records struct {
	path    string
	header  func([]string) bool
	each    func([]string, Record) error
	columns []string // nil if there is no header
	width   int      // fields of the first row
	hint    string   // remedy for rows of another width
}

func (t *records) fail(e *Error) error {
	e.File = t.path
	return e
}

// row takes the next row.
func (t *records) row(r Record) error {
	if len(r.Fields) == 1 && strings.TrimSpace(r.Fields[0]) == "" {
		return nil
	}
	for i, f := range r.Fields {
		if !utf8.ValidString(f) {
			return t.fail(&Error{Row: r.Row, Column: t.column(i), Reason: "is not UTF-8", Hint: "save the file as UTF-8"})
		}
	}
	if t.width == 0 {
		t.width = len(r.Fields)
		if t.header(r.Fields) {
			t.columns = slices.Clone(r.Fields)
			return nil
		}
	}
	if len(r.Fields) != t.width {
		return t.fail(&Error{Row: r.Row, Reason: fmt.Sprintf("has %s, but the first row has %d", plural(len(r.Fields), "field", "fields"), t.width), Hint: t.hint})
	}
	return t.hand(r)
}

func (t *records) column(i int) string {
	if i < len(t.columns) {
		return t.columns[i]
	}
	return ""
}

func (t *records) hand(r Record) error {
	err := t.each(t.columns, r)
	var e *Error
	if errors.As(err, &e) && e.File == "" {
		e.File = t.path
		if e.Row == 0 {
			e.Row = r.Row
		}
	}
	return err
}

// scan calls take for every line.
func (t *records) scan(lines *lineReader, take func(n int, line string) error) error {
	s := bufio.NewScanner(lines)
	s.Buffer(nil, maxRow+1)
	lines.plain = true
	n := 1
	for ; s.Scan() && s.Err() == nil; n++ { // an error comes with what was read before it
		if err := take(n, s.Text()); err != nil {
			return err
		}
	}
	switch err := s.Err(); {
	case errors.Is(err, errLong) || errors.Is(err, bufio.ErrTooLong):
		return t.fail(&Error{Row: n, Reason: fmt.Sprintf("is longer than %d MiB", maxRow>>20), Hint: "look for missing line ends"})
	case err != nil:
		return lines.in.Failed(n, err)
	}
	return nil
}

// ReadTSV is the RecordReader of fields separated by tabs, in which quotation marks are
// marks like others. Lines before the first row that begin with # and have no tab are
// comments.
func ReadTSV(f *File, header func(first []string) bool, each func(columns []string, r Record) error) error {
	t, lines, _, err := newRecords(f, header, each)
	if err != nil {
		return err
	}
	t.hint = "put a tab between fields, and none within"
	return t.scan(lines, func(n int, line string) error {
		comment := t.width == 0 && strings.HasPrefix(line, "#") && !strings.Contains(line, "\t")
		if comment || strings.TrimSpace(line) == "" {
			return nil
		}
		return t.row(Record{n, strings.Split(line, "\t")})
	})
}

func readQuoted(f *File, header func([]string) bool, each func([]string, Record) error) error {
	t, lines, head, err := newRecords(f, header, each)
	if err != nil {
		return err
	}
	t.hint = "quote fields that contain the separator"
	c := csv.NewReader(lines)
	c.Comma = delimiter(head)
	c.FieldsPerRecord = -1
	for {
		fields, err := c.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			if e := lines.bad(err); e != nil {
				return t.fail(e)
			}
			return f.Failed(lines.row, err)
		}
		line, _ := c.FieldPos(0)
		if t.width == 0 && namesSeparator(fields, c.Comma) {
			continue
		}
		if err := t.row(Record{line, fields}); err != nil {
			return err
		}
	}
}

func readObjects(f *File, header func([]string) bool, each func([]string, Record) error) error {
	t, lines, _, err := newRecords(f, header, each)
	if err != nil {
		return err
	}
	return t.scan(lines, func(n int, line string) error {
		if strings.TrimSpace(line) == "" {
			return nil
		}
		d := json.NewDecoder(strings.NewReader(line))
		var keys []string
		values := map[string]string{}
		bad := func(err error) error {
			return t.fail(&Error{Row: n, Reason: "is not a JSON object: " + err.Error(), Hint: "write an object a line, not an array of them"})
		}
		if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
			return bad(fmt.Errorf("it begins with %.20q", line))
		}
		for d.More() {
			tok, err := d.Token()
			if err != nil {
				return bad(err)
			}
			key, _ := tok.(string)
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return bad(err)
			}
			if _, ok := values[key]; ok {
				return t.fail(&Error{Row: n, Column: key, Reason: "appears twice"})
			}
			var s string
			if json.Unmarshal(raw, &s) != nil {
				s = string(raw)
			}
			keys, values[key] = append(keys, key), s
		}
		if _, err := d.Token(); err != nil {
			return bad(err)
		}
		if _, err := d.Token(); err != io.EOF {
			return bad(errors.New("something follows the object"))
		}
		if t.columns == nil {
			if t.columns = keys; keys == nil {
				return t.fail(&Error{Row: n, Reason: "is an object without keys", Hint: "give the first row a key for each column"})
			}
		}
		r := Record{n, make([]string, len(t.columns))}
		found := 0
		for i, c := range t.columns {
			v, ok := values[c]
			r.Fields[i] = v
			if ok {
				found++
			}
		}
		if found < len(keys) {
			i := slices.IndexFunc(keys, func(k string) bool { return !slices.Contains(t.columns, k) })
			return t.fail(&Error{Row: n, Column: keys[i], Reason: "is not in the first row", Hint: "give the first row all keys, with null for what it does not have"})
		}
		return t.hand(r)
	})
}
