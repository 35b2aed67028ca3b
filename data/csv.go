package data

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// ReadCSV reads a long table from r. name is what errors call it.
//
// The columns are found by the names in the header: unique_id, ds and y, in any
// case and order; unique_id may be missing, and other columns are not used. Of two
// columns with other names the first is taken as the time and the second as the
// value. Fields are separated by commas, semicolons or tabs, whichever the header
// has. Empty fields and NA, NaN, null and the like are missing values.
func ReadCSV(r io.Reader, name string, o Options) (*Table, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(64 << 10)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	b := newBuilder(name, o)
	if e := encoding(head); e != nil {
		b.problems.add(e)
		return nil, b.err()
	}
	head = bytes.TrimPrefix(head, bom)
	if len(bytes.TrimSpace(head)) == 0 {
		b.problems.add(&Error{Reason: "is empty", Hint: "it needs a header such as unique_id,ds,y and a row for each time"})
		return nil, b.err()
	}
	if peeked, _ := in.Peek(len(bom)); bytes.Equal(peeked, bom) {
		in.Discard(len(bom))
	}
	c := csv.NewReader(&lineReader{in: in})
	c.Comma = delimiter(head)
	c.FieldsPerRecord = -1
	c.ReuseRecord = true
	c.LazyQuotes = false
	t := &csvTable{builder: b, in: c}
	if err := t.read(); err != nil {
		return nil, err
	}
	return b.table()
}

var bom = []byte("\xef\xbb\xbf")

// encoding reports text that is not UTF-8 by its first bytes.
func encoding(head []byte) *Error {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")), bytes.IndexByte(head, 0) >= 0 && !binaryMagic(head):
		return &Error{Reason: "is in UTF-16", Hint: "save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8"}
	case binaryMagic(head):
		return &Error{Reason: "is no text", Hint: "this reads CSV; name Parquet files .parquet and JSON lines .jsonl"}
	}
	return nil
}

// binaryMagic recognises Parquet, zip (a spreadsheet) and gzip.
func binaryMagic(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PAR1")) || bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("\x1f\x8b"))
}

// delimiter is what separates the fields of the header.
func delimiter(head []byte) rune {
	line := string(head)
	if i := strings.IndexAny(line, "\r\n"); i >= 0 {
		line = line[:i]
	}
	best, most := ',', 0
	for _, d := range ",;\t" {
		if n := strings.Count(line, string(d)); n > most {
			best, most = d, n
		}
	}
	return best
}

// maxLine is the longest line that is read.
const maxLine = 1 << 20

var errLine = errors.New("line too long")

// lineReader makes every end of line \n, and refuses lines that never end.
type lineReader struct {
	in  *bufio.Reader
	len int
	cr  bool // the last byte was \r
}

func (l *lineReader) Read(p []byte) (n int, err error) {
	n, err = l.in.Read(p)
	out := p[:0]
	for _, c := range p[:n] {
		switch {
		case c == '\n' && l.cr: // \r\n: the \r was the end of line
			l.cr = false
			continue
		case c == '\r':
			l.cr, l.len = true, 0
			out = append(out, '\n')
			continue
		case c == '\n':
			l.len = 0
		default:
			if l.len++; l.len > maxLine {
				return len(out), errLine
			}
		}
		l.cr = false
		out = append(out, c)
	}
	return len(out), err
}

// csvTable reads rows into a builder.
type csvTable struct {
	*builder
	in        *csv.Reader
	header    []string
	id, ds, y int // columns; id is -1 without one
	decimal   rune
}

func (t *csvTable) read() error {
	first, err := t.record()
	if err != nil {
		return err
	}
	t.header = slices.Clone(first)
	for i, h := range t.header {
		t.header[i] = strings.TrimSpace(h)
	}
	t.decimal = t.opts.Decimal
	if t.decimal == 0 {
		t.decimal = '.'
	}
	headless, err := t.columns()
	if err != nil {
		return err
	}
	if headless {
		t.row(1, t.header)
	}
	for {
		rec, err := t.record()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := t.in.FieldPos(0)
		t.row(line, rec)
	}
}

// record is the next one. An error other than io.EOF says what is wrong.
func (t *csvTable) record() ([]string, error) {
	rec, err := t.in.Read()
	if err == nil || err == io.EOF {
		return rec, err
	}
	e := &Error{Reason: err.Error()}
	var parse *csv.ParseError
	switch {
	case errors.Is(err, errLine):
		e.Reason, e.Hint = fmt.Sprintf("a line is longer than %d bytes", maxLine), "it is hardly a table with a row for each time"
	case errors.As(err, &parse):
		e.Row, e.Reason = parse.StartLine, parse.Err.Error()
		if errors.Is(parse.Err, csv.ErrQuote) || errors.Is(parse.Err, csv.ErrBareQuote) {
			e.Reason, e.Hint = "a quotation mark is not closed, or stands within a field", "put fields that hold quotation marks in quotation marks, and double those within"
		}
	default:
		return nil, fmt.Errorf("%s: %w", t.file, err)
	}
	t.problems.add(e)
	return nil, t.err()
}

// columns finds the columns in the header. headless says that there is none and
// the first row is data.
func (t *csvTable) columns() (headless bool, err error) {
	find := func(given string, names ...string) int {
		if given != "" {
			names = []string{given}
		}
		return slices.IndexFunc(t.header, func(h string) bool {
			return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(h, n) })
		})
	}
	t.id, t.ds, t.y = find(t.opts.ID, "unique_id"), find(t.opts.Time, "ds"), find(t.opts.Y, "y")
	asked := t.opts.ID != "" && t.id < 0 || t.opts.Time != "" && t.ds < 0 || t.opts.Y != "" && t.y < 0
	if n := len(t.header); (t.ds < 0 || t.y < 0) && !asked && (n == 2 && t.id < 0 || n == 3 && t.id >= 0) {
		rest := slices.DeleteFunc([]int{0, 1, 2}[:n], func(i int) bool { return i == t.id })
		if rest[0] == t.y || rest[1] == t.ds {
			slices.Reverse(rest)
		}
		t.ds, t.y = rest[0], rest[1]
		if _, err := ParseTime(t.header[t.ds]); err == nil {
			if _, e := value(t.header[t.y], t.decimal); e == nil {
				t.note("there is no header: the first column is taken as ds, the second as y")
				return true, nil
			}
		}
		t.note("columns %q and %q are taken as ds and y", t.header[t.ds], t.header[t.y])
	}
	if asked || t.ds < 0 || t.y < 0 {
		e := &Error{Row: 1, Reason: fmt.Sprintf("the columns are %s, and ds and y are needed", quoted(t.header)), Hint: "name the time column ds, the value y, and the series, if there are several, unique_id"}
		if len(t.header) == 1 {
			e.Reason = fmt.Sprintf("there is one column, %s, and ds and y are needed", quoted(t.header))
			e.Hint = "separate the columns by commas, semicolons or tabs"
		}
		t.problems.add(e)
		return false, t.err()
	}
	var unused []string
	for i, h := range t.header {
		if i != t.id && i != t.ds && i != t.y {
			unused = append(unused, h)
		}
	}
	if unused != nil {
		t.note("columns that are not used: %s", quoted(unused))
	}
	return false, nil
}

func quoted(names []string) string {
	if len(names) > 12 {
		return fmt.Sprintf("%q and %d more", names[:12], len(names)-12)
	}
	return fmt.Sprintf("%q", names)
}

func (t *csvTable) row(line int, rec []string) {
	if len(rec) == 1 && strings.TrimSpace(rec[0]) == "" {
		return
	}
	if len(rec) != len(t.header) {
		e := &Error{Row: line, Reason: fmt.Sprintf("has %d fields, the header has %d", len(rec), len(t.header)), Hint: "put fields that hold the separator in quotation marks"}
		if t.in.Comma == ',' && len(rec) == len(t.header)+1 {
			e.Hint = "for decimal commas separate the columns by semicolons; put text that holds commas in quotation marks"
		}
		t.problems.add(e)
		return
	}
	id := ""
	if t.id >= 0 {
		id = strings.TrimSpace(rec[t.id])
		if !utf8.ValidString(id) {
			t.problems.add(&Error{Row: line, Column: t.header[t.id], Value: id, Reason: "is not UTF-8", Hint: "save the file as UTF-8"})
			return
		}
	}
	at, err := ParseTime(rec[t.ds])
	if err != nil {
		t.problems.add(&Error{Row: line, Column: t.header[t.ds], Value: rec[t.ds], Reason: err.Error(), Hint: "write dates as 2024-05-06, 2024-05 or 2024-05-06T07:08, or count steps by whole numbers"})
		return
	}
	t.learnDecimal(rec[t.y])
	y, e := value(rec[t.y], t.decimal)
	if e != nil {
		e.Row, e.Column = line, t.header[t.y]
		t.problems.add(e)
		return
	}
	if math.IsNaN(y) {
		y = math.NaN() // one NaN, whatever stood there
	}
	t.add(line, strings.Clone(id), at, y)
}

// learnDecimal takes the first number with a comma in a file separated by
// semicolons or tabs as the sign of decimal commas.
func (t *csvTable) learnDecimal(s string) {
	if t.opts.Decimal != 0 || t.decimal == ',' || t.in.Comma == ',' {
		return
	}
	if whole, part, ok := strings.Cut(strings.TrimSpace(s), ","); ok && !strings.ContainsAny(part, ".,") && !strings.Contains(whole, ".") {
		t.decimal = ','
		t.note("numbers have decimal commas")
	}
}
