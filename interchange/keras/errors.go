package keras

import (
	"errors"
	"fmt"
	"strings"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/format"
)

// A FormatError is a fault of a file. It has the fields
//
//	System string // "keras"
//	Path   string // name of the file, "" when read from memory
//	Object string // name of the layer, or of the array in the file; "" for the file as a whole
//	Offset int64  // byte where the fault was seen, -1 if it has no place
//	Reason string // the fault in words
//	Hint   string // a remedy, "" if none is known
type FormatError = format.Error

func bad(reason string, args ...any) *FormatError { return badAt(-1, reason, args...) }

func badAt(offset int64, reason string, args ...any) *FormatError {
	return format.Errorf("keras", offset, reason, args...)
}

// An UnsupportedError lists all that a model asks for and recur does not have.
type UnsupportedError struct {
	Path   string
	Layers []UnsupportedLayer
}

// An UnsupportedLayer is a layer, or a way to use it.
type UnsupportedLayer struct {
	Layer, Class string
	Reason       string
}

func (l UnsupportedLayer) String() string {
	return fmt.Sprintf("%s %q: %s", l.Class, l.Layer, l.Reason)
}

func (e *UnsupportedError) Error() string {
	list := make([]string, len(e.Layers))
	for i, l := range e.Layers {
		list[i] = l.String()
	}
	path := ""
	if e.Path != "" {
		path = e.Path + ": "
	}
	return "keras: " + path + "not supported: " + strings.Join(list, "; ")
}

// Is reports whether target is fault.Model.
func (e *UnsupportedError) Is(target error) bool { return target == fault.Model }

// at enters the path of the file into an error.
func at(path string, err error) error {
	var u *UnsupportedError
	if errors.As(err, &u) {
		u.Path = path
		return err
	}
	return format.At(path, err)
}
