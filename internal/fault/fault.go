// Package fault has the classes of errors, by which a program chooses its exit code and
// a server its status.
//
// An error belongs to a class if it, or an error that it wraps, has a method Is that
// accepts the class:
//
//	func (e *GraphError) Is(target error) bool { return target == fault.Model }
//
// so that errors.Is(err, fault.Model) asks for it.
package fault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// A Class is what kind of failure an error is. Its number is the exit code of a program
// that ends with the error.
type Class int

// The classes.
const (
	Usage   Class = 2 + iota // the caller asked for something invalid: a flag, a setting, a recipe
	Data                     // data are bad: a table, a text, the input of a model
	Model                    // a file of a model is bad, or holds what is not supported
	Numeric                  // numbers became NaN or infinite
	IO                       // a file could not be opened, read or written
	Peer                     // another program failed
	end
)

var classes = [...]string{
	Usage:   "wrong usage",
	Data:    "bad data",
	Model:   "bad model file",
	Numeric: "numeric failure",
	IO:      "input or output failed",
	Peer:    "another program failed",
}

// Error makes a class a target of errors.Is.
func (c Class) Error() string {
	if c < Usage || c >= end {
		return "failed"
	}
	return classes[c]
}

// Of returns the class of err, 0 for none: of all errors in its tree, the outermost that
// has one decides. Errors of the file system are of class IO.
func Of(err error) Class {
	switch e := err.(type) {
	case nil:
		return 0
	case interface{ Is(error) bool }:
		for c := Usage; c < end; c++ {
			if e.Is(c) {
				return c
			}
		}
	case *fs.PathError, *os.LinkError:
		return IO
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return Of(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if c := Of(inner); c != 0 {
				return c
			}
		}
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return IO
	}
	return 0
}

// As returns err as an error of class c, with the same text; nil if err is nil.
func As(c Class, err error) error {
	if err == nil {
		return nil
	}
	return &classed{err, c}
}

// Errorf is fmt.Errorf for an error of class c.
func Errorf(c Class, format string, args ...any) error {
	return &classed{fmt.Errorf(format, args...), c}
}

type classed struct {
	error
	class Class
}

func (e *classed) Unwrap() error        { return e.error }
func (e *classed) Is(target error) bool { return target == e.class }
