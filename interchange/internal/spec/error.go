package spec

import (
	"fmt"

	"github.com/recur-go/recur/internal/fault"
)

// An Error is the reason why the weights of a file cannot be made a network. It is of class
// fault.Model.
type Error struct {
	System string // the reader, such as "torch"
	Path   string // name of the file, "" if it is not known
	Module string // name of the module at fault, "" for the file as a whole
	Reason string // the fault in words
	Spec   any    // spec to confirm or complete, nil if there is none
}

// Errorf makes an Error with a reason.
func Errorf(system, module, reason string, args ...any) *Error {
	return &Error{System: system, Module: module, Reason: fmt.Sprintf(reason, args...)}
}

// With sets Spec and returns e.
func (e *Error) With(spec any) *Error { e.Spec = spec; return e }

func (e *Error) Error() string {
	s := e.System + ": "
	if e.Path != "" {
		s += e.Path + ": "
	}
	if e.Module != "" {
		s += fmt.Sprintf("module %q: ", e.Module)
	}
	return s + e.Reason
}

// Is reports whether target is fault.Model.
func (e *Error) Is(target error) bool { return target == fault.Model }
