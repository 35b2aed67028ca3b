// Package bounded reads what must not grow without end.
package bounded

import (
	"bufio"
	"errors"
)

// ErrLong is the error of a line that is longer than it may be.
var ErrLong = errors.New("the line is too long")

// Line returns the next line with its newline, as bufio.Reader.ReadString does, and
// ErrLong in place of one of more than most bytes. At the end of the input the line has no
// newline, and may be empty, and the error is io.EOF.
func Line(in *bufio.Reader, most int) (string, error) {
	var long []byte
	for {
		part, err := in.ReadSlice('\n')
		if len(long)+len(part) > most {
			return "", ErrLong
		}
		if long == nil && err != bufio.ErrBufferFull {
			return string(part), err
		}
		long = append(long, part...)
		if err != bufio.ErrBufferFull {
			return string(long), err
		}
	}
}
