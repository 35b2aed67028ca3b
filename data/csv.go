package data

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/recur-go/recur/internal/bounded"
)

// ReadCSV reads a long table from r. name is what errors call it.
//
// The columns are found by the names in the header: unique_id, ds and y, in any
// case and order; unique_id may be missing, and other columns are not used. Of two
// columns with other names the first is taken as the time and the second as the
// value. Fields are separated by commas, semicolons or tabs, whichever the header
// has. Numbers have decimal points or, where commas do not separate the fields,
// decimal commas, and points between their thousands then; what may be either, such as
// 1.201, is told by the other numbers of the file. Empty fields and NA, NaN, null and the
// like are missing values.
//
// A table may also be wide, as those of the M4 competition: a row for each series, which
// begins with its name, and a column for each time. It is read so if Options ask for it,
// or if the columns of the header are times, or numbered. Or it has a column for each series,
// as a pivot of pandas: a row for each time, which comes first, and only numbers after it.
//
// Memory grows with the rows that are kept; a row of more than 1 MiB is refused.
func ReadCSV(r io.Reader, name string, o Options) (*Table, error) {
	return readCSV(plainFile(r, name), o)
}

func init() {
	Register(".csv", "", TableReader(readCSV))
	Register(".tsv", "", TableReader(readCSV))
	Register(".tab", "", TableReader(readCSV))
}

func readCSV(in *File, o Options) (*Table, error) {
	head, err := in.text()
	if err != nil {
		return nil, err
	}
	b := NewBuilder(in.Name, o)
	if len(bytes.TrimSpace(head)) == 0 {
		b.Problem(&Error{Reason: "is empty", Hint: "it needs a header such as unique_id,ds,y and a row for each time"})
		return nil, b.err()
	}
	lines := newLineReader(in)
	c := csv.NewReader(lines)
	c.Comma = delimiter(head)
	c.FieldsPerRecord = -1
	c.ReuseRecord = true
	t := &csvTable{Builder: b, in: c, lines: lines}
	if err := t.read(); err != nil {
		return nil, err
	}
	b.noteEncoding(in)
	return b.Table()
}

// delimiter is what separates the fields of the first line that is not blank: what it names, as
// Excel has it (sep=;), or whichever is there most often outside quotation marks.
func delimiter(head []byte) rune {
	line := strings.TrimLeft(string(head), "\r\n")
	if i := strings.IndexAny(line, "\r\n"); i >= 0 {
		line = line[:i]
	}
	if d, ok := named(line); ok {
		return d
	}
	count, within := map[rune]int{}, false
	for _, c := range line {
		if c == '"' {
			within = !within
		} else if !within {
			count[c]++
		}
	}
	best := ','
	for _, d := range ";\t" {
		if count[d] > 0 && count[d] >= count[best] { // a comma may mark decimals
			best = d
		}
	}
	return best
}

// named is the separator that a first line names.
func named(line string) (d rune, ok bool) {
	name, ok := strings.CutPrefix(strings.ToLower(strings.Trim(line, `"`)), "sep=")
	return rune((name + " ")[0]), ok && len(name) == 1 && strings.Contains(",;|\t", name)
}

// namesSeparator reports whether a record is the line of named.
func namesSeparator(rec []string, separator rune) bool {
	_, ok := named(strings.Join(rec, string(separator)))
	return ok
}

// maxRow is the longest row in bytes.
const maxRow = 1 << 20

var errLong = errors.New("row too long")

// lineReader makes every end of line \n, and refuses rows that never end.
type lineReader struct {
	in     *File
	ends   bounded.LineEnds // of in
	row    int              // line that the row begins at
	line   int              // lines of the row that have ended
	len    int
	within bool // quotation marks, where ends of lines do not end the row
	plain  bool // quotation marks are marks like others
}

func newLineReader(in *File) *lineReader {
	return &lineReader{in: in, ends: bounded.LineEnds{In: in}, row: 1}
}

func (l *lineReader) Read(p []byte) (int, error) {
	n, err := l.ends.Read(p)
	for i, c := range p[:n] {
		if c == '"' && !l.plain {
			l.within = !l.within
		}
		if l.len++; l.len > maxRow {
			return i, errLong
		}
		if c == '\n' {
			if l.line++; !l.within {
				l.row, l.line, l.len = l.row+l.line, 0, 0
			}
		}
	}
	return n, err
}

// bad is what a row of CSV has wrong, by the error of reading it; nil if it could not be read.
func (l *lineReader) bad(err error) *Error {
	var parse *csv.ParseError
	switch {
	case errors.Is(err, errLong):
		return &Error{Row: l.row, Reason: fmt.Sprintf("is longer than %d MiB", maxRow>>20), Hint: "look for an unclosed quotation mark or missing line ends"}
	case errors.As(err, &parse):
		return &Error{Row: parse.StartLine, Reason: "a quotation mark is not closed, or is inside an unquoted field", Hint: "quote fields that contain quotation marks, and double the marks inside"}
	}
	return nil
}

// csvTable reads rows into a Builder.
type csvTable struct {
	*Builder
	in        *csv.Reader
	lines     *lineReader
	header    []string
	line      int // that the record read last begins at
	id, ds, y int // columns; id is -1 without one
	x         []int
	values    []float64 // values of x in a row
	loosened  []int     // those of x in a row that may be thousands
	marks
}

func (t *csvTable) read() error {
	first, err := t.record()
	if err == nil && namesSeparator(first, t.in.Comma) {
		first, err = t.record()
	}
	if err == io.EOF {
		t.Problem(&Error{Reason: "is empty", Hint: "it needs a header such as unique_id,ds,y and a row for each time"})
		return t.err()
	}
	if err != nil {
		return err
	}
	t.header = slices.Clone(first)
	for i, h := range t.header {
		t.header[i] = strings.TrimSpace(latin(h))
	}
	t.marks = newMarks(t.opts.Decimal, t.in.Comma)
	if t.wide() {
		return t.readWide()
	}
	second, err := t.record()
	if err != nil && err != io.EOF {
		return err
	}
	if done, err := t.columns(second); done || err != nil {
		return err
	}
	if t.id, t.ds, t.y, err = t.Columns(t.header); err != nil {
		return err
	}
	t.x = t.CovariateColumns(t.header)
	t.values = make([]float64, len(t.x))
	if t.headless() {
		t.notes = t.notes[:0]
		t.note("no header: the first column is read as ds, the second as y")
		t.row(1, t.header)
	}
	if second != nil {
		t.row(t.line, second)
	}
	return t.each(t.row)
}

// each calls f with all rows to come, and then ends the table.
func (t *csvTable) each(f func(line int, rec []string)) error {
	for {
		rec, err := t.record()
		if err == io.EOF {
			return t.settle(t.Builder)
		}
		if err != nil {
			return err
		}
		f(t.line, rec)
	}
}

// headless reports whether the first row of two columns is data.
func (t *csvTable) headless() bool {
	if len(t.header) != 2 {
		return false
	}
	if t.y < 0 {
		return false
	}
	return t.isTime(t.header[t.ds]) && t.mayBe(t.header[t.y])
}

// record is the next one.
func (t *csvTable) record() ([]string, error) {
	rec, err := t.in.Read()
	if err == nil {
		t.line, _ = t.in.FieldPos(0)
		return rec, nil
	}
	if err == io.EOF {
		return nil, err
	}
	e := t.lines.bad(err)
	if e == nil {
		return nil, t.lines.in.Failed(t.lines.row, err)
	}
	t.Problem(e)
	return nil, t.err()
}

func (t *csvTable) row(line int, rec []string) {
	if e := t.take(line, rec); e != nil {
		e.Row = line
		t.Problem(e)
	}
}

func (t *csvTable) take(line int, rec []string) *Error {
	if blankRow(rec) {
		return nil
	}
	if e := t.width(rec); e != nil {
		return e
	}
	var id string
	var e *Error
	switch {
	case t.path != nil:
		if id, e = t.PathOf(func(i int) string { return rec[t.path[i]] }); e != nil {
			return e
		}
	case t.id >= 0:
		id = strings.TrimSpace(rec[t.id])
		if e := badID(id); e != nil {
			return e.in(t.header[t.id])
		}
	}
	at, e := t.ParseTime(rec[t.ds])
	if e != nil {
		return e.in(t.header[t.ds])
	}
	y := math.NaN()
	looseY := t.learnRow(line, rec)
	if t.y >= 0 {
		if y, e = value(rec[t.y], t.decimal); e != nil {
			return e.in(t.header[t.y])
		}
	}
	for i, at := range t.x {
		if t.values[i], e = t.parse(i, rec[at], t.decimal); e != nil {
			return e.in(t.header[at])
		}
	}
	t.Add(line, id, at, y, t.values...)
	if looseY {
		t.loosely(id, 0)
	}
	for _, i := range t.loosened {
		t.loosely(id, i+1)
	}
	return nil
}

// learnRow has the marks look at the numbers of a row. It reports whether the value may be thousands;
// covariates that may be are in loosened.
func (t *csvTable) learnRow(line int, rec []string) (loose bool) {
	if t.loosened = t.loosened[:0]; !t.open {
		return false
	}
	t.german = t.german || germanDate(rec[t.ds])
	if t.y >= 0 {
		loose = t.learn(t.Builder, line, t.y, rec[t.y])
	}
	for i, at := range t.x {
		if t.kind[i] != categorical && t.learn(t.Builder, line, at, rec[at]) {
			t.loosened = append(t.loosened, i)
		}
	}
	for i, s := range rec {
		if t.elsewhere == 0 && i != t.ds && i != t.id && i != t.y && !slices.Contains(t.x, i) && !slices.Contains(t.path, i) {
			t.aside(s)
		}
	}
	return loose
}

// latin is a name of a column in UTF-8: if it is none it is taken for Latin-1.
func latin(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var b strings.Builder
	for _, c := range []byte(name) {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// badID reports what cannot name a series.
func badID(id string) *Error {
	switch {
	case id == "":
		return &Error{Reason: "is empty", Hint: "give every row the name of its series"}
	case !utf8.ValidString(id):
		return &Error{Value: id, Reason: "is not UTF-8", Hint: "save the file as UTF-8"}
	}
	return nil
}
