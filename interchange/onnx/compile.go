package onnx

import (
	"fmt"
	"slices"
)

// maxNodes is the most nodes of a model after its functions have been put in place
// of their calls, which a small file could make many.
const maxNodes = 1 << 18

// A plan is a graph in the order of its nodes. Values have slots instead of names.
type plan struct {
	inputs   []int
	outputs  []int
	captures []capture
	consts   []Value // constants by slot, nil for what changes
	constant []bool  // whether the value of a slot is the same in every run
	steps    []*step
	results  []*ValueInfo // outputs as the file declares them
}

// A capture is a value that a subgraph reads from the graph around it.
type capture struct{ outer, inner int }

// A step is a node.
type step struct {
	op           op
	name, opType string
	in, out      []int // slots, -1 for none
	free         []int // slots that nobody reads after this step
	subplans     []*plan
	pure         bool // the same inputs give the same outputs
}

// A scope is where names are looked up: a graph, or the body of a function.
type scope struct {
	plan   *plan
	slots  map[string]int // -1 for an input of a function that is absent
	outer  *scope         // scope around that of a subgraph
	opsets map[string]int64
	attrs  map[string]*attrProto // attributes of the call, in a function
	calls  []string              // functions that are being put in place
}

// A compiler makes plans.
type compiler struct {
	model       *modelProto
	files       *externals
	functions   map[[3]string]*functionProto
	unsupported []UnsupportedOp
	nodes       int
}

func compile(m *modelProto, files *externals) (p *plan, err error) {
	c := &compiler{model: m, files: files, functions: map[[3]string]*functionProto{}}
	for _, f := range m.functions {
		c.functions[[3]string{f.domain, f.name, f.overload}] = f
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *GraphError:
			err = r
		default:
			panic(r)
		}
	}()
	p = c.graph(m.graph, nil, m.opsets)
	if c.unsupported != nil {
		return nil, &UnsupportedError{c.unsupported}
	}
	return p, nil
}

func (p *plan) slot() int {
	p.consts = append(p.consts, nil)
	p.constant = append(p.constant, false)
	return len(p.consts) - 1
}

// graph compiles a graph; outer is nil for that of the model.
func (c *compiler) graph(g *graphProto, outer *scope, opsets map[string]int64) *plan {
	p := &plan{results: g.outputs}
	s := &scope{plan: p, slots: map[string]int{}, outer: outer, opsets: opsets}
	if outer != nil {
		s.opsets, s.attrs, s.calls = outer.opsets, outer.attrs, outer.calls
	}
	for _, t := range g.initializers {
		if _, twice := s.slots[t.name]; twice || t.name == "" {
			panic(&GraphError{Reason: fmt.Sprintf("two initializers have the name %q, or it is empty", t.name)})
		}
		c.files.load(t)
		i := s.define("", "", t.name)
		p.consts[i], p.constant[i] = t.Tensor, true
	}
	for _, v := range g.inputs {
		if i, ok := s.slots[v.Name]; ok && p.constant[i] && outer == nil {
			continue // a default, which is the value here
		}
		p.inputs = append(p.inputs, s.define("", "", v.Name))
	}
	for _, n := range g.nodes {
		c.node(n, s)
	}
	for _, v := range g.outputs {
		i, ok := s.find(v.Name)
		if !ok {
			panic(&GraphError{Reason: fmt.Sprintf("graph %q: nothing writes the output %q", g.name, v.Name)})
		}
		p.outputs = append(p.outputs, i)
	}
	p.lifetimes()
	return p
}

// define gives a name a slot.
func (s *scope) define(node, op, name string) int {
	if _, twice := s.slots[name]; twice {
		panic(&GraphError{node, op, fmt.Sprintf("%q is written twice", name)})
	}
	i := s.plan.slot()
	s.slots[name] = i
	return i
}

// find is the slot of a name, which is captured if the graph around has it.
func (s *scope) find(name string) (int, bool) {
	if i, ok := s.slots[name]; ok {
		return i, true
	}
	if s.outer == nil {
		return 0, false
	}
	o, ok := s.outer.find(name)
	if !ok {
		return 0, false
	}
	if o < 0 {
		return o, true
	}
	i := s.define("", "", name)
	s.plan.captures = append(s.plan.captures, capture{o, i})
	s.plan.constant[i] = s.outer.plan.constant[o]
	return i, true
}

func (c *compiler) node(n *nodeProto, s *scope) {
	if c.nodes++; c.nodes > maxNodes {
		panic(&GraphError{n.name, n.op, fmt.Sprintf("the model has more than %d nodes", maxNodes)})
	}
	in := make([]int, len(n.inputs))
	for i, name := range n.inputs {
		in[i] = -1
		if name == "" {
			continue
		}
		slot, ok := s.find(name)
		if !ok {
			panic(&GraphError{n.name, n.op, fmt.Sprintf("nothing before this node writes input %q", name)})
		}
		in[i] = slot
	}
	attrs := map[string]*attrProto{}
	for _, a := range n.attrs {
		if a.ref != "" {
			given := s.attrs[a.ref]
			if given == nil {
				continue // the call does not give it, so the default holds
			}
			copied := *given
			copied.name = a.name
			a = &copied
		}
		if attrs[a.name] != nil {
			panic(&GraphError{n.name, n.op, fmt.Sprintf("attribute %q is given twice", a.name)})
		}
		attrs[a.name] = a
	}
	if f := c.functions[[3]string{n.domain, n.op, n.overload}]; f != nil {
		c.call(n, f, in, attrs, s)
		return
	}
	st := &step{name: n.name, opType: n.op, in: in, pure: pure(n)}
	c.build(n, attrs, s, st)
	st.out = make([]int, len(n.outputs))
	fixed := st.pure && len(n.outputs) > 0
	for _, i := range in {
		fixed = fixed && (i < 0 || s.plan.constant[i])
	}
	for _, sub := range st.subplans {
		for _, k := range sub.captures {
			fixed = fixed && s.plan.constant[k.outer]
		}
	}
	for i, name := range n.outputs {
		st.out[i] = -1
		if name != "" {
			st.out[i] = s.define(n.name, n.op, name)
			s.plan.constant[st.out[i]] = fixed
		}
	}
	s.plan.steps = append(s.plan.steps, st)
}

// build makes the op of a node, or notes why there is none.
func (c *compiler) build(n *nodeProto, attrs map[string]*attrProto, s *scope, st *step) {
	opset, imported := s.opsets[n.domain]
	refused := func(format string, args ...any) {
		o := UnsupportedOp{n.op, n.domain, int(opset), n.name, fmt.Sprintf(format, args...)}
		for _, u := range c.unsupported {
			if u.Op == o.Op && u.Domain == o.Domain && u.Reason == o.Reason {
				return
			}
		}
		c.unsupported = append(c.unsupported, o)
	}
	if !imported {
		panic(&GraphError{n.name, n.op, fmt.Sprintf("the model imports no opset of its domain %q", n.domain)})
	}
	v := find(n.domain, n.op, int(opset))
	switch {
	case v == nil && registry[n.domain][n.op] != nil:
		refused("it is supported from opset %d on", registry[n.domain][n.op][0].since)
		return
	case v == nil:
		refused("no such operator here")
		return
	case len(n.inputs) < v.min || len(n.inputs) > v.max:
		panic(&GraphError{n.name, n.op, fmt.Sprintf("has %d inputs, want %d to %d", len(n.inputs), v.min, v.max)})
	case len(n.outputs) > v.out:
		panic(&GraphError{n.name, n.op, fmt.Sprintf("has %d outputs, want at most %d", len(n.outputs), v.out)})
	}
	d := &nodeDef{nodeProto: n, opset: int(opset), attrs: attrs, read: map[string]bool{}, compiler: c, scope: s, slots: st.in}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case refusal:
			refused("%s", string(r))
		case opError:
			panic(&GraphError{n.name, n.op, string(r)})
		default:
			panic(r)
		}
	}()
	st.op = v.build(d)
	st.subplans = d.subplans
	for name := range attrs {
		if !d.read[name] {
			d.refuse("attribute %q", name)
		}
	}
}

// call puts the body of a function in the place of its call.
func (c *compiler) call(n *nodeProto, f *functionProto, in []int, attrs map[string]*attrProto, outer *scope) {
	key := f.domain + ":" + f.name + ":" + f.overload
	if slices.Contains(outer.calls, key) {
		panic(&GraphError{n.name, n.op, "a function calls itself"})
	}
	if len(in) > len(f.inputs) || len(n.outputs) > len(f.outputs) {
		panic(&GraphError{n.name, n.op, fmt.Sprintf("calls a function of %d inputs and %d outputs with %d and %d", len(f.inputs), len(f.outputs), len(in), len(n.outputs))})
	}
	s := &scope{plan: outer.plan, slots: map[string]int{}, opsets: f.opsets, attrs: attrs, calls: append(slices.Clip(outer.calls), key)}
	if len(f.opsets) == 0 {
		s.opsets = c.model.opsets
	}
	for _, a := range f.defaults {
		if attrs[a.name] == nil {
			attrs[a.name] = a
		}
	}
	for i, name := range f.inputs {
		s.slots[name] = -1
		if i < len(in) {
			s.slots[name] = in[i]
		}
	}
	for _, b := range f.nodes {
		c.node(b, s)
	}
	for i, name := range n.outputs {
		if name == "" {
			continue
		}
		slot, ok := s.find(f.outputs[i])
		if !ok {
			panic(&GraphError{n.name, n.op, fmt.Sprintf("the function does not write its output %q", f.outputs[i])})
		}
		if _, twice := outer.slots[name]; twice {
			panic(&GraphError{n.name, n.op, fmt.Sprintf("%q is written twice", name)})
		}
		outer.slots[name] = slot
	}
}

// lifetimes gives each step the slots that it is the last to read.
func (p *plan) lifetimes() {
	last := make([]int, len(p.consts))
	for i := range last {
		last[i] = -1
	}
	for k, st := range p.steps {
		for _, i := range slices.Concat(st.in, st.out) {
			if i >= 0 {
				last[i] = k
			}
		}
		for _, sub := range st.subplans {
			for _, c := range sub.captures {
				last[c.outer] = k
			}
		}
	}
	for _, i := range p.outputs {
		if i >= 0 {
			last[i] = -1
		}
	}
	for i, k := range last {
		if k >= 0 && !p.constant[i] {
			p.steps[k].free = append(p.steps[k].free, i)
		}
	}
}

// pure reports whether a node gives the same for the same inputs.
func pure(n *nodeProto) bool {
	switch n.op {
	case "If", "Loop", "Scan", "SequenceMap": // what they run is decided by the run
		return false
	}
	return true
}
