package onnx

import "fmt"

// A nodeDef is what a builder sees of a node. It marks the attributes that are
// read, and those left over are refused: an attribute that recur does not know
// might mean anything.
type nodeDef struct {
	*nodeProto
	opset    int
	attrs    map[string]*attrProto
	read     map[string]bool
	compiler *compiler
	scope    *scope
	slots    []int // slots of its inputs
	subplans []*plan
}

// given reports whether input i is there.
func (n *nodeDef) given(i int) bool { return i < len(n.slots) && n.slots[i] >= 0 }

// constant is input i if the file holds it, else nil.
func (n *nodeDef) constant(i int) *Tensor {
	if !n.given(i) {
		return nil
	}
	t, _ := n.scope.plan.consts[n.slots[i]].(*Tensor)
	return t
}

func (n *nodeDef) attr(name string, typ int64) *attrProto {
	a := n.attrs[name]
	if a == nil {
		return nil
	}
	n.read[name] = true
	if a.typ != typ {
		fail("attribute %s has type %d, want %d", name, a.typ, typ)
	}
	if typ == attrTensor && a.t == nil || typ == attrGraph && a.g == nil {
		fail("attribute %s has no value", name)
	}
	return a
}

func (n *nodeDef) has(name string) bool { return n.attrs[name] != nil }

func (n *nodeDef) int(name string, def int) int {
	if a := n.attr(name, attrInt); a != nil {
		return int(a.i)
	}
	return def
}

func (n *nodeDef) bool(name string, def bool) bool {
	return n.int(name, choose(def, 1, 0)) != 0
}

func (n *nodeDef) float(name string, def float64) float64 {
	if a := n.attr(name, attrFloat); a != nil {
		return float64(a.f)
	}
	return def
}

func (n *nodeDef) text(name, def string) string {
	if a := n.attr(name, attrString); a != nil {
		return a.s
	}
	return def
}

// oneOf is a string that must be one of the given.
func (n *nodeDef) oneOf(name, def string, values ...string) string {
	s := n.text(name, def)
	for _, v := range append(values, def) {
		if s == v {
			return s
		}
	}
	fail("attribute %s is %q, want one of %q", name, s, append(values, def))
	return ""
}

// ints is nil if the attribute is absent.
func (n *nodeDef) ints(name string) []int {
	a := n.attr(name, attrInts)
	if a == nil {
		return nil
	}
	v := make([]int, len(a.ints))
	for i, x := range a.ints {
		v[i] = int(x)
	}
	return v
}

func (n *nodeDef) floats(name string) []float64 {
	a := n.attr(name, attrFloats)
	if a == nil {
		return nil
	}
	v := make([]float64, len(a.floats))
	for i, x := range a.floats {
		v[i] = float64(x)
	}
	return v
}

func (n *nodeDef) strings(name string) []string {
	if a := n.attr(name, attrStrings); a != nil {
		return a.strings
	}
	return nil
}

// tensor is nil if the attribute is absent.
func (n *nodeDef) tensor(name string) *Tensor {
	a := n.attr(name, attrTensor)
	if a == nil {
		return nil
	}
	n.compiler.files.load(a.t)
	return a.t.Tensor
}

// dtype is a type given by its number.
func (n *nodeDef) dtype(name string, def DType) DType {
	d := DType(n.int(name, int(def)))
	if dtypes[d].name == "" {
		n.refuse("type %v", d)
	}
	return d
}

// graph compiles a subgraph, whose inputs the caller gives.
func (n *nodeDef) graph(name string) *plan {
	a := n.attr(name, attrGraph)
	if a == nil {
		fail("attribute %s, a graph, is missing", name)
	}
	p := n.compiler.graph(a.g, n.scope, nil)
	n.subplans = append(n.subplans, p)
	return p
}

// must is an attribute that has no default.
func (n *nodeDef) must(name string) {
	if !n.has(name) {
		fail("attribute %s is missing", name)
	}
}

// ignore passes attributes over that do not change what is computed here.
func (n *nodeDef) ignore(names ...string) {
	for _, name := range names {
		n.read[name] = true
	}
}

// A refusal is what a builder panics with when recur does not have what is asked.
type refusal string

// refuse ends with an error that recur does not have this.
func (n *nodeDef) refuse(format string, args ...any) { panic(refusal(fmt.Sprintf(format, args...))) }

// choose is a if yes, else b.
func choose[T any](yes bool, a, b T) T {
	if yes {
		return a
	}
	return b
}
