// Package format has the error of all readers of files that other programs write, and the
// ways to print text from such files.
package format

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/recur-go/recur/internal/fault"
)

// An Error is a fault of a file, or something in it that is not supported.
// It is of class fault.Model.
type Error struct {
	System string // the reader, such as "onnx"
	Path   string // name of the file, "" when read from memory
	Object string // name of the tensor, layer, variable or array at fault, "" for the file as a whole
	Offset int64  // byte where the fault was seen, -1 if it has no place
	Reason string // the fault in words
	Hint   string // a remedy, "" if none is known
}

// Errorf makes an Error with a reason. offset is the byte where the fault was seen, -1
// if it has no place.
func Errorf(system string, offset int64, reason string, args ...any) *Error {
	return &Error{System: system, Offset: offset, Reason: fmt.Sprintf(reason, args...)}
}

// In sets Object and returns e.
func (e *Error) In(object string) *Error { e.Object = object; return e }

// OfFile sets Path and returns e.
func (e *Error) OfFile(path string) *Error { e.Path = path; return e }

// WithHint sets Hint and returns e.
func (e *Error) WithHint(hint string) *Error { e.Hint = hint; return e }

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.System + ": ")
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	if e.Object != "" {
		b.WriteString(Quote(e.Object) + ": ")
	}
	if e.Offset >= 0 {
		fmt.Fprintf(&b, "byte %d: ", e.Offset)
	}
	b.WriteString(e.Reason)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Is reports whether target is fault.Model.
func (e *Error) Is(target error) bool { return target == fault.Model }

// Quote quotes a name from a file, which may be long or strange, for an error.
func Quote(name string) string {
	if len(name) > 80 {
		name = name[:80] + "…"
	}
	return strconv.Quote(name)
}

// Printable keeps text from a file from steering the terminal.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// At enters the path of a file into err: as Path of an *Error that has none, else before
// the text.
func At(path string, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", path, err)
	}
	if e.Path == "" {
		e.Path = path
	}
	return err
}

// Open opens the file at path, which must be a regular one, and returns its size too.
func Open(system, path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = Errorf(system, -1, "not a regular file").OfFile(path)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// ReadAt fills b with the bytes of r from offset on, which a file of known size should
// have. It is an *Error if they are not there.
func ReadAt(system string, r io.ReaderAt, b []byte, offset int64) error {
	n, err := r.ReadAt(b, offset)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return Errorf(system, offset+int64(n), "the file ends too early").WithHint("was it cut short while being read?")
	}
	return fmt.Errorf("%s: reading at byte %d: %w", system, offset+int64(n), err)
}

// Throw panics with err, for Catch. It ends a reader of many small functions.
func Throw(err error) { panic(thrown{err}) }

// Catch, deferred, turns the panic of Throw into *err. An *Error that has no Object gets
// the given one.
func Catch(err *error, object string) {
	switch r := recover().(type) {
	case nil:
	case thrown:
		if e, ok := r.err.(*Error); ok && e.Object == "" {
			e.Object = object
		}
		*err = r.err
	default:
		panic(r)
	}
}

type thrown struct{ err error }
