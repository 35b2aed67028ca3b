package torch

import (
	"fmt"

	"github.com/recur-go/recur/interchange/internal/spec"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/format"
)

// A FormatError is a fault of the bytes of a file. It has the fields
//
//	System string // "torch"
//	Path   string // name of the file, "" when read from memory
//	Object string // name of the tensor at fault, "" for the file as a whole
//	Offset int64  // byte where the fault was seen, -1 if it has no place
//	Reason string // the fault in words
//	Hint   string // a remedy, "" if none is known
type FormatError = format.Error

func bad(reason string, args ...any) *FormatError { return badAt(-1, reason, args...) }

func badAt(offset int64, reason string, args ...any) *FormatError {
	return format.Errorf("torch", offset, reason, args...)
}

// A ClassError is the error for a file that asks for an object other than a tensor or a plain
// container. To make it, Python would run code, which recur never does.
type ClassError struct {
	Path  string
	Class string // such as __main__.Net
}

func (e *ClassError) Error() string {
	at := ""
	if e.Path != "" {
		at = e.Path + ": "
	}
	return fmt.Sprintf("torch: %sthe file holds an object of %s, which is made by running code and is refused; in Python, save the weights alone with torch.save(model.state_dict(), path)", at, e.Class)
}

// Is reports whether target is fault.Model.
func (e *ClassError) Is(target error) bool { return target == fault.Model }

// A MapError is the reason why weights cannot be made a network. It has the fields
//
//	System string // "torch"
//	Path   string // name of the file, "" if it is not known
//	Module string // dotted name of the module at fault, "" for the file as a whole
//	Reason string // the fault in words
//	Spec   any    // the *Spec to confirm or complete, nil if there is none
type MapError = spec.Error

func unmapped(module, reason string, args ...any) *MapError {
	return spec.Errorf("torch", module, reason, args...)
}
