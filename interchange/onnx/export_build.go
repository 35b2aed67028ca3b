package onnx

import (
	"fmt"
	"math"
	"strconv"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model/graph"
	"google.golang.org/protobuf/encoding/protowire"
)

// An exporter gathers the parts of a model, each as the bytes of its message; fields
// are numbered as in onnx.proto.
type exporter struct {
	net    *graph.Net
	o      ExportOptions
	params map[string]*grad.Var
	states []*exportState
	layer  string // the present one, for errors

	nodes, initializers, graphInputs, graphOutputs []writer
	constants                                      map[string]string // names of initializers by what they hold
	taken                                          map[string]bool   // names
	n                                              int               // number of nodes
	body                                           *[]writer         // nodes go here while a subgraph is made
}

// exportState is an entry of the state: the names of its first and last values.
type exportState struct {
	graph.StateEntry
	first, last string // first is "" for zeros
}

// writer is a message being written.
type writer []byte

func (b writer) num(field protowire.Number, v int64) writer {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

func (b writer) str(field protowire.Number, s string) writer {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func (b writer) msg(field protowire.Number, m []byte) writer {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), m)
}

func (b writer) float(field protowire.Number, v float64) writer {
	return protowire.AppendFixed32(protowire.AppendTag(b, field, protowire.Fixed32Type), math.Float32bits(float32(v)))
}

// An attr is an attribute: an int, float64, string, []int, []float64, []string or, as a
// writer, a graph.
type attr struct {
	name  string
	value any
}

func (a attr) message() (b writer) {
	b = b.str(1, a.name)
	switch v := a.value.(type) {
	case int:
		return b.num(3, int64(v)).num(20, attrInt)
	case float64:
		return b.float(2, v).num(20, attrFloat)
	case string:
		return b.str(4, v).num(20, attrString)
	case []int:
		for _, n := range v {
			b = b.num(8, int64(n))
		}
		return b.num(20, attrInts)
	case []float64:
		for _, x := range v {
			b = b.float(7, x)
		}
		return b.num(20, attrFloats)
	case []string:
		for _, s := range v {
			b = b.str(9, s)
		}
		return b.num(20, attrStrings)
	case writer:
		return b.msg(6, v).num(20, attrGraph)
	}
	panic(fmt.Sprintf("onnx: an attribute of %T", a.value))
}

// fresh is a name that nothing has.
func (e *exporter) fresh(op string) string {
	for {
		e.n++
		if name := op + "_" + strconv.Itoa(e.n); !e.taken[name] {
			e.taken[name] = true
			return name
		}
	}
}

// node adds a node with one output, whose name it returns.
func (e *exporter) node(op string, in []string, attrs ...attr) string {
	return e.nodeN(op, in, 1, attrs...)[0]
}

// two is node for an operation on two values.
func (e *exporter) two(op, a, b string) string { return e.node(op, []string{a, b}) }

// split cuts the last dimension of x into n equal parts.
func (e *exporter) split(x string, n int) []string {
	return e.nodeN("Split", []string{x}, n, attr{"axis", -1})
}

// blend is a + w∘(b-a).
func (e *exporter) blend(w, a, b string) string {
	return e.two("Add", a, e.two("Mul", w, e.two("Sub", b, a)))
}

// nodeN adds a node with n outputs.
func (e *exporter) nodeN(op string, in []string, n int, attrs ...attr) (out []string) {
	for range n {
		out = append(out, e.fresh(op))
	}
	e.add(op, in, out, attrs...)
	return out
}

func (e *exporter) add(op string, in, out []string, attrs ...attr) {
	var b writer
	for len(in) > 0 && in[len(in)-1] == "" {
		in = in[:len(in)-1]
	}
	for _, s := range in {
		b = b.str(1, s)
	}
	for _, s := range out {
		b = b.str(2, s)
	}
	e.n++
	b = b.str(3, e.layer+"/"+op+"_"+strconv.Itoa(e.n)).str(4, op)
	for _, a := range attrs {
		b = b.msg(5, a.message())
	}
	if e.body != nil {
		*e.body = append(*e.body, b)
		return
	}
	e.nodes = append(e.nodes, b)
}

// valueInfo describes a tensor; dims are sizes and names.
func valueInfo(name string, d DType, dims []any) writer {
	var shape writer
	for _, dim := range dims {
		switch dim := dim.(type) {
		case int:
			shape = shape.msg(1, writer(nil).num(1, int64(dim)))
		case string:
			shape = shape.msg(1, writer(nil).str(2, dim))
		}
	}
	t := writer(nil).num(1, int64(d))
	if dims != nil {
		t = t.msg(2, shape)
	}
	return writer(nil).str(1, name).msg(2, writer(nil).msg(1, t))
}

// input declares an input of the model.
func (e *exporter) input(name string, d DType, dims []any) {
	if e.taken[name] {
		panic(&ExportError{e.layer, fmt.Sprintf("two inputs or outputs are called %q", name)})
	}
	e.taken[name] = true
	e.graphInputs = append(e.graphInputs, valueInfo(name, d, dims))
}

// result declares an output of the model and gives it the value called from.
func (e *exporter) result(name, from string, dims []any) {
	if e.taken[name] {
		panic(&ExportError{e.layer, fmt.Sprintf("two inputs or outputs are called %q", name)})
	}
	e.taken[name] = true
	e.add("Identity", []string{from}, []string{name})
	e.graphOutputs = append(e.graphOutputs, valueInfo(name, Float32, dims))
}

// constant is an initializer, which is kept once.
func (e *exporter) constant(t *Tensor) string {
	b := AppendTensor(nil, t, "")
	if len(b) < 1<<10 {
		if name := e.constants[string(b)]; name != "" {
			return name
		}
	}
	name := e.fresh("const")
	if len(b) < 1<<10 {
		e.constants[string(b)] = name
	}
	e.initializers = append(e.initializers, writer(b).str(8, name))
	return name
}

func (e *exporter) ints(list ...int64) string { return e.constant(NewTensor(list, len(list))) }

// scalar is a constant without dimensions.
func (e *exporter) scalar(v float64) string { return e.constant(NewTensor([]float32{float32(v)})) }

func (e *exporter) scalarInt(v int64) string { return e.constant(NewTensor([]int64{v})) }

// weights is a parameter's values as float32.
func (e *exporter) weights(name string) []float32 {
	p := e.params[name]
	if p == nil {
		panic(&ExportError{e.layer, fmt.Sprintf("it has no parameter %s", name)})
	}
	w := make([]float32, len(p.Value.Data))
	for i, v := range p.Value.Data {
		w[i] = float32(v)
	}
	return w
}

// param is a parameter as it lies, with its own shape.
func (e *exporter) param(name string) string {
	w := e.weights(name)
	return e.constant(NewTensor(w, e.params[name].Shape().Dims()...))
}

// model is the bytes of the whole model.
func (e *exporter) model() []byte {
	var g writer
	for _, n := range e.nodes {
		g = g.msg(1, n)
	}
	g = g.str(2, "recur")
	for _, t := range e.initializers {
		g = g.msg(5, t)
	}
	for _, v := range e.graphInputs {
		g = g.msg(11, v)
	}
	for _, v := range e.graphOutputs {
		g = g.msg(12, v)
	}
	m := writer(nil).num(1, exportIR).str(2, "recur")
	return m.msg(7, g).msg(8, writer(nil).str(1, "").num(2, exportOpset))
}
