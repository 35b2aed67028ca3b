package data

import "io"

// A TableReader reads a table of series from a file.
type TableReader func(f *File, o Options) (*Table, error)

// ReadFile reads the table in a file, packed by gzip or not, by the ending of its name:
// .csv, .tsv and .tab as CSV, .jsonl and .ndjson as JSON lines, .tsf as ReadTSF, and
// others that are registered, as package data/parquet does with .parquet when it is
// imported. Files of other endings are read as Read does.
//
// Dates such as 31.12.2024 or 31/12/2024 are read too if all of them are so and a day above 12 shows
// that it stands first, with a note; others than those of ParseTime need Options.TimeLayout.
func ReadFile(path string, o Options) (*Table, error) {
	return orDayFirst(o, func(o Options) (*Table, error) {
		f, err := Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return f.table(o)
	})
}

// Read reads a table by what it begins with: { as JSON lines, @ or # as ReadTSF, the
// magic number of a format that is registered as that, and all else as CSV. What is
// packed by gzip is unpacked. name is what errors call it; its ending, if it has one,
// decides as in ReadFile. Dates that stand day first need an io.Seeker, as a file is.
func Read(r io.Reader, name string, o Options) (*Table, error) {
	s, ok := r.(io.Seeker)
	if !ok {
		return read(r, name, o)
	}
	start, err := s.Seek(0, io.SeekCurrent)
	if err != nil { // such as a pipe
		return read(r, name, o)
	}
	return orDayFirst(o, func(o Options) (*Table, error) {
		if _, err := s.Seek(start, io.SeekStart); err != nil {
			return nil, err
		}
		return read(r, name, o)
	})
}

func read(r io.Reader, name string, o Options) (*Table, error) {
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
