// Package parquet reads long tables of time series from Apache Parquet files. To
// import it is enough for data.ReadFile to read files named .parquet.
package parquet

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

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

// Read reads a table whose columns are those of data.ReadCSV, long or with a column for each
// series: ds a date, a timestamp, a string or a whole number, y a number, a decimal or a string
// of one, and unique_id, if it is there, a string or a whole number. Nulls of y are missing values.
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
	c.zone = zoneOf(f, c.ds.name)
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

// zoneOf is the zone that pandas notes for the times of a column, which are in UTC; "" for none.
func zoneOf(f *parquet.File, column string) string {
	text, _ := f.Lookup("pandas")
	var notes struct {
		Columns []struct {
			Name     string `json:"field_name"`
			Metadata struct {
				Timezone string `json:"timezone"`
			} `json:"metadata"`
		} `json:"columns"`
	}
	if json.Unmarshal([]byte(text), &notes) != nil {
		return ""
	}
	for _, c := range notes.Columns {
		if c.Name == column {
			return c.Metadata.Timezone
		}
	}
	return ""
}
