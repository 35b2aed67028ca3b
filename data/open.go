package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"

	"github.com/recur-go/recur/internal/fault"
)

// A File is a file that is read from its beginning, unpacked if it was packed by gzip.
type File struct {
	*bufio.Reader
	Name string // name of the file, for errors

	file   *os.File // nil if it does not come from Open
	packed bool
	kept   bool        // all of it is in memory
	coded  *textReader // the text, as Text reads it
}

// maxFile is the most bytes of a file that is read as a whole.
const maxFile = 1 << 30

// Open opens a file to read, and unpacks it if it begins as gzip does, whatever its
// name. A folder is an Error, and so is a broken gzip header; what is broken after it
// comes as an error of Read. The path Stdin is standard input. That and a pipe are read to
// their end, at most 1 GiB, and kept, so that they may be opened again.
func Open(path string) (*File, error) {
	if path == Stdin {
		return openStdin()
	}
	info, err := os.Stat(path)
	switch {
	case err != nil: // which Open tells better
	case info.IsDir():
		return nil, &Error{File: path, Reason: "is a directory", Hint: "name a file"}
	case isPipe(info):
		return openPipe(path, info)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	in, err := NewFile(f, path)
	if err != nil {
		f.Close()
		return nil, err
	}
	in.file = f
	return in, nil
}

// NewFile is Open of what is open already, such as standard input.
func NewFile(r io.Reader, name string) (*File, error) {
	f := plainFile(r, name)
	if magic, _ := f.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(f.Reader)
		if err != nil {
			return nil, &Error{File: name, Reason: "is damaged gzip: " + err.Error(), Hint: "download it again"}
		}
		f.Reader, f.packed = bufio.NewReaderSize(z, 64<<10), true
	}
	return f, nil
}

// plainFile takes r as it is.
func plainFile(r io.Reader, name string) *File {
	return &File{Reader: bufio.NewReaderSize(r, 64<<10), Name: name}
}

// Close closes what Open has opened.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

// Failed is err, of reading f at a row or, if that is 0, anywhere, with the name of the file: an
// Error if what is packed is cut short or damaged.
func (f *File) Failed(row int, err error) error {
	if f.packed && fault.Of(err) == 0 {
		return &Error{File: f.Name, Row: row, Reason: "is cut short or damaged: " + err.Error(), Hint: "download it again"}
	}
	if f.Name == "" {
		return err
	}
	return fmt.Errorf("%s: %w", f.Name, err)
}

// All reads the rest of the file, of at most 1 GiB.
func (f *File) All() ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, f.Failed(0, err)
	case len(b) > maxFile:
		return nil, &Error{File: f.Name, Reason: fmt.Sprintf("is larger than %d GiB", maxFile>>30), Hint: "split it into several files"}
	}
	return b, nil
}

// ReaderAt gives access to all bytes of a file of which none was read yet. What is
// packed, or is no regular file, is read as All does.
func (f *File) ReaderAt() (r io.ReaderAt, size int64, err error) {
	if f.file != nil && !f.packed {
		if info, err := f.file.Stat(); err == nil && info.Mode().IsRegular() {
			return f.file, info.Size(), nil
		}
	}
	b, err := f.All()
	return bytes.NewReader(b), int64(len(b)), err
}

// text gives what a file of text begins with, and passes over a byte order mark.
func (f *File) text() (head []byte, err error) {
	head, err = f.Peek(64 << 10)
	if len(head) == 0 && err != nil && err != io.EOF { // else it comes again
		return nil, f.Failed(0, err)
	}
	if e := CheckText(head); e != nil {
		e.File = f.Name
		return nil, e
	}
	if bytes.HasPrefix(head, bom) {
		f.Discard(len(bom))
		head = head[len(bom):]
	}
	if ascii(head) < len(head) || err != io.EOF {
		f.Text()
		if head, err = f.Peek(max(len(head), 1)); len(head) == 0 && err != nil && err != io.EOF {
			return nil, f.Failed(0, err)
		}
	}
	return head, nil
}

var bom = []byte("\xef\xbb\xbf")

// CheckText reports what is no text in UTF-8 by its first bytes.
func CheckText(head []byte) *Error {
	for _, k := range []struct{ magic, what, hint string }{
		{"PAR1", "is a Parquet file", "save the table as CSV or JSON lines"},
		{"PK\x03\x04", "is a spreadsheet or a zip archive", "save the table as CSV"},
		{"\x1f\x8b", "is compressed with gzip", "unpack it: gunzip"},
	} {
		if bytes.HasPrefix(head, []byte(k.magic)) {
			return &Error{Reason: k.what, Hint: k.hint}
		}
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) || bytes.IndexByte(head, 0) >= 0 {
		return &Error{Reason: "is UTF-16, or not text", Hint: "save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8"}
	}
	return nil
}
