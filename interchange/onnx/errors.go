package onnx

import (
	"fmt"
	"strings"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/format"
)

// A FormatError is a fault of the bytes of a file. It has the fields
//
//	System string // "onnx"
//	Path   string // name of the file, "" when read from memory
//	Object string // name of the tensor at fault, "" for the file as a whole
//	Offset int64  // byte where the fault was seen, -1 if it has no place
//	Reason string // the fault in words
//	Hint   string // a remedy, "" if none is known
type FormatError = format.Error

func badAt(offset int64, reason string, args ...any) *FormatError {
	return format.Errorf("onnx", offset, reason, args...)
}

// A GraphError is the error for a model whose bytes are well-formed but whose graph makes
// no sense, such as a node that reads what nobody writes.
type GraphError struct {
	Node, Op string // the node at fault, "" for the graph as a whole
	Reason   string
}

func (e *GraphError) Error() string { return "onnx: " + at(e.Node, e.Op) + e.Reason }

// Is reports whether target is fault.Model.
func (e *GraphError) Is(target error) bool { return target == fault.Model }

// An UnsupportedError lists all that a model asks for and recur does not have.
// Nothing of such a model runs.
type UnsupportedError struct{ Ops []UnsupportedOp }

// An UnsupportedOp is one operator, or one way to use it.
type UnsupportedOp struct {
	Op, Domain string // Domain is "" for ONNX's own
	Opset      int    // version of the domain that the model imports
	Node       string // the first node that asks for it
	Reason     string // reason why it is not supported
}

func (o UnsupportedOp) String() string {
	domain := o.Domain
	if domain == "" {
		domain = "ai.onnx"
	}
	return fmt.Sprintf("%s (domain %s, opset %d, node %q): %s", o.Op, domain, o.Opset, o.Node, o.Reason)
}

func (e *UnsupportedError) Error() string {
	list := make([]string, len(e.Ops))
	for i, o := range e.Ops {
		list[i] = o.String()
	}
	return "onnx: not supported: " + strings.Join(list, "; ")
}

// Is reports whether target is fault.Model.
func (e *UnsupportedError) Is(target error) bool { return target == fault.Model }

// An InputError is the error for inputs to Run that the model does not take.
type InputError struct{ Input, Reason string }

func (e *InputError) Error() string { return fmt.Sprintf("onnx: input %q: %s", e.Input, e.Reason) }

// Is reports whether target is fault.Data.
func (e *InputError) Is(target error) bool { return target == fault.Data }

// A RunError names the node that failed, and why.
type RunError struct {
	Node, Op string
	Err      error
}

func (e *RunError) Error() string { return "onnx: " + at(e.Node, e.Op) + e.Err.Error() }

func (e *RunError) Unwrap() error { return e.Err }

// Is reports whether target is fault.Data, since it is by its inputs that a node fails,
// unless the operator itself is at fault.
func (e *RunError) Is(target error) bool {
	_, internal := e.Err.(*internalError)
	return target == fault.Data && !internal
}

func at(node, op string) string {
	switch {
	case op == "":
		return ""
	case node == "":
		return op + ": "
	}
	return fmt.Sprintf("%s %q: ", op, node)
}

// An opError is what an operator panics with when its inputs do not fit. The
// executor makes a RunError of it.
type opError string

func (e opError) Error() string { return string(e) }

func fail(format string, args ...any) { panic(opError(fmt.Sprintf(format, args...))) }

// An internalError is a panic of an operator that should have been an opError.
type internalError struct{ value any }

func (e *internalError) Error() string { return fmt.Sprintf("internal error: %v", e.value) }
