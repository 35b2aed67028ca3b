package onnx

import "github.com/recur-go/recur/internal/format"

// The messages of onnx.proto, as far as recur reads them. Numbers in the switches
// are those of the fields there. What is not listed is passed over, but for what
// would change the meaning of a model.

type modelProto struct {
	irVersion                 int64
	producer, producerVersion string
	domain                    string
	opsets                    map[string]int64 // versions by domain, "" for ONNX's own
	graph                     *graphProto
	functions                 []*functionProto
	metadata                  map[string]string
}

type graphProto struct {
	name            string
	nodes           []*nodeProto
	initializers    []*tensorProto
	inputs, outputs []*ValueInfo
}

type nodeProto struct {
	name, op, domain string
	overload         string
	inputs, outputs  []string // "" for none
	attrs            []*attrProto
	at               int64
}

type functionProto struct {
	name, domain, overload string
	inputs, outputs        []string
	attrs                  []string     // attributes without a default
	defaults               []*attrProto // attributes with a default
	nodes                  []*nodeProto
	opsets                 map[string]int64
}

// The types of attributes, numbered as in ONNX.
const (
	attrFloat = iota + 1
	attrInt
	attrString
	attrTensor
	attrGraph
	attrFloats
	attrInts
	attrStrings
	attrTensors
	attrGraphs
	attrSparse
	attrSparses
	attrType
	attrTypes
)

type attrProto struct {
	name, ref string // ref names the attribute of the function that stands for it
	typ       int64
	f         float32
	i         int64
	s         string
	t         *tensorProto
	g         *graphProto
	floats    []float32
	ints      []int64
	strings   []string
}

func parseModel(m message) *modelProto {
	p := &modelProto{opsets: map[string]int64{}, metadata: map[string]string{}}
	for f, ok := m.next(); ok; f, ok = m.next() {
		switch f.num {
		case 1:
			p.irVersion = f.int()
		case 2:
			p.producer = f.text()
		case 3:
			p.producerVersion = f.text()
		case 4:
			p.domain = f.text()
		case 7:
			p.graph = parseGraph(f.message())
		case 8:
			parseOpset(&f, p.opsets)
		case 14:
			k, v := parseEntry(f.message())
			p.metadata[k] = v
		case 25:
			p.functions = append(p.functions, parseFunction(f.message()))
		}
	}
	return p
}

func parseOpset(f *field, opsets map[string]int64) {
	m, domain, version := f.message(), "", int64(0)
	for f, ok := m.next(); ok; f, ok = m.next() {
		switch f.num {
		case 1:
			domain = f.text()
		case 2:
			version = f.int()
		}
	}
	domain = canonical(domain)
	if _, twice := opsets[domain]; twice {
		corrupt(f.at, "the opset of domain %q is imported twice", domain)
	}
	opsets[domain] = version
}

// canonical is "" for both names of ONNX's own domain.
func canonical(domain string) string {
	if domain == "ai.onnx" {
		return ""
	}
	return domain
}

func parseEntry(m message) (key, value string) {
	for f, ok := m.next(); ok; f, ok = m.next() {
		switch f.num {
		case 1:
			key = f.text()
		case 2:
			value = f.text()
		}
	}
	return key, value
}

func parseGraph(m message) *graphProto {
	g := &graphProto{}
	for f, ok := m.next(); ok; f, ok = m.next() {
		switch f.num {
		case 1:
			g.nodes = append(g.nodes, parseNode(&f))
		case 2:
			g.name = f.text()
		case 5:
			g.initializers = append(g.initializers, parseTensor(f.message()))
		case 11:
			g.inputs = append(g.inputs, parseValueInfo(f.message()))
		case 12:
			g.outputs = append(g.outputs, parseValueInfo(f.message()))
		case 15:
			format.Throw(badAt(f.at, "sparse initializers are not supported").WithHint("make them dense before exporting"))
		}
	}
	return g
}

func parseNode(f *field) *nodeProto {
	m, n := f.message(), &nodeProto{at: f.at}
	for f, ok := m.next(); ok; f, ok = m.next() {
		switch f.num {
		case 1:
			n.inputs = append(n.inputs, f.text())
		case 2:
			n.outputs = append(n.outputs, f.text())
		case 3:
			n.name = f.text()
		case 4:
			n.op = f.text()
		case 5:
			n.attrs = append(n.attrs, parseAttr(f.message()))
		case 7:
			n.domain = canonical(f.text())
		case 8:
			n.overload = f.text()
		}
	}
	return n
}

func parseFunction(m message) *functionProto {
	p := &functionProto{opsets: map[string]int64{}}
	for f, ok := m.next(); ok; f, ok = m.next() {
		switch f.num {
		case 1:
			p.name = f.text()
		case 4:
			p.inputs = append(p.inputs, f.text())
		case 5:
			p.outputs = append(p.outputs, f.text())
		case 6:
			p.attrs = append(p.attrs, f.text())
		case 7:
			p.nodes = append(p.nodes, parseNode(&f))
		case 9:
			parseOpset(&f, p.opsets)
		case 10:
			p.domain = canonical(f.text())
		case 11:
			p.defaults = append(p.defaults, parseAttr(f.message()))
		case 13:
			p.overload = f.text()
		}
	}
	return p
}

func parseAttr(m message) *attrProto {
	a := &attrProto{}
	seen := int64(0)
	for f, ok := m.next(); ok; f, ok = m.next() {
		switch f.num {
		case 1:
			a.name = f.text()
		case 21:
			a.ref = f.text()
		case 20:
			a.typ = f.int()
		case 2:
			a.f, seen = f.float(), attrFloat
		case 3:
			a.i, seen = f.int(), attrInt
		case 4:
			a.s, seen = f.text(), attrString
		case 5:
			a.t, seen = parseTensor(f.message()), attrTensor
		case 6:
			a.g, seen = parseGraph(f.message()), attrGraph
		case 7:
			f.fixed(4, func(v uint64) { a.floats = append(a.floats, float32Bits(v)) })
			seen = attrFloats
		case 8:
			f.varints(func(v uint64) { a.ints = append(a.ints, int64(v)) })
			seen = attrInts
		case 9:
			a.strings, seen = append(a.strings, f.text()), attrStrings
		case 10:
			seen = attrTensors
		case 11:
			seen = attrGraphs
		case 14:
			seen = attrType
		case 15:
			seen = attrTypes
		case 22:
			seen = attrSparse
		case 23:
			seen = attrSparses
		}
	}
	if a.typ == 0 { // files before IR version 4 need not have it
		a.typ = seen
	}
	return a
}
