package data

import (
	"bufio"
	"bytes"
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

// ReadFile reads the table in a file by its extension: .csv and .tsv as CSV, .jsonl
// and .ndjson as JSON lines, .tsf as ReadTSF, those of registered formats by them, and
// all others as Read does.
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
	case ext == ".tsf":
		return ReadTSF(f, path, o)
	case ext == ".jsonl" || ext == ".ndjson":
		return ReadJSON(f, path, o)
	case ext == ".csv" || ext == ".tsv":
		return ReadCSV(f, path, o)
	}
	return Read(f, path, o)
}

// Read reads a table by what it begins with: { as JSON lines, @ or # as ReadTSF, the
// magic number of Parquet as that, if it is registered, and all else as CSV. name is
// what errors call it.
func Read(r io.Reader, name string, o Options) (*Table, error) {
	in := bufio.NewReader(r)
	head, err := in.Peek(4)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	parquet := formats[".parquet"]
	switch {
	case string(head) == "PAR1" && parquet != nil:
		all, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return parquet(bytes.NewReader(all), int64(len(all)), name, o)
	case bytes.HasPrefix(bytes.TrimPrefix(head, bom), []byte("{")):
		return ReadJSON(in, name, o)
	case bytes.ContainsAny(head[:min(len(head), 1)], "@#"):
		return ReadTSF(in, name, o)
	}
	return ReadCSV(in, name, o)
}
