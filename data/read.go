package data

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// A Format reads a table from a file of size bytes.
type Format func(r io.ReaderAt, size int64, name string, o Options) (*Table, error)

var formats = map[string]Format{}

// Register makes ReadFile read files with the given extension, such as ".parquet",
// by f. Package data/parquet does so when it is imported.
func Register(extension string, f Format) { formats[extension] = f }

// ReadFile reads the table in a file, by its extension: .jsonl and .ndjson as JSON
// lines, those of registered formats by them, and all others as CSV.
func ReadFile(path string, o Options) (*Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &Error{File: path, Reason: "is a directory", Hint: "name a file"}
	}
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case formats[ext] != nil:
		return formats[ext](f, info.Size(), path, o)
	case ext == ".parquet":
		return nil, fmt.Errorf("%s: this program does not read Parquet: it must import data/parquet", path)
	case ext == ".jsonl" || ext == ".ndjson":
		return ReadJSON(f, path, o)
	}
	return ReadCSV(f, path, o)
}

// Build makes a table of rows that a Format has decoded, in their order. next
// gives the row's number, series, time and value, NaN if it is missing, and ok
// false at the end; an error of a row is told with the others.
func Build(name string, o Options, next func() (row int, id string, t Time, y float64, problem *Error, ok bool)) (*Table, error) {
	b := newBuilder(name, o)
	for {
		row, id, t, y, problem, ok := next()
		switch {
		case !ok:
			return b.table()
		case problem != nil:
			problem.Row = row
			b.problems.add(problem)
		default:
			b.add(row, id, t, y)
		}
	}
}
