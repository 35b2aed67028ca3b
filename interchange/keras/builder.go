package keras

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/recur-go/recur/model/graph"
)

// A builder makes a graph.Config of a model's JSON, and notes which weights belong to
// which parameters.
type builder struct {
	version int // version of Keras: 2 or 3, where they differ
	config  *graph.Config
	holders []*holder
	bad     []UnsupportedLayer
	names   names
	carrier map[string]string // a tensor that has a mask, by the mask
	objects map[string]string // names of Keras 3's objects by the paths of layers in a file of Keras 3
	depth   int
}

func newBuilder(version int) *builder {
	return &builder{version: version, config: &graph.Config{}, names: names{}, carrier: map[string]string{}, objects: map[string]string{}}
}

// A flow is what goes between layers.
type flow struct {
	name     string // name in From
	width    int    // -1 if it is not known
	sequence bool
	steps    int    // -1 if they are not fixed
	mask     string // name of the mask of its steps, "" if all are there
	input    int    // the input that it is, -1 for none
	flat     bool   // an input of two dimensions: a vector, or a sequence of ids
	op       *mask  // the result of an operation on masks, and nothing else
	space    []int  // places along each dimension of space, if a step has more than channels
}

// A call is one use of a layer.
type call struct {
	*object
	path  string // path of its weights in a file of Keras 3
	scope string // prefix of its name
	name  string // name in the graph
	in    []*flow
	state []*flow // the first state of a recurrent layer

	mask    string // mask that the layer sees
	through string // mask of its output, if it lets masks through
	frozen  bool
}

// top builds the model of a JSON.
func (b *builder) top(config []byte) error {
	if len(config) > maxJSON {
		return bad("its JSON has %d bytes, more than %d", len(config), maxJSON)
	}
	var o object
	if err := json.Unmarshal(config, &o); err != nil {
		return bad("its JSON cannot be read: %v", err)
	}
	b.config.Source = fmt.Sprintf("Keras %d %s %q", b.version, o.Class, o.name())
	out, err := b.model(&o, nil, "", "", false)
	if err != nil {
		return err
	}
	if len(b.bad) > 0 {
		return &UnsupportedError{Layers: b.bad}
	}
	for _, t := range out {
		if t.op != nil {
			return &UnsupportedError{Layers: []UnsupportedLayer{{t.op.layer, t.op.class, "it is an operation on tensors, not a layer"}}}
		}
		b.config.Outputs = append(b.config.Outputs, t.name)
	}
	for i, in := range b.config.Inputs {
		if in.Width < 1 { // nobody reads it, or it would be known
			b.config.Inputs[i] = graph.Input{Name: in.Name, Width: 1, Sequence: true}
		}
	}
	if len(b.config.Layers) == 0 {
		return bad("the model has no layers")
	}
	return nil
}

// model builds a model within another, or the outermost one if in is nil.
func (b *builder) model(o *object, in []*flow, path, scope string, frozen bool) ([]*flow, error) {
	if b.depth++; b.depth > 32 {
		return nil, bad("models are nested too deeply")
	}
	defer func() { b.depth-- }()
	var c struct {
		common
		Layers []object
	}
	if o.Class == "Sequential" && strings.HasPrefix(strings.TrimSpace(string(o.Config)), "[") {
		o = &object{Class: o.Class, Config: json.RawMessage(`{"layers":` + string(o.Config) + `}`)} // the first releases of Keras 2
	}
	if !isModel(o.Class) {
		return nil, b.refuse(o.name(), o.Class, "it is neither Sequential nor Functional; what a class of the program does is not in the file")
	}
	if err := o.read(&c); err != nil {
		return nil, bad("model %q: %v", o.name(), err)
	}
	if o.Class != "Sequential" && c.Layers == nil {
		return nil, b.refuse(o.name(), o.Class, "it is a class of the program, whose code is not in the file")
	}
	if err := c.check(); err != nil {
		return nil, b.refuse(o.name(), o.Class, err.Error())
	}
	if b.scan(c.Layers, scope, 0); len(b.bad) > 0 {
		return nil, &UnsupportedError{Layers: b.bad}
	}
	frozen = frozen || !yes(c.Trainable)
	paths := weightPaths(path, c.Layers)
	for i, p := range paths {
		switch {
		case p == "": // an operation, which has none
		case o.Class == "Sequential": // which holds a functional one
			b.objects[p] = fmt.Sprintf("%s_functional/_operations/%d/", b.objects[path], i)
		default:
			b.objects[p] = fmt.Sprintf("%s_operations/%d/", b.objects[path], i)
		}
	}
	if o.Class == "Sequential" {
		return b.sequential(o, c.Layers, paths, in, scope, frozen)
	}
	return b.functional(o, c.Layers, paths, in, scope, frozen)
}

// refuse notes what is not supported, and returns all that is known to be.
func (b *builder) refuse(layer, class, reason string) error {
	b.bad = append(b.bad, UnsupportedLayer{layer, class, reason})
	return &UnsupportedError{Layers: b.bad}
}

func isModel(class string) bool {
	return class == "Sequential" || class == "Functional" || class == "Model"
}

// scan notes all layers of classes that are not known, in models within models too.
func (b *builder) scan(list []object, scope string, depth int) {
	for i := range list {
		l := &list[i]
		var inner struct{ Layers []object }
		switch why := unknown[l.Class]; {
		case l.isOp() || l.Class == "InputLayer":
		case why != "":
			b.refuse(scope+l.name(), l.Class, why)
		case l.foreign():
			b.refuse(scope+l.name(), l.Class, "it is a class of the program, whose code is not in the file")
		case isModel(l.Class):
			if depth < 32 && l.read(&inner) == nil {
				b.scan(inner.Layers, scope+l.name()+"/", depth+1)
			}
		case layers[l.Class] == nil:
			b.refuse(scope+l.name(), l.Class, "recur has no such layer")
		}
	}
}

// weightPaths is where a file of Keras 3 keeps the weights of each layer: by its class
// in snake case, with a number from the second of a class on.
func weightPaths(path string, layers []object) []string {
	list := make([]string, len(layers))
	seen := map[string]int{}
	for i := range layers {
		if layers[i].isOp() {
			continue
		}
		list[i] = path + "layers/" + unique(seen, snake(layers[i].Class)) + "/"
	}
	return list
}

func unique(seen map[string]int, name string) string {
	n := seen[name]
	seen[name]++
	if n > 0 {
		name += "_" + strconv.Itoa(n)
	}
	return name
}

// snake is Keras's to_snake_case: an underscore before a capital that begins a word.
func snake(class string) string {
	var s strings.Builder
	lower := func(i int) bool { return i < len(class) && (class[i] >= 'a' && class[i] <= 'z') }
	for i, r := range class {
		upper := r >= 'A' && r <= 'Z'
		if upper && i > 0 && (lower(i+1) || lower(i-1)) {
			s.WriteByte('_')
		}
		s.WriteString(strings.ToLower(string(r)))
	}
	return s.String()
}

func (b *builder) sequential(o *object, layers []object, paths []string, in []*flow, scope string, frozen bool) ([]*flow, error) {
	if in == nil {
		first, err := b.firstOf(o, layers)
		if err != nil {
			return nil, err
		}
		in = []*flow{first}
	}
	x := in
	for i := range layers {
		l := &layers[i]
		if l.Class == "InputLayer" {
			continue
		}
		var err error
		if x, err = b.layer(l, paths[i], scope, frozen, [][]*flow{x[:1]}, arguments{}); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// firstOf makes the input of a Sequential.
func (b *builder) firstOf(o *object, layers []object) (*flow, error) {
	if len(layers) == 0 {
		return nil, bad("the model has no layers")
	}
	first := &layers[0]
	if first.Class == "InputLayer" {
		return b.input(first)
	}
	var c struct {
		Batch1 shape `json:"batch_input_shape"`
		Batch2 shape `json:"batch_shape"`
		Built  shape `json:"build_input_shape"`
	}
	var outer struct {
		Built shape `json:"build_input_shape"`
	}
	first.read(&c)
	o.read(&outer)
	for _, s := range []shape{c.Batch1, c.Batch2, outer.Built, buildShape(o), buildShape(first)} {
		if s != nil {
			return b.newInput("input", s)
		}
	}
	return nil, bad("the model lacks the shape of its input; call it once in Keras and save it again")
}

func buildShape(o *object) (s shape) {
	json.Unmarshal(o.Build.Shape, &s) // a list of shapes is no shape
	return s
}

func (b *builder) input(l *object) (*flow, error) {
	var c struct {
		Batch1 shape `json:"batch_shape"`
		Batch2 shape `json:"batch_input_shape"`
		Shape  shape
		Sparse bool
		Ragged bool
	}
	if err := l.read(&c); err != nil {
		return nil, bad("input %q: %v", l.name(), err)
	}
	s := c.Batch1
	if s == nil {
		s = c.Batch2
	}
	if s == nil && c.Shape != nil {
		s = append(shape{-1}, c.Shape...)
	}
	if c.Sparse || c.Ragged {
		return nil, b.refuse(l.name(), l.Class, "sparse and ragged inputs")
	}
	return b.newInput(l.name(), s)
}

// newInput adds an input. One of two dimensions is a vector until an embedding reads
// it, which makes it a sequence of ids.
func (b *builder) newInput(name string, s shape) (*flow, error) {
	if len(s) < 2 || len(s) > 6 {
		return nil, b.refuse(name, "InputLayer", fmt.Sprintf("an input of shape %v; there are sequences [batch, time, width], ids [batch, time], vectors [batch, width], and for ConvLSTM [batch, time, places..., channels]", []int(s)))
	}
	var space []int
	if len(s) > 3 {
		width := 1
		for _, n := range s[2:] {
			if n < 1 || n > 1<<22 || width*n > 1<<22 {
				return nil, b.refuse(name, "InputLayer", fmt.Sprintf("an input of shape %v, whose steps are of no fixed size", []int(s)))
			}
			width *= n
		}
		space = s[2 : len(s)-1 : len(s)-1]
		s = shape{s[0], s[1], width}
	}
	t := &flow{name: b.unused(name), sequence: len(s) == 3, steps: s[1], width: s[len(s)-1], input: len(b.config.Inputs), flat: len(s) == 2, space: space}
	b.config.Inputs = append(b.config.Inputs, graph.Input{Name: t.name, Width: t.width, Sequence: t.sequence})
	if t.sequence && t.width < 1 {
		return nil, b.refuse(name, "InputLayer", "the width of its steps is not fixed")
	}
	return t, nil
}

// unused is a name that no input or layer has yet.
func (b *builder) unused(name string) string {
	return b.names.unused(strings.NewReplacer(":", "_", ".", "_").Replace(name))
}

// names are those that are taken, each with the number to try next for another of it.
type names map[string]int

// unused takes a name: the given one, or one with a number after it.
func (n names) unused(name string) string {
	free := name
	for n[free] > 0 {
		free = name + "_" + strconv.Itoa(n[name])
		n[name]++
	}
	n[free] = 1
	return free
}

// add appends a layer to the graph and returns its first output.
func (b *builder) add(name string, op graph.Op, width int, sequence bool, steps int, mask string, from ...*flow) *flow {
	l := graph.Layer{Name: name, Op: op}
	for _, t := range from {
		l.From = append(l.From, t.name)
	}
	b.config.Layers = append(b.config.Layers, l)
	t := &flow{name: name, width: width, sequence: sequence, steps: steps, mask: mask, input: -1}
	if mask != "" {
		b.carrier[mask] = name
	}
	return t
}

// layer builds a use of a layer on the tensors of its arguments.
func (b *builder) layer(l *object, path, scope string, frozen bool, args [][]*flow, kw arguments) ([]*flow, error) {
	fail := func(err error) ([]*flow, error) { return nil, b.refuse(scope+l.name(), l.Class, err.Error()) }
	if l.isOp() {
		return b.maskOp(l, args, kw)
	}
	for _, list := range args {
		for _, t := range list {
			if t.op != nil {
				return fail(fmt.Errorf("it reads %s %q, an operation on tensors", t.op.class, t.op.layer))
			}
		}
	}
	if first := len(b.holders); b.depth == 1 {
		defer func() {
			for _, h := range b.holders[first:] {
				h.top = l.name()
			}
		}()
	}
	c := &call{object: l, path: path, scope: scope, name: scope + l.name(), frozen: frozen}
	if isModel(l.Class) {
		var in []*flow
		for _, list := range args {
			in = append(in, list...)
		}
		return b.model(l, in, path, c.name+"/", frozen)
	}
	var own common
	if err := l.read(&own); err != nil {
		return nil, bad("layer %q: %v", c.name, err)
	}
	if err := own.check(); err != nil {
		return fail(err)
	}
	c.frozen = frozen || !yes(own.Trainable)
	if err := b.arguments(c, args, kw); err != nil {
		return fail(err)
	}
	if err := c.inSpace(); err != nil {
		return fail(err)
	}
	c.name = b.unused(c.name)
	out, err := layers[l.Class](b, c)
	if err != nil {
		return fail(err)
	}
	return out, nil
}
