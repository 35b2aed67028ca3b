package data

import (
	"errors"
	"iter"
	"unicode/utf8"
)

// Lines yields the lines of a text file, gzip or not, with their numbers from 1 and
// without their ends, those of Unix, Windows or the old Macintosh. A byte order mark is
// passed over. What ends it early goes to err: text that is not UTF-8, a line of more
// than 1 MiB, a broken file.
func Lines(path string, err *error) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		if e := eachLine(path, func(n int, line string) error {
			if !yield(n, line) {
				return errEnough
			}
			return nil
		}); e != errEnough {
			*err = e
		}
	}
}

var errEnough = errors.New("data: enough lines")

func eachLine(path string, f func(n int, line string) error) error {
	file, err := Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.text(); err != nil {
		return err
	}
	t := &records{path: path}
	return t.scan(newLineReader(file), func(n int, line string) error {
		if !utf8.ValidString(line) {
			return t.fail(&Error{Row: n, Reason: "is not UTF-8", Hint: "save the file as UTF-8"})
		}
		return f(n, line)
	})
}
