package data

import (
	"bufio"
	"compress/gzip"
	"io"
	"os"
)

// Open opens a file to read, and unpacks it if it begins as gzip does, whatever its
// name. A folder is an Error, and so is a broken gzip header; what is broken after it
// comes as an error of Read.
func Open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = &Error{File: path, Reason: "is a directory", Hint: "name a file"}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	in := &opened{Reader: bufio.NewReaderSize(f, 64<<10), file: f}
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(in.Reader)
		if err != nil {
			f.Close()
			return nil, &Error{File: path, Reason: "begins as gzip does, but: " + err.Error(), Hint: "fetch it again"}
		}
		in.Reader = bufio.NewReaderSize(z, 64<<10)
	}
	return in, nil
}

// opened is a file, unpacked.
type opened struct {
	*bufio.Reader
	file *os.File
}

func (o *opened) Close() error { return o.file.Close() }
