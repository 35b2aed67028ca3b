package main

import (
	"bufio"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/setting"
)

// Rows go in requests of at most so many rows and about so many bytes.
const (
	requestRows  = 1000
	requestBytes = 1 << 20
)

// A rowReader reads steps of values, each as many as a model takes, as JSON to send.
type rowReader struct {
	width int
	model string

	name string
	in   *bufio.Reader // nil for those of arguments
	line int
	held []byte // a row that was read and not sent
	args [][]byte
}

func isNumber(s string) bool {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// take takes the rows from arguments: values one after another, or a row in each, with commas.
func (r *rowReader) take(args []string) error {
	var values []string
	for _, a := range args {
		if !strings.Contains(a, ",") {
			values = append(values, a)
			continue
		}
		row := strings.Split(a, ",")
		if len(row) != r.width {
			return fault.Errorf(fault.Data, "%q has %d values, but a step of %s takes %d", setting.Cut(a), len(row), r.model, r.width)
		}
		values = append(values, row...)
	}
	for _, v := range values {
		if !isNumber(v) {
			return fault.Errorf(fault.Data, "%q is not a number", setting.Cut(v))
		}
	}
	if r.width == 0 || len(values)%r.width != 0 {
		return fault.Errorf(fault.Data, "there are %d values, but a step of %s takes %d", len(values), r.model, r.width)
	}
	for ; len(values) > 0; values = values[r.width:] {
		r.args = append(r.args, rowJSON(values[:r.width]))
	}
	return nil
}

func (r *rowReader) read(in io.Reader, name string) {
	r.in, r.name = bufio.NewReaderSize(in, 64<<10), name
}

func rowJSON(values []string) []byte {
	b := []byte{'['}
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		f, _ := strconv.ParseFloat(strings.TrimSpace(v), 64)
		b = strconv.AppendFloat(b, f, 'g', -1, 64)
	}
	return append(b, ']')
}

// next returns the rows of the next request: those that have come, or with whole as many as fit
// into one, so that the last request is known. After an error in a row come those before it,
// with last and the error.
func (r *rowReader) next(whole bool) (rows []byte, last bool, err error) {
	for n := 0; ; n++ {
		var row []byte
		row, err = r.row()
		if row == nil {
			return rows, true, err
		}
		if n > 0 && (n == requestRows || len(rows)+len(row) > requestBytes) {
			r.held = row
			return rows, false, nil
		}
		if n > 0 {
			rows = append(rows, ',')
		}
		rows = append(rows, row...)
		if r.in != nil && !whole && r.in.Buffered() == 0 {
			return rows, false, nil
		}
	}
}

// row reads a row; nil at the end.
func (r *rowReader) row() ([]byte, error) {
	if row := r.held; row != nil {
		r.held = nil
		return row, nil
	}
	if r.in == nil {
		if len(r.args) == 0 {
			return nil, nil
		}
		row := r.args[0]
		r.args = r.args[1:]
		return row, nil
	}
	for {
		text, err := r.in.ReadString('\n')
		if err != nil && err != io.EOF {
			return nil, err
		}
		if r.line++; r.line == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		if len(text) > requestBytes {
			return nil, fault.Errorf(fault.Data, "%s: row %d has more than %d bytes", r.name, r.line, requestBytes)
		}
		values := fieldsOf(text)
		if len(values) == 0 {
			if err == io.EOF {
				return nil, nil
			}
			continue
		}
		wrong := -1
		for i, v := range values {
			if !isNumber(v) {
				wrong = i
				break
			}
		}
		switch {
		case wrong >= 0 && r.line == 1: // names of the columns
			continue
		case wrong >= 0:
			return nil, fault.Errorf(fault.Data, "%s: row %d, column %d: %q is not a number", r.name, r.line, wrong+1, setting.Cut(values[wrong]))
		case len(values) != r.width:
			return nil, fault.Errorf(fault.Data, "%s: row %d has %d values, but a step of %s takes %d", r.name, r.line, len(values), r.model, r.width)
		}
		return rowJSON(values), nil
	}
}

// fieldsOf are the values of a line, with commas or blanks between them.
func fieldsOf(line string) []string {
	line = strings.TrimSpace(line)
	if !strings.Contains(line, ",") {
		return strings.Fields(line)
	}
	fields := strings.Split(line, ",")
	for i := range fields {
		fields[i] = strings.Trim(fields[i], ` "`)
	}
	return fields
}
