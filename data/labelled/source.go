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
	"strings"
	"unicode/utf8"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/bounded"
)

// longest is the most bytes of a line, or of a row whose fields hold ends of lines.
const longest = 4 << 20

// A source is an open file.
type source struct {
	name string
	in   *bufio.Reader
	head []byte // its beginning, without a byte order mark
}

func (r *reader) file(path string) error {
	f, err := data.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return r.from(f)
}

// ReadFrom is Read of one file that is open, such as standard input. name is what
// errors call it.
func ReadFrom(in io.Reader, name string, o Options) iter.Seq2[Example, error] {
	return examples(o, func(r *reader) error {
		f, err := data.NewFile(in, name)
		if err != nil {
			return err
		}
		return r.from(f)
	})
}

// from reads one file.
func (r *reader) from(f *data.File) error {
	s := &source{name: f.Name, in: f.Reader}
	if r.Format == Plain || r.Format == JSON { // do not wait for more than a line
		f.Text()
		s.in = f.Reader
		return r.lines(s, r.Format)
	}
	head, err := f.Peek(32 << 10)
	if err != nil && err != io.EOF {
		return s.failed(0, err)
	}
	if bytes.HasPrefix(head, bom) {
		f.Discard(len(bom))
		head = head[len(bom):]
	}
	s.head = head
	format := r.Format
	if format == Auto {
		format = r.guess(f, head)
	}
	if format == IDX {
		return r.idx(s, f)
	}
	if e := data.CheckText(head); e != nil {
		e.File = s.name
		return e
	}
	f.Text()
	s.in = f.Reader
	if s.head, err = f.Peek(32 << 10); err != nil && err != io.EOF {
		return s.failed(0, err)
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

func init() {
	data.Register("", data.IDXMagic, IDX)
	data.Register(".ts", "@problemName", TS)
	data.Register(".conll", "", CoNLL)
	data.Register(".iob", "", CoNLL)
	data.Register(".csv", "", Table)
	data.Register(".tsv", "", Table)
	data.Register(".jsonl", "{", JSON)
	data.Register(".ndjson", "", JSON)
}

// guess finds the format of a file that begins with head.
func (r *reader) guess(f *data.File, head []byte) Format {
	first, _, _ := strings.Cut(strings.TrimLeft(string(head), " \r\n"), "\n")
	format, found := data.FormatOf[Format](f)
	switch {
	case found:
		return format
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

// wrong is an error in a row of the source.
func (s *source) wrong(row int, reason, hint string) error {
	return &data.Error{File: s.name, Row: row, Reason: reason, Hint: hint}
}

// toUTF8 is the remedy for what is not UTF-8.
const toUTF8 = "save the file as UTF-8, or convert it, such as with iconv -f LATIN1 -t UTF-8"

// failed is an error of reading.
func (s *source) failed(row int, err error) error {
	var path *fs.PathError
	switch {
	case errors.Is(err, bounded.ErrLong):
		return s.wrong(row, fmt.Sprintf("is longer than %d MiB", longest>>20), "look for an unclosed quotation mark or missing line ends")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF):
		return s.wrong(row, "the file is cut short or damaged: "+err.Error(), "download it again")
	case errors.As(err, &path):
		return err
	}
	return s.wrong(row, "cannot be read: "+err.Error(), "download it again")
}

// rows yields the lines of the source, without their ends, which may be those of Unix,
// Windows or old Macs, and their numbers from 1.
func (s *source) rows(each func(n int, line string) error) error {
	in := bufio.NewReaderSize(&bounded.LineEnds{In: s.in}, 64<<10)
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
				if e := data.CheckText([]byte(line)); e != nil {
					e.File = s.name
					return e
				}
			}
			return s.wrong(n, "is not UTF-8", toUTF8)
		}
		if e := each(n, line); e != nil {
			return e
		}
		if err == io.EOF {
			return nil
		}
	}
}
