// Package parquet reads long tables of time series from Apache Parquet files. To
// import it is enough for data.ReadFile to read files named .parquet.
package parquet

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"github.com/recur-go/recur/data"
)

func init() { data.Register(".parquet", Read) }

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
	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, damaged(name, err)
	}
	c, err := columns(f.Schema(), name, o)
	if err != nil {
		return nil, err
	}
	rows := parquet.NewReader(f)
	defer rows.Close()
	buffer, n, row := make([]parquet.Row, 256), 0, 0
	var failed error
	at := 0
	t, err = data.Build(name, o, func() (int, string, data.Time, float64, *data.Error, bool) {
		for at == n {
			var err error
			if n, err = rows.ReadRows(buffer); n == 0 {
				if !errors.Is(err, io.EOF) {
					failed = damaged(name, err)
				}
				return 0, "", data.Time{}, 0, nil, false
			}
			at = 0
		}
		row++
		id, when, y, problem := c.decode(buffer[at])
		at++
		return row, id, when, y, problem, true
	})
	if failed != nil {
		return nil, failed
	}
	return t, err
}

func damaged(name string, why any) error {
	return &data.Error{File: name, Reason: fmt.Sprintf("is no Parquet file, or is damaged: %v", why), Hint: "write it again"}
}

// table says which columns of a row are which.
type table struct {
	id, ds, y parquet.LeafColumn
	hasID     bool
}

func columns(s *parquet.Schema, name string, o data.Options) (c table, err error) {
	or := func(s, def string) string {
		if s == "" {
			return def
		}
		return s
	}
	var hasTime, hasY bool
	c.id, c.hasID = s.Lookup(or(o.ID, "unique_id"))
	c.ds, hasTime = s.Lookup(or(o.Time, "ds"))
	c.y, hasY = s.Lookup(or(o.Y, "y"))
	if !hasTime || !hasY || o.ID != "" && !c.hasID {
		var names []string
		for _, f := range s.Fields() {
			names = append(names, f.Name())
		}
		return c, &data.Error{File: name, Reason: fmt.Sprintf("the columns are %q, and ds and y are needed", names), Hint: "name the time column ds, the value y, and the series, if there are several, unique_id"}
	}
	return c, nil
}

func (c *table) decode(row parquet.Row) (id string, t data.Time, y float64, problem *data.Error) {
	y = math.NaN()
	for _, v := range row {
		switch v.Column() {
		case c.ds.ColumnIndex:
			if t, problem = moment(v, c.ds); problem != nil {
				problem.Column = c.ds.Path[0]
				return id, t, y, problem
			}
		case c.y.ColumnIndex:
			if y, problem = number(v); problem != nil {
				problem.Column = c.y.Path[0]
				return id, t, y, problem
			}
		}
		if c.hasID && v.Column() == c.id.ColumnIndex && !v.IsNull() {
			id = v.String()
		}
	}
	return id, t, y, nil
}

// moment reads a time by the column's type.
func moment(v parquet.Value, c parquet.LeafColumn) (data.Time, *data.Error) {
	if v.IsNull() {
		return data.Time{}, &data.Error{Reason: "is missing", Hint: "every row needs a time"}
	}
	var kind format.LogicalTypeValue
	if l := c.Node.Type().LogicalType(); l != nil {
		kind = l.Value
	}
	switch k := kind.(type) {
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
	}
	t, err := data.ParseTime(v.String())
	if err != nil {
		return t, &data.Error{Value: v.String(), Reason: err.Error(), Hint: "store dates, timestamps, or whole numbers"}
	}
	return t, nil
}

func number(v parquet.Value) (float64, *data.Error) {
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
	default:
		if v.IsNull() {
			return math.NaN(), nil
		}
		var err error
		if y, err = strconv.ParseFloat(v.String(), 64); err != nil {
			return 0, &data.Error{Value: v.String(), Reason: "is no number", Hint: "store numbers, and nulls for what is not known"}
		}
	}
	if v.IsNull() {
		return math.NaN(), nil
	}
	if math.IsInf(y, 0) || math.Abs(y) > 1e30 {
		return 0, &data.Error{Value: v.String(), Reason: "is infinite, or larger than 1e30", Hint: "store null if it is not known"}
	}
	return y, nil
}
