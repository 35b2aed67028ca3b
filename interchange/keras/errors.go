package keras

import (
	"errors"
	"fmt"
	"strings"

	"github.com/recur-go/recur/interchange/keras/internal/hdf5"
)

// A FormatError tells what is wrong with a file.
type FormatError struct {
	Path   string // "" when read from memory
	Object string // the layer, or the array in the file; "" for the file as a whole
	Offset int64  // byte of the HDF5 where the fault was seen, -1 if it has no place
	Reason string
	Try    string // what may help, "" if nothing is known to
}

func (e *FormatError) Error() string {
	var b strings.Builder
	b.WriteString("keras: ")
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	if e.Object != "" {
		fmt.Fprintf(&b, "%q: ", e.Object)
	}
	if e.Offset >= 0 {
		fmt.Fprintf(&b, "byte %d: ", e.Offset)
	}
	b.WriteString(e.Reason)
	if e.Try != "" {
		b.WriteString("; " + e.Try)
	}
	return b.String()
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

func fault(format string, args ...any) error {
	return &FormatError{Offset: -1, Reason: fmt.Sprintf(format, args...)}
}

// foreign turns an error of the HDF5 reader into one of this package.
func foreign(err error) error {
	var h *hdf5.FormatError
	if errors.As(err, &h) {
		return &FormatError{Object: h.Object, Offset: h.Offset, Reason: h.Reason, Try: h.Try}
	}
	return err
}

// at enters the path of the file into an error.
func at(path string, err error) error {
	var f *FormatError
	var u *UnsupportedError
	switch {
	case errors.As(err, &f):
		f.Path = path
	case errors.As(err, &u):
		u.Path = path
	default:
		return fmt.Errorf("%s: %w", path, err)
	}
	return err
}
