package onnx

import "context"

// An op is an operator with its attributes, made once for each node.
type op interface {
	run(c *call)
}

// A preparer is an op that does part of its work once for inputs that never
// change, such as packing weights.
type preparer interface {
	op
	// prepare takes the inputs, nil where one changes or is absent, and returns
	// the positions of those that run will not read.
	prepare(in []Value) (done []int)
}

// An opFunc is an op without state.
type opFunc func(c *call)

func (f opFunc) run(c *call) { f(c) }

// A call is one run of a node.
type call struct {
	ctx   context.Context
	in    []Value // nil for absent ones
	out   []Value // nil until set; those that nobody asks for need not be set
	node  *step
	frame *frame // values of the graph, which subgraphs capture
}

// tensor is input i, which must be there.
func (c *call) tensor(i int) *Tensor {
	t := c.opt(i)
	if t == nil {
		fail("input %d is missing", i)
	}
	return t
}

// opt is input i, nil if it is absent.
func (c *call) opt(i int) *Tensor {
	if i >= len(c.in) || c.in[i] == nil {
		return nil
	}
	switch v := c.in[i].(type) {
	case *Tensor:
		return v
	case *Optional:
		if t, ok := v.Value.(*Tensor); ok {
			return t
		}
	}
	fail("input %d is a %s, want a tensor", i, c.in[i].kind())
	return nil
}

// wants reports whether anybody reads output i.
func (c *call) wants(i int) bool { return i < len(c.node.out) && c.node.out[i] >= 0 }

// set makes v output i.
func (c *call) set(i int, v Value) {
	if i < len(c.out) {
		c.out[i] = v
	}
}

// A builder reads the attributes of a node and makes its op. It panics with an
// opError if they make no sense, and by n.refuse if recur does not have them.
type builder func(n *nodeDef) op

// plain is the builder of an op without attributes.
func plain(f func(c *call)) builder { return func(*nodeDef) op { return opFunc(f) } }

// A version is an operator from an opset on.
type version struct {
	name     string
	since    int
	min, max int // count of inputs
	out      int // most outputs
	build    builder
}

// many is a count of inputs or outputs that has no limit.
const many = 1 << 20

// newest is the last opset of ONNX's own domain that recur knows.
const newest = 28

var registry = map[string]map[string][]version{} // by domain and name, oldest first

// register adds operators of a domain; those of one name come oldest first.
func register(domain string, list ...version) {
	if registry[domain] == nil {
		registry[domain] = map[string][]version{}
	}
	for _, v := range list {
		registry[domain][v.name] = append(registry[domain][v.name], v)
	}
}

// find is the version of an operator that a model means; nil if recur has none.
func find(domain, name string, opset int) (found *version) {
	versions := registry[domain][name]
	for i := range versions {
		if versions[i].since <= opset {
			found = &versions[i]
		}
	}
	return found
}
