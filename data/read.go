package data

import "io"

// A TableReader reads a table of series from a file.
type TableReader func(f *File, o Options) (*Table, error)

// ReadFile reads the table in a file, packed by gzip or not, by the ending of its name:
// .csv, .tsv and .tab as CSV, .jsonl and .ndjson as JSON lines, .tsf as ReadTSF, and
// others that are registered, as package data/parquet does with .parquet when it is
// imported. Files of other endings are read as Read does.
func ReadFile(path string, o Options) (*Table, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.table(o)
}

// Read reads a table by what it begins with: { as JSON lines, @ or # as ReadTSF, the
// magic number of a format that is registered as that, and all else as CSV. What is
// packed by gzip is unpacked. name is what errors call it; its ending, if it has one,
// decides as in ReadFile.
func Read(r io.Reader, name string, o Options) (*Table, error) {
	f, err := NewFile(r, name)
	if err != nil {
		return nil, err
	}
	return f.table(o)
}

func (f *File) table(o Options) (*Table, error) {
	if read, ok := FormatOf[TableReader](f); ok {
		return read(f, o)
	}
	if head, _ := f.Peek(4); string(head) == "PAR1" {
		return nil, &Error{File: f.Name, Reason: "is a Parquet file, which this program does not read", Hint: "import data/parquet in it, or save the table as CSV or JSON lines"}
	}
	return readCSV(f, o)
}
