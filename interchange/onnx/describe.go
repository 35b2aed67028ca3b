package onnx

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/recur-go/recur/internal/format"
)

// An Info describes a model.
type Info struct {
	Path     string            `json:"path,omitempty"`
	Format   string            `json:"format"` // "onnx"
	Bytes    int64             `json:"bytes"`  // size of the file, without those beside it
	IR       int64             `json:"ir_version"`
	Producer string            `json:"producer,omitempty"`
	Opsets   map[string]int64  `json:"opsets"` // version of each domain
	Metadata map[string]string `json:"metadata,omitempty"`
	Inputs   []*ValueInfo      `json:"inputs"`
	Outputs  []*ValueInfo      `json:"outputs"`
	Layers   []Layer           `json:"layers"`        // nodes that have weights or a state, those of subgraphs too
	Nodes    map[string]int    `json:"operators"`     // number of nodes of each operator
	Values   int               `json:"values"`        // number of values of all initializers
	Params   []Param           `json:"params"`        // the initializers of the graph
	State    int               `json:"state_bytes"`   // bytes of one session: the states of all recurrent layers for one row
	MACs     int               `json:"macs_per_step"` // multiply-adds of a step of one row, in products with weights
}

// A Layer is a node that has weights or a state.
type Layer struct {
	Name    string   `json:"name"`
	Op      string   `json:"op"`
	Detail  string   `json:"detail,omitempty"` // its attributes
	Weights []string `json:"weights"`          // names of its initializers
	Values  int      `json:"values"`           // number of their values
	State   int      `json:"state_bytes"`
	MACs    int      `json:"macs_per_step"` // multiply-adds, as in Info; those of a convolution at one place
}

// A Param is an initializer.
type Param struct {
	Name   string `json:"name"`
	DType  DType  `json:"dtype"`
	Shape  []int  `json:"shape"`
	Values int    `json:"values"`
}

// Describe describes the model.
func (m *Model) Describe() *Info {
	info := *m.info
	info.Path = m.path
	return &info
}

func describe(m *Model) *Info {
	p := m.proto
	info := &Info{
		Format: "onnx", Bytes: m.size, IR: p.irVersion, Producer: strings.TrimSpace(p.producer + " " + p.producerVersion),
		Opsets: map[string]int64{}, Metadata: p.metadata, Inputs: m.Inputs, Outputs: m.Outputs, Nodes: map[string]int{},
	}
	for domain, v := range p.opsets {
		info.Opsets[choose(domain == "", "ai.onnx", domain)] = v
	}
	info.graph(p.graph, map[string]*Tensor{})
	return info
}

// graph adds the nodes of a graph; known are the initializers of those around it.
func (info *Info) graph(g *graphProto, known map[string]*Tensor) {
	known = maps.Clone(known)
	for _, t := range g.initializers {
		known[t.name] = t.Tensor
		info.Values += t.Len()
		info.Params = append(info.Params, Param{t.name, t.DType, slices.Concat([]int{}, t.Shape), t.Len()})
	}
	for _, n := range g.nodes {
		info.Nodes[n.op]++
		l := Layer{Name: n.name, Op: n.op}
		shapes := make([]*Tensor, max(len(n.inputs), 8))
		for i, name := range n.inputs {
			if t := known[name]; t != nil && name != "" {
				shapes[i] = t
				l.Weights = append(l.Weights, name)
				l.Values += t.Len()
			}
		}
		l.cost(n, shapes)
		if l.State > 0 || l.MACs > 0 || l.Values > 1 && len(l.Weights) > 0 && !bookkeeping[n.op] {
			l.Detail = details(n)
			info.Layers = append(info.Layers, l)
			info.State, info.MACs = info.State+l.State, info.MACs+l.MACs
		}
		for _, a := range n.attrs {
			if a.g != nil {
				info.graph(a.g, known)
			}
		}
	}
}

// bookkeeping are operators whose constants are shapes and indices, not weights.
var bookkeeping = map[string]bool{
	"Reshape": true, "Slice": true, "Squeeze": true, "Unsqueeze": true, "Expand": true, "Concat": true,
	"Split": true, "Pad": true, "Tile": true, "ReduceSum": true, "ReduceMean": true, "Transpose": true,
}

// cost works out the state and the multiply-adds of a node from the shapes of its
// weights.
func (l *Layer) cost(n *nodeProto, in []*Tensor) {
	gates := map[string]int{"RNN": 1, "GRU": 3, "LSTM": 4, "DynamicQuantizeLSTM": 4}[n.op]
	switch {
	case gates > 0:
		r, directions := in[inR], 1
		for _, a := range n.attrs {
			if a.name == "direction" && a.s == "bidirectional" {
				directions = 2
			}
		}
		if r == nil || in[inW] == nil || len(r.Shape) != 3 {
			return
		}
		hidden := min(r.Shape[1], r.Shape[2])
		l.State = directions * hidden * 4
		if gates == 4 {
			l.State *= 2
		}
		l.MACs = in[inW].Len() + r.Len()
	case n.op == "MatMul" || n.op == "Gemm" || n.op == "Conv" || n.op == "MatMulInteger":
		if in[1] != nil {
			l.MACs = in[1].Len()
		}
	}
}

// details lists the attributes of a node that are numbers and words.
func details(n *nodeProto) string {
	var list []string
	for _, a := range n.attrs {
		switch a.typ {
		case attrFloat:
			list = append(list, fmt.Sprintf("%s=%v", a.name, a.f))
		case attrInt:
			list = append(list, fmt.Sprintf("%s=%d", a.name, a.i))
		case attrString:
			list = append(list, a.name+"="+a.s)
		case attrInts:
			list = append(list, fmt.Sprintf("%s=%v", a.name, a.ints))
		case attrFloats:
			list = append(list, fmt.Sprintf("%s=%v", a.name, a.floats))
		case attrStrings:
			list = append(list, fmt.Sprintf("%s=%v", a.name, a.strings))
		}
	}
	return strings.Join(list, " ")
}

// String is Info as text for a terminal.
func (info *Info) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(name, text string, args ...any) {
		fmt.Fprintf(w, "%s\t%s\n", name, format.Printable(fmt.Sprintf(text, args...)))
	}
	line("file", "%s", info.Path)
	line("format", "onnx, IR version %d", info.IR)
	for _, domain := range slices.Sorted(maps.Keys(info.Opsets)) {
		line("opset", "%s %d", domain, info.Opsets[domain])
	}
	if info.Producer != "" {
		line("producer", "%s", info.Producer)
	}
	line("size", "%d bytes", info.Bytes)
	for _, key := range slices.Sorted(maps.Keys(info.Metadata)) {
		line("metadata", "%s: %q", key, info.Metadata[key])
	}
	for _, v := range info.Inputs {
		line("input", "%v", v)
	}
	for _, v := range info.Outputs {
		line("output", "%v", v)
	}
	var ops []string
	for _, op := range slices.Sorted(maps.Keys(info.Nodes)) {
		ops = append(ops, fmt.Sprintf("%d %s", info.Nodes[op], op))
	}
	line("nodes", "%s", strings.Join(ops, ", "))
	line("parameters", "%d values in %d tensors", info.Values, len(info.Params))
	line("state", "%d bytes per session", info.State)
	line("cost", "%d multiply-adds per step", info.MACs)
	w.Flush()
	b.WriteByte('\n')
	fmt.Fprintln(w, "layer\tnode\tvalues\tstate\tmultiply-adds\t")
	for _, l := range info.Layers {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\n", l.Op, format.Printable(l.Name), l.Values, l.State, l.MACs, format.Printable(l.Detail))
	}
	w.Flush()
	b.WriteByte('\n')
	for _, p := range info.Params {
		fmt.Fprintf(w, "%s\t%v\t%v\t%d\n", format.Printable(p.Name), p.DType, p.Shape, p.Values)
	}
	w.Flush()
	return b.String()
}
