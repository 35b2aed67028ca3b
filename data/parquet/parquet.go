// Package parquet reads long tables of time series from Apache Parquet files. To
// import it is enough for data.ReadFile to read files named .parquet.
package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/recur-go/recur/data"
)

func init() {
	data.Register(".parquet", magic, data.TableReader(func(f *data.File, o data.Options) (*data.Table, error) {
		r, size, err := f.ReaderAt()
		if err != nil {
			return nil, err
		}
		return Read(r, size, f.Name, o)
	}))
}

const magic = "PAR1"

// Read reads a table whose columns are those of data.ReadCSV: ds a date, a
// timestamp, a string or a whole number, y a number or a string of one, and
// unique_id, if it is there, a string or a whole number. Nulls of y are missing
// values.
func Read(r io.ReaderAt, size int64, name string, o data.Options) (t *data.Table, err error) {
	defer func() { // the decoder panics on some damaged files
		if p := recover(); p != nil {
			t, err = nil, damaged(name, p)
		}
	}()
	if err := checkFooter(r, size); err != nil {
		return nil, damaged(name, err)
	}
	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, damaged(name, err)
	}
	b := data.NewBuilder(name, o)
	c, err := find(b, f.Schema())
	if err != nil {
		return nil, err
	}
	rows := 0
	for _, g := range f.Metadata().RowGroups {
		if err := c.group(b, &rows, r, size, &g); err != nil {
			return nil, damaged(name, err)
		}
	}
	return b.Table()
}

// group gives the rows of a group to b.
func (c *columns) group(b *data.Builder, row *int, r io.ReaderAt, size int64, g *format.RowGroup) error {
	if n := g.NumRows; n < 0 || n > mostRows(size)-int64(*row) {
		return fmt.Errorf("it declares %d rows in %d bytes", n, size)
	}
	chunks := make([]*chunk, len(c.leaves))
	for i, leaf := range c.leaves {
		if leaf.ColumnIndex >= len(g.Columns) {
			return errors.New("a group of rows lacks a column")
		}
		var err error
		if chunks[i], err = newChunk(r, size, &g.Columns[leaf.ColumnIndex], leaf, g.NumRows); err != nil {
			return err
		}
	}
	values := make(parquet.Row, len(chunks))
	for range g.NumRows {
		for i, k := range chunks {
			var err error
			if values[i], err = k.next(); err != nil {
				return fmt.Errorf("row %d: %w", *row+1, err)
			}
		}
		*row++
		c.add(b, *row, values)
	}
	return nil
}

// checkFooter sees to it that the footer, for which the decoder takes memory before it
// reads it, is within the file: the last 8 bytes are its length and PAR1.
func checkFooter(r io.ReaderAt, size int64) error {
	const ends = 12 // PAR1 at the beginning, too
	if size < ends {
		return fmt.Errorf("it has %d bytes", size)
	}
	var end [8]byte
	if _, err := r.ReadAt(end[:], size-int64(len(end))); err != nil && err != io.EOF {
		return err
	}
	if string(end[4:]) != magic {
		return fmt.Errorf("it does not end with %s", magic)
	}
	n := int64(binary.LittleEndian.Uint32(end[:]))
	if n > size-ends {
		return fmt.Errorf("its footer has %d bytes, and the file %d", n, size)
	}
	footer := make([]byte, n)
	if _, err := r.ReadAt(footer, size-int64(len(end))-n); err != nil && err != io.EOF {
		return err
	}
	return soundThrift(footer)
}

func damaged(name string, why any) error {
	return &data.Error{File: name, Reason: fmt.Sprintf("is not a Parquet file, or is damaged: %v", why), Hint: "write it again"}
}

// columns are the leaves of the schema that are read.
type columns struct {
	id, ds, y column
	x         []column             // columns of the covariates
	leaves    []parquet.LeafColumn // all that are read, each once
}

// A column is a leaf; index is -1 if there is none.
type column struct {
	name  string
	index int
	kind  format.LogicalTypeValue
	leaf  parquet.LeafColumn
}

func find(b *data.Builder, s *parquet.Schema) (c columns, err error) {
	var flat []column
	var names []string
	for _, f := range s.Fields() {
		leaf, ok := s.Lookup(f.Name())
		if !ok || leaf.Node.Repeated() { // lists and groups
			continue
		}
		col := column{name: f.Name(), index: leaf.ColumnIndex, leaf: leaf}
		if l := leaf.Node.Type().LogicalType(); l != nil {
			col.kind = l.Value
		}
		flat, names = append(flat, col), append(names, f.Name())
	}
	id, ds, y, err := b.Columns(names)
	if err != nil {
		return c, err
	}
	c = columns{id: column{index: -1}, ds: flat[ds], y: flat[y]}
	if id >= 0 {
		c.id = flat[id]
	}
	for _, at := range b.CovariateColumns(names) {
		c.x = append(c.x, flat[at])
	}
	for _, col := range append([]column{c.id, c.ds, c.y}, c.x...) {
		if col.index >= 0 && !slices.ContainsFunc(c.leaves, func(l parquet.LeafColumn) bool { return l.ColumnIndex == col.index }) {
			c.leaves = append(c.leaves, col.leaf)
		}
	}
	return c, nil
}

// add gives a row to b.
func (c *columns) add(b *data.Builder, row int, values parquet.Row) {
	var id string
	var at data.Time
	y := math.NaN()
	x := make([]float64, len(c.x))
	for _, v := range values {
		var col string
		var problem *data.Error
		switch v.Column() {
		case c.ds.index:
			col = c.ds.name
			at, problem = c.ds.time(b, v)
		case c.y.index:
			col = c.y.name
			y, problem = c.y.number(b, v)
		case c.id.index:
			col, id = c.id.name, v.String()
			if v.IsNull() || id == "" {
				problem = &data.Error{Reason: "is empty", Hint: "give every row the name of its series"}
			}
		}
		for i := range c.x {
			if v.Column() != c.x[i].index {
				continue
			}
			col = c.x[i].name
			if text := v.Kind() == parquet.ByteArray && c.x[i].isText(); v.IsNull() {
				x[i], problem = b.ParseCovariate(i, "")
			} else if text {
				x[i], problem = b.ParseCovariate(i, v.String())
			} else if x[i], problem = c.x[i].number(b, v); problem == nil {
				x[i], problem = b.ParseCovariate(i, strconv.FormatFloat(x[i], 'g', -1, 64))
			}
		}
		if problem != nil {
			problem.Row, problem.Column = row, col
			b.Problem(problem)
			return
		}
	}
	b.Add(row, id, at, y, x...)
}

// time reads a value by the column's type.
func (c *column) time(b *data.Builder, v parquet.Value) (data.Time, *data.Error) {
	if v.IsNull() {
		return data.Time{}, &data.Error{Reason: "is missing", Hint: "every row needs a time"}
	}
	switch k := c.kind.(type) {
	case *format.DateType:
		return data.Time{At: time.Unix(int64(v.Int32())*24*3600, 0).UTC()}, nil
	case *format.TimestampType:
		n := v.Int64()
		switch k.Unit.Value.(type) {
		case *format.MilliSeconds:
			return data.Time{At: time.UnixMilli(n).UTC()}, nil
		case *format.MicroSeconds:
			return data.Time{At: time.UnixMicro(n).UTC()}, nil
		}
		return data.Time{At: time.Unix(0, n).UTC()}, nil
	case *format.TimeType:
		return data.Time{}, &data.Error{Reason: "is a time of day without a date", Hint: "store dates, timestamps, or whole numbers"}
	}
	if v.Kind() == parquet.Int96 { // nanoseconds of the day and Julian day, as Spark and Impala write
		n := v.Int96()
		days, nanos := int64(n[2])-2440588, int64(n[1])<<32|int64(n[0])
		return data.Time{At: time.Unix(days*24*3600, nanos).UTC()}, nil
	}
	return b.ParseTime(v.String())
}

// number reads a value by the column's type.
func (c *column) number(b *data.Builder, v parquet.Value) (float64, *data.Error) {
	if v.IsNull() {
		return math.NaN(), nil
	}
	var y float64
	switch v.Kind() {
	case parquet.Double:
		y = v.Double()
	case parquet.Float:
		y = float64(v.Float())
	case parquet.Int32:
		y = float64(v.Int32())
	case parquet.Int64:
		y = float64(v.Int64())
	case parquet.ByteArray:
		if c.isText() {
			return b.ParseValue(v.String())
		}
		fallthrough
	default:
		return 0, &data.Error{Reason: "is of a type that is not read", Hint: "store values as floats, integers or text"}
	}
	if d, ok := c.kind.(*format.DecimalType); ok {
		y /= math.Pow10(int(d.Scale))
	}
	return y, nil
}

// isText reports whether the column holds strings.
func (c *column) isText() bool { return c.kind == nil || isString(c.kind) }

func isString(kind format.LogicalTypeValue) bool {
	_, ok := kind.(*format.StringType)
	return ok
}
