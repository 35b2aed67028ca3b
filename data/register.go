package data

import (
	"bytes"
	"strings"
)

// A format is what reads files of an ending or with a magic number.
type format struct {
	ending, magic string
	read          any
}

var formats []format

// Register makes read the format of files whose names have an ending such as ".csv",
// with or without .gz, or, where no ending decides, that begin with magic. Either may be
// "". What it reads is known by the type of read: series by a TableReader, rows of text by
// a RecordReader; other packages have types of their own, for which they ask FormatOf. Call
// it from init.
func Register(ending, magic string, read any) {
	formats = append(formats, format{ending, magic, read})
}

// FormatOf finds what was registered of type F for a file: by the ending of its name, or
// else by its first bytes, which may follow a byte order mark and white space. The
// longest that fits is taken.
func FormatOf[F any](f *File) (read F, ok bool) {
	name := strings.TrimSuffix(strings.ToLower(f.Name), ".gz")
	longest := 0
	find := func(fits func(format) int) bool {
		for _, k := range formats {
			if r, is := k.read.(F); is {
				if n := fits(k); n > longest {
					read, longest = r, n
				}
			}
		}
		return longest > 0
	}
	if find(func(k format) int {
		if strings.HasSuffix(name, k.ending) {
			return len(k.ending)
		}
		return 0
	}) {
		return read, true
	}
	head, _ := f.Peek(512)
	text := bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n")
	ok = find(func(k format) int {
		if magic := []byte(k.magic); bytes.HasPrefix(head, magic) || bytes.HasPrefix(text, magic) {
			return len(magic)
		}
		return 0
	})
	return read, ok
}
