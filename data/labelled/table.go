package labelled

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/bounded"
	"github.com/recur-go/recur/internal/setting"
)

// table reads a CSV or TSV file: of texts, or of series.
func (r *reader) table(s *source) error {
	comma := separator(string(s.head))
	quotes := r.Quotes == "on" || r.Quotes == "" && comma != '\t'
	if r.Series {
		return r.seriesTable(s, comma, quotes)
	}
	return r.textTable(s, comma, quotes)
}

// separator is what separates the columns: whichever of tab, semicolon and comma the first
// line that is not blank has, in this order of preference where they are as many.
func separator(head string) rune {
	line := strings.TrimLeft(head, "\r\n")
	if i := strings.IndexAny(line, "\r\n"); i >= 0 {
		line = line[:i]
	}
	if strings.Contains(line, "\t") {
		return '\t'
	}
	count, within := map[rune]int{}, false
	for _, c := range line {
		if c == '"' {
			within = !within
		} else if !within {
			count[c]++
		}
	}
	switch {
	case count[';'] > 0 && count[';'] >= count[',']:
		return ';'
	case count[','] == 0 && strings.Contains(strings.TrimSpace(line), " "):
		return ' '
	}
	return ','
}

// records calls each with the rows of a table and the lines at which they begin. The
// fields are good until it returns.
func (s *source) records(comma rune, quotes bool, each func(row int, fields []string) error) error {
	if !quotes {
		return s.rows(func(n int, line string) error {
			if strings.TrimSpace(line) == "" {
				return nil
			}
			if comma == ' ' {
				return each(n, strings.Fields(line))
			}
			return each(n, strings.Split(line, string(comma)))
		})
	}
	limit := &limited{in: &bounded.LineEnds{In: s.in}}
	c := csv.NewReader(bufio.NewReader(limit))
	c.Comma, c.FieldsPerRecord, c.ReuseRecord, c.TrimLeadingSpace = comma, -1, true, comma == ' '
	row := 1
	for {
		limit.n = 0
		fields, err := c.Read()
		var parse *csv.ParseError
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &parse):
			return s.wrong(parse.StartLine, "a quotation mark is not closed, or is inside an unquoted field", "quote fields that contain quotation marks and double the marks inside, or read the marks literally (--set quotes=off)")
		case err != nil:
			return s.failed(row, err)
		}
		line, _ := c.FieldPos(0)
		row = line + 1
		if len(fields) == 1 && strings.TrimSpace(fields[0]) == "" {
			continue
		}
		for i, f := range fields {
			if !utf8.ValidString(f) {
				return s.wrong(line, fmt.Sprintf("field %d is not UTF-8", i+1), toUTF8)
			}
		}
		if err := each(line, fields); err != nil {
			return err
		}
	}
}

// limited gives up a row that does not end.
type limited struct {
	in io.Reader
	n  int // bytes since the row began, and a buffer's more
}

func (l *limited) Read(p []byte) (int, error) {
	if l.n > longest {
		return 0, bounded.ErrLong
	}
	n, err := l.in.Read(p)
	l.n += n
	return n, err
}

// columns are those of a table of texts; -1 for none.
type columns struct{ text, label int }

func (c columns) named() bool { return c.text >= 0 && c.label >= 0 }

// columnsOf finds the columns in a header.
func columnsOf(header []string, text, label string) columns {
	return columns{column(header, text, textNames), column(header, label, labelNames)}
}

// column is the one that is named, or has the first of the usual names that is there.
func column(header []string, named string, usual []string) int {
	if named != "" {
		usual = []string{named}
	}
	for _, name := range usual {
		for i, h := range header {
			if strings.EqualFold(strings.Trim(strings.TrimSpace(h), `"`), name) {
				return i
			}
		}
	}
	return -1
}

// missing is a remedy for columns of which one that is named is not there: the one that is
// meant, or else another remedy.
func missing(header []string, other string, named ...string) string {
	for _, name := range named {
		if name != "" && column(header, name, nil) < 0 {
			if meant := setting.Meant(name, header); meant != "" {
				return meant
			}
		}
	}
	return other
}

// textTable reads a text and its label from each row.
func (r *reader) textTable(s *source, comma rune, quotes bool) error {
	var header []string
	var at columns
	n, width := 0, 0
	take := func(row int, fields []string) error {
		if len(fields) != width {
			hint := "quote fields that contain the separator"
			if !quotes {
				hint = "take tabs out of the texts, or put texts in quotation marks (--set quotes=on)"
			}
			return s.wrong(row, fmt.Sprintf("has %s, but the first row has %d", setting.Plural(len(fields), "field"), width), hint)
		}
		e := Example{File: s.name, Row: row, Text: strings.Clone(fields[at.text])}
		if at.label >= 0 {
			var bad *data.Error
			if e.Labels, bad = r.labels(strings.Clone(fields[at.label])); bad != nil {
				bad.File, bad.Row = s.name, row
				if header != nil {
					bad.Column = header[at.label]
				}
				return bad
			}
		}
		n++
		return r.add(e)
	}
	first := true
	err := s.records(comma, quotes, func(row int, fields []string) error {
		if !first {
			return take(row, fields)
		}
		first, width = false, len(fields)
		at = columnsOf(fields, r.Text, r.Label)
		if at.text >= 0 && at.text == at.label {
			if r.Label != "" || !r.Unlabelled {
				return s.wrong(row, fmt.Sprintf("the column %q is named both as the text column and as the label column", fields[at.text]), "name a different column for each (--text, --label)")
			}
			at.label = -1
		}
		if width == 2 {
			at = s.headed(comma, quotes, fields, at, r)
		}
		switch {
		case at.named(), at.text >= 0 && r.Unlabelled:
			header = slices.Clone(fields)
			return nil
		case r.Text != "" || r.Label != "" || width > 2 || width == 2 && (at.text >= 0 || at.label >= 0):
			return s.wrong(row, fmt.Sprintf("it is not clear which of the columns %s has the text and which the label", setting.Quoted(fields)), missing(fields, "name the columns (--text, --label)", r.Text, r.Label))
		case width == 1 && !r.Unlabelled:
			return s.wrong(row, "has one column", "a row needs a text and a label, separated by a comma or tab")
		case width == 1:
			at = columns{0, -1}
		default:
			at = s.shorter(comma, quotes)
		}
		return take(row, fields)
	})
	return s.endsWith(&n, err)
}

// beginning is a source of the whole lines that the file begins with.
func (s *source) beginning() *source {
	end := bytes.LastIndexByte(s.head, '\n') + 1
	return &source{in: bufio.NewReader(bytes.NewReader(s.head[:end]))}
}

// headed completes the columns of a header of two: if a flag names one of them, the other has
// what is left, and so has the one without numbers if the other has numbers below a name.
func (s *source) headed(comma rune, quotes bool, header []string, at columns, r *reader) columns {
	switch {
	case at.named():
	case r.Text != "" && r.Label == "" && at.text >= 0 && !r.Unlabelled:
		at.label = 1 - at.text
	case r.Label != "" && r.Text == "" && at.label >= 0:
		at.text = 1 - at.label
	case r.Text == "" && r.Label == "" && at.text < 0 && at.label < 0:
		if i := s.numbered(comma, quotes, header); i >= 0 {
			return columns{1 - i, i}
		}
	}
	return at
}

// numbered is the one of two columns that has a number in every row but the first, -1 for none.
func (s *source) numbered(comma rune, quotes bool, header []string) int {
	rows, numbers := -1, [2]int{}
	s.beginning().records(comma, quotes, func(_ int, fields []string) error {
		if rows++; rows > 0 && len(fields) == 2 {
			for i, f := range fields {
				if isNumber(f) {
					numbers[i]++
				}
			}
		}
		return nil
	})
	for i := range 2 {
		if rows > 0 && numbers[i] == rows && numbers[1-i] == 0 && !isNumber(header[0]) && !isNumber(header[1]) {
			return i
		}
	}
	return -1
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return err == nil
}

// shorter finds which of two columns without header has the labels: that with the
// shorter fields.
func (s *source) shorter(comma rune, quotes bool) columns {
	var length [2]int
	s.beginning().records(comma, quotes, func(_ int, fields []string) error {
		for i := range min(2, len(fields)) {
			length[i] += len(fields[i])
		}
		return nil
	})
	if length[0] < length[1] {
		return columns{1, 0}
	}
	return columns{0, 1}
}
