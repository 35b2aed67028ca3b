package onnx

import (
	"cmp"
	"fmt"
	"reflect"

	"github.com/recur-go/recur/rnn"
)

// A cellExport is a cell that is being exported, in its place: it runs over x
// [time, batch, in].
type cellExport struct {
	*exporter
	prefix     string // name of its parameters
	in, hidden int
	x, lens    string
	states     []*exportState // states whose last values it sets
	backwards  bool
}

// cellExports make the nodes of cells, by the type of their options, and return the name
// of the outputs.
var cellExports = map[reflect.Type]func(e *cellExport, options any) string{}

// exports registers how cells with options O become nodes. Call it from init, in a file for the
// cell.
func exports[O any](f func(e *cellExport, o O) string) {
	cellExports[reflect.TypeFor[O]()] = func(e *cellExport, o any) string { return f(e, o.(O)) }
}

// exportsStep does so for a cell that ONNX has no operator for, by one step of x
// [batch, in] and the state s, which a Scan runs.
func exportsStep[O any](step func(e *cellExport, o O, x string, s []string) (y string, next []string)) {
	exports(func(e *cellExport, o O) string {
		return e.scan(func(x string, s []string) (string, []string) { return step(e, o, x, s) })
	})
}

// cell runs a cell over x and sets the last values of its states.
func (e *exporter) cell(c rnn.Config, in *cellExport) string {
	f := cellExports[reflect.TypeOf(c.Options)]
	if f == nil {
		panic(&ExportError{e.layer, fmt.Sprintf("ONNX has nothing for a cell %v", c)})
	}
	return f(in, c.Options)
}

// weight is a parameter of the cell as it lies.
func (e *cellExport) weight(name string) string { return e.param(e.prefix + "." + name) }

// row is row k of a parameter [n·hidden] or [n, hidden].
func (e *cellExport) row(name string, k int) string {
	return e.constant(NewTensor(e.weights(e.prefix + "." + name)[k*e.hidden:(k+1)*e.hidden], e.hidden))
}

func (e *cellExport) one(op, x string) string { return e.node(op, []string{x}) }
func (e *cellExport) add(a, b string) string  { return e.two("Add", a, b) }
func (e *cellExport) mul(a, b string) string  { return e.two("Mul", a, b) }
func (e *cellExport) sigmoid(x string) string { return e.one("Sigmoid", x) }
func (e *cellExport) dot(x, w string) string  { return e.two("MatMul", x, e.weight(w)) }
func (e *cellExport) join(l ...string) string { return e.node("Concat", l, attr{"axis", -1}) }

// affine is x·w + b for the parameters of these names.
func (e *cellExport) affine(x, w, b string) string { return e.add(e.dot(x, w), e.weight(b)) }

// activate applies an activation, the usual one where it is not given.
func (e *cellExport) activate(a, usual rnn.Activation, x string) string {
	return e.activation(cmp.Or(a, usual).String(), x)
}
