package graph

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A Net is a network that a Config describes.
type Net struct {
	Config *Config `recur:"-"`
	Layers

	plan *plan
}

// Layers are the layers of a Net in order, in a field that adds nothing to names.
type Layers []NamedLayer

// NamedLayer is a layer of a Net. Its parameters have its name before their own.
type NamedLayer struct {
	Name string
	Node
}

// ParamName implements nn.Namer.
func (p NamedLayer) ParamName() string { return p.Name }

// limit is the largest size of anything, so that sums of products cannot overflow.
const limit = 1 << 22

// maxLayers is the largest number of layers.
const maxLayers = 10000

// A place is what a layer gives: the i-th output of a layer, or of an input where
// layer is negative.
type place struct{ layer, i int }

// plan is a Config after it has been checked.
type plan struct {
	layers []Plan
	specs  [][]Spec  // inputs of each layer
	from   [][]place // origins of these inputs
	out    []place
	params int
}

func (c *Config) plan() (*plan, error) {
	p := &plan{}
	known := map[string][]place{}
	specs := map[place]Spec{}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("graph: "+format, args...)) }
	for i, in := range c.Inputs {
		if in.Width < 1 || in.Width > limit {
			bad("input %q is %d wide, want 1 to %d", in.Name, in.Width, limit)
		}
		if known[in.Name] != nil || in.Name == "" {
			bad("the name %q of an input is empty or taken", in.Name)
		}
		at := place{-1 - i, 0}
		known[in.Name], specs[at] = []place{at}, Spec{in.Width, in.Sequence}
	}
	if len(c.Inputs) == 0 || len(c.Layers) == 0 || len(c.Layers) > maxLayers {
		bad("%d inputs and %d layers, where there must be one to %d", len(c.Inputs), len(c.Layers), maxLayers)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	last := []place{{-1, 0}}
	for i, l := range c.Layers {
		from := last[:1]
		if len(l.From) > 0 {
			var err error
			if from, err = find(known, l.From); err != nil {
				return nil, fmt.Errorf("graph: layer %q: %w", l.Name, err)
			}
		}
		var in []Spec
		for _, at := range from {
			in = append(in, specs[at])
		}
		switch {
		case l.Name == "" || known[l.Name] != nil:
			return nil, fmt.Errorf("graph: the name %q of layer %d is empty or taken", l.Name, i)
		case l.Op == nil:
			return nil, fmt.Errorf("graph: layer %q does nothing", l.Name)
		}
		made, err := l.Op.Plan(in)
		if err != nil {
			return nil, fmt.Errorf("graph: layer %q: %w", l.Name, err)
		}
		last = nil
		for k, f := range made.Out {
			if f.Width < 1 || f.Width > limit {
				return nil, fmt.Errorf("graph: layer %q gives %d values, want 1 to %d", l.Name, f.Width, limit)
			}
			at := place{i, k}
			specs[at], last = f, append(last, at)
		}
		known[l.Name] = last
		p.layers, p.specs, p.from = append(p.layers, made), append(p.specs, in), append(p.from, from)
		if p.params += made.Params; made.Params < 0 || p.params < 0 {
			return nil, fmt.Errorf("graph: layer %q: too many parameters", l.Name)
		}
	}
	if p.out = last[:1]; len(c.Outputs) > 0 {
		var err error
		if p.out, err = find(known, c.Outputs); err != nil {
			return nil, fmt.Errorf("graph: output: %w", err)
		}
	}
	return p, nil
}

// find looks up names of inputs or layers, or "name:i".
func find(known map[string][]place, names []string) (found []place, err error) {
	for _, name := range names {
		at, i := known[name], 0
		if k := strings.LastIndexByte(name, ':'); at == nil && k > 0 {
			at = known[name[:k]]
			if i, err = strconv.Atoi(name[k+1:]); err != nil {
				i = -1
			}
		}
		if i < 0 || i >= len(at) {
			return nil, fmt.Errorf("nothing before it is called %q", name)
		}
		found = append(found, at[i])
	}
	return found, nil
}

// CountParams implements model.Counter.
func (c *Config) CountParams() int {
	p, err := c.plan()
	if err != nil {
		return 0
	}
	return p.params
}

// New makes the network, a *Net, as model.Config asks.
func (c *Config) New(r *rand.Rand) (any, error) { return New(c, r) }

// New makes the network that c describes, with parameters drawn from r, or zeros if r
// is nil.
func New(c *Config, r *rand.Rand) (*Net, error) {
	p, err := c.plan()
	if err != nil {
		return nil, err
	}
	n := &Net{Config: c, plan: p}
	for i, l := range c.Layers {
		n.Layers = append(n.Layers, NamedLayer{l.Name, l.Op.New(r, p.specs[i])})
	}
	seen := map[string]bool{}
	for _, p := range nn.Params(n) {
		if seen[p.Name] {
			return nil, fmt.Errorf("graph: two parameters are called %q", p.Name)
		}
		seen[p.Name] = true
	}
	return n, nil
}

// StateSize lists the entries of the states of all layers in order.
func (n *Net) StateSize() (sizes []int) {
	for _, p := range n.plan.layers {
		sizes = append(sizes, p.State...)
	}
	return sizes
}

// Run runs the network on its inputs, in their order, and returns its outputs. s is
// the first state of all layers, nil for their own; last is their final one. It panics
// with *tensor.ShapeError on inputs that do not fit.
func (n *Net) Run(g *grad.Tape, in []Value, s rnn.State) (out []Value, last rnn.State) {
	n.check(in, s)
	return n.run(g, new(lists), in, s)
}

// lists are those of one run.
type lists struct {
	values []Value   // inputs of the layers, and room for what they give
	made   [][]Value // outputs of each layer
	out    []Value
}

// run is Run with lists to use. What it returns lies there.
func (n *Net) run(g *grad.Tape, w *lists, in []Value, s rnn.State) (out []Value, last rnn.State) {
	room, entries := 0, 0
	for i, p := range n.plan.layers {
		room += max(len(n.plan.from[i]), len(p.Out))
		entries += len(p.State)
	}
	if cap(w.values) < room {
		w.values, w.made = make([]Value, room), make([][]Value, len(n.Layers))
	}
	values, made := w.values[:room], w.made[:len(n.Layers)]
	at := func(p place) Value {
		if p.layer < 0 {
			return in[-1-p.layer]
		}
		return made[p.layer][p.i]
	}
	if s == nil {
		s = g.NewList(entries)
	}
	last = rnn.State(g.NewList(entries))[:0]
	for i, l := range n.Layers {
		p := &n.plan.layers[i]
		room := max(len(n.plan.from[i]), len(p.Out))
		args := values[:0:room]
		values = values[room:]
		for _, p := range n.plan.from[i] {
			args = append(args, at(p))
		}
		own := len(p.State)
		var next rnn.State
		made[i], next = l.Run(g, args, s[:own:own])
		s, last = s[own:], append(last, next...)
	}
	w.out = w.out[:0]
	for _, p := range n.plan.out {
		w.out = append(w.out, at(p))
	}
	return w.out, last
}

func (n *Net) check(in []Value, s rnn.State) {
	fail := func(format string, args ...any) {
		panic(&tensor.ShapeError{Op: "graph.Run", Detail: fmt.Sprintf(format, args...)})
	}
	if len(in) != len(n.Config.Inputs) {
		fail("%d inputs where the network has %d", len(in), len(n.Config.Inputs))
	}
	batch, steps := -1, -1
	for i, want := range n.Config.Inputs {
		v, rank := in[i], 2
		if want.Sequence {
			rank = 3
		}
		shape := v.X.Shape()
		if shape.Rank() != rank || shape.Last() != want.Width {
			fail("input %q is %v, want %d dimensions and a width of %d", want.Name, shape, rank, want.Width)
		}
		if b := shape.Dim(rank - 2); batch >= 0 && b != batch {
			fail("input %q has %d rows, others have %d", want.Name, b, batch)
		} else {
			batch = b
		}
		if want.Sequence {
			steps = shape.Dim(0)
		}
		if v.Mask != nil && (!want.Sequence || len(v.Mask) != steps*batch) {
			fail("the mask of input %q has %d entries for %v", want.Name, len(v.Mask), shape)
		}
	}
	entries := 0
	for _, p := range n.plan.layers {
		for _, width := range p.State {
			if i := entries; i < len(s) && s[i] != nil && s[i].Shape() != tensor.ShapeOf(batch, width) {
				fail("entry %d of the state is %v, want [%d %d]", i, s[i].Shape(), batch, width)
			}
			entries++
		}
	}
	if s != nil && len(s) != entries {
		fail("a state of %d entries where the network has %d", len(s), entries)
	}
}
