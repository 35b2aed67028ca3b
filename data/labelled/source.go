package labelled

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/bounded"
)

// longest is the most bytes of a line, or of a row whose fields hold ends of lines.
const longest = 4 << 20

// A source is an open file, unpacked.
type source struct {
	name string
	ext  string // of the name without .gz, in lower case
	in   *bufio.Reader
	head []byte // what it begins with, without a byte order mark
}

func (r *reader) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return &data.Error{File: path, Reason: "is a directory", Hint: "name a file"}
	}
	return r.from(f, path)
}

// ReadFrom is Read of one file that is open, such as standard input. name is what
// errors call it.
func ReadFrom(in io.Reader, name string, o Options) iter.Seq2[Example, error] {
	return func(yield func(Example, error) bool) {
		r := &reader{Options: o, emit: func(e Example) error {
			if !yield(e, nil) {
				return errStop
			}
			return nil
		}}
		err := r.check()
		if err == nil {
			err = r.from(in, name)
		}
		if err == nil {
			err = r.endImages()
		}
		if err != nil && err != errStop {
			yield(Example{}, err)
		}
	}
}

// from reads one file.
func (r *reader) from(in io.Reader, name string) error {
	s := &source{name: name, ext: strings.ToLower(filepath.Ext(strings.TrimSuffix(name, ".gz")))}
	raw := bufio.NewReaderSize(in, 64<<10)
	if magic, _ := raw.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(raw)
		if err != nil {
			return s.wrong(0, "it begins as gzip does, but: "+err.Error(), "fetch it again")
		}
		raw = bufio.NewReaderSize(z, 64<<10)
	}
	s.in = raw
	if r.Format == Plain || r.Format == JSON { // do not wait for more than a line
		return r.lines(s, r.Format)
	}
	head, err := raw.Peek(32 << 10)
	if err != nil && err != io.EOF {
		return s.failed(0, err)
	}
	if bytes.HasPrefix(head, bom) {
		raw.Discard(len(bom))
		head = head[len(bom):]
	}
	s.head = head
	format := r.Format
	if format == Auto {
		format = r.guess(s)
	}
	if format == IDX {
		return r.idx(s)
	}
	if e := encoding(head); e != nil {
		e.File = s.name
		return e
	}
	if len(bytes.TrimSpace(head)) == 0 && err == io.EOF {
		return s.wrong(0, "is empty", "it needs a row for each example, with its label")
	}
	switch format {
	case Table:
		return r.table(s)
	case Trees:
		return r.trees(s)
	case CoNLL:
		return r.conll(s)
	case TS:
		return r.ts(s)
	}
	return r.lines(s, format)
}

// guess finds the format of a file.
func (r *reader) guess(s *source) Format {
	first, _, _ := strings.Cut(strings.TrimLeft(string(s.head), " \r\n"), "\n")
	switch {
	case len(s.head) > 3 && s.head[0] == 0 && s.head[1] == 0 && s.head[2] == 8:
		return IDX
	case s.ext == ".ts":
		return TS
	case s.ext == ".conll" || s.ext == ".iob":
		return CoNLL
	case s.ext == ".csv" || s.ext == ".tsv":
		return Table
	case s.ext == ".jsonl" || s.ext == ".ndjson" || strings.HasPrefix(first, "{"):
		return JSON
	case strings.HasPrefix(first, "@problemName"):
		return TS
	case r.Series:
		return Table
	case strings.HasPrefix(first, "(") && strings.Count(first, "(") > 1:
		return Trees
	case strings.Contains(first, "\t"), columnsOf(strings.Split(first, ","), r.Text, r.Label).named():
		return Table
	case r.Unlabelled:
		return Plain
	}
	return Lines
}

var bom = []byte("\xef\xbb\xbf")

// encoding reports what is not text in UTF-8 by its first bytes.
func encoding(head []byte) *data.Error {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return &data.Error{Reason: "is a spreadsheet or a zip archive", Hint: "save the table as CSV"}
	case bytes.HasPrefix(head, []byte("PAR1")):
		return &data.Error{Reason: "is a Parquet file", Hint: "save the table as CSV or JSON lines"}
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")), bytes.IndexByte(head, 0) >= 0:
		return &data.Error{Reason: "is in UTF-16, or is no text", Hint: "save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8"}
	}
	return nil
}

// wrong is an error in a row of the source.
func (s *source) wrong(row int, reason, hint string) error {
	return &data.Error{File: s.name, Row: row, Reason: reason, Hint: hint}
}

// failed is an error of reading.
func (s *source) failed(row int, err error) error {
	var path *fs.PathError
	switch {
	case errors.Is(err, bounded.ErrLong):
		return s.wrong(row, fmt.Sprintf("is longer than %d bytes", longest), "look for a quotation mark that is not closed, or ends of lines that are lost")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF):
		return s.wrong(row, "the file is cut short or damaged: "+err.Error(), "fetch it again")
	case errors.As(err, &path):
		return err
	}
	return s.wrong(row, "cannot be read: "+err.Error(), "fetch it again")
}

// rows yields the lines of the source, without their ends, which may be those of Unix,
// Windows or old Macs, and their numbers from 1.
func (s *source) rows(each func(n int, line string) error) error {
	ends := &lineEnds{in: s.in}
	in := bufio.NewReaderSize(ends, 64<<10)
	for n := 1; ; n++ {
		line, err := bounded.Line(in, longest)
		if err != nil && err != io.EOF {
			return s.failed(n, err)
		}
		if n == 1 {
			line = strings.TrimPrefix(line, string(bom))
		}
		if line == "" && err == io.EOF {
			return nil
		}
		line = strings.TrimSuffix(line, "\n")
		if !utf8.ValidString(line) {
			if n == 1 {
				if e := encoding([]byte(line)); e != nil {
					e.File = s.name
					return e
				}
			}
			return s.wrong(n, "is not UTF-8", "save the file as UTF-8, or convert it: iconv -f LATIN1 -t UTF-8")
		}
		if e := each(n, line); e != nil {
			return e
		}
		if err == io.EOF {
			return nil
		}
	}
}

// lineEnds makes every end of line \n.
type lineEnds struct {
	in io.Reader
	cr bool // the last byte was \r
}

func (l *lineEnds) Read(p []byte) (n int, err error) {
	for n == 0 && err == nil && len(p) > 0 { // \n after \r may be all that there was
		n, err = l.in.Read(p)
		out := p[:0]
		for _, c := range p[:n] {
			if c == '\n' && l.cr {
				l.cr = false
				continue
			}
			if l.cr = c == '\r'; l.cr {
				c = '\n'
			}
			out = append(out, c)
		}
		n = len(out)
	}
	return n, err
}
