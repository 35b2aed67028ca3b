package keras

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// arguments are those of a call that have names.
type arguments struct {
	masks []*flow
	state []*flow
}

// A use is one entry of a layer's inbound_nodes: the tensors that it is called on.
type use struct {
	args [][]place // a list for each argument
	mask []place
	init []place // initial_state
	old  bool    // whether it has the form of Keras 2
}

// A place is where a tensor comes from: the i-th result of a use of a layer.
type place struct {
	layer   string
	use, at int
	value   string // a number instead
}

// graphOf is a functional model while it is built.
type graphOf struct {
	b      *builder
	layers map[string]int
	list   []object
	uses   [][]use
	old    []bool // the uses are in the form of Keras 2
	paths  []string
	scope  string
	frozen bool
	done   map[place][]*flow // outputs by layer and use
	open   map[place]bool
}

func (b *builder) functional(o *object, list []object, paths []string, in []*flow, scope string, frozen bool) ([]*flow, error) {
	var c struct {
		Inputs  json.RawMessage `json:"input_layers"`
		Outputs json.RawMessage `json:"output_layers"`
	}
	if err := o.read(&c); err != nil {
		return nil, bad("model %q: %v", o.name(), err)
	}
	inputs, err1 := places(c.Inputs)
	outputs, err2 := places(c.Outputs)
	if err1 != nil || err2 != nil || len(inputs) == 0 || len(outputs) == 0 {
		return nil, bad("model %q does not name its inputs and outputs", o.name())
	}
	if in != nil && len(in) != len(inputs) {
		return nil, bad("model %q has %d inputs and is called on %d", o.name(), len(inputs), len(in))
	}
	g := &graphOf{b: b, layers: map[string]int{}, list: list, paths: paths, scope: scope, frozen: frozen,
		done: map[place][]*flow{}, open: map[place]bool{}}
	for i := range list {
		name := list[i].name()
		if _, twice := g.layers[name]; twice {
			return nil, bad("two layers of model %q are called %q", o.name(), name)
		}
		g.layers[name] = i
		uses, err := usesOf(list[i].Inbound)
		if err != nil && list[i].isOp() { // not one on masks; whoever reads it is refused
			uses, err = []use{{args: [][]place{{{value: "0"}}}}}, nil
		}
		if err != nil {
			return nil, bad("layer %q: %v", name, err)
		}
		g.uses = append(g.uses, uses)
		g.old = append(g.old, len(uses) > 0 && uses[0].old)
	}
	for i, p := range inputs {
		at, ok := g.layers[p.layer]
		if !ok || list[at].Class != "InputLayer" {
			return nil, bad("input %q of model %q is not an input layer", p.layer, o.name())
		}
		var t *flow
		if in != nil {
			t = in[i]
		} else {
			var err error
			if t, err = b.input(&list[at]); err != nil {
				return nil, err
			}
		}
		g.done[place{layer: p.layer}] = []*flow{t}
	}
	for i := range list { // in the order of the file, as far as what they read allows
		for k := range g.uses[i] {
			if _, err := g.result(place{layer: list[i].name(), use: k}, 0); err != nil {
				return nil, err
			}
		}
	}
	for k, p := range outputs { // Keras 3 counts a functional model's own graph here, but not elsewhere
		if i, ok := g.layers[p.layer]; ok && !g.old[i] && isModel(list[i].Class) && list[i].Class != "Sequential" {
			outputs[k].use--
		}
	}
	return g.all(outputs, 0)
}

// all returns the tensors at the given places.
func (g *graphOf) all(list []place, depth int) (out []*flow, err error) {
	for _, p := range list {
		if p.value != "" {
			out = append(out, &flow{name: p.value, op: &mask{class: "number", layer: p.value}})
			continue
		}
		if i, ok := g.layers[p.layer]; ok && g.old[i] && isModel(g.list[i].Class) {
			p.use-- // in Keras 2 a model counts its own graph as the first
		}
		made, err := g.result(place{layer: p.layer, use: p.use}, depth)
		if err != nil {
			return nil, err
		}
		if p.at < 0 || p.at >= len(made) {
			return nil, bad("layer %q gives %d results, number %d is asked for", p.layer, len(made), p.at)
		}
		out = append(out, made[p.at])
	}
	return out, nil
}

// result is what use p.use of layer p.layer gives.
func (g *graphOf) result(p place, depth int) ([]*flow, error) {
	if made, ok := g.done[p]; ok {
		return made, nil
	}
	i, ok := g.layers[p.layer]
	switch {
	case !ok:
		return nil, bad("there is no layer %q, which another reads", p.layer)
	case p.use < 0 || p.use >= len(g.uses[i]):
		return nil, bad("layer %q is called %d times, call %d is asked for", p.layer, len(g.uses[i]), p.use)
	case g.open[p]:
		return nil, bad("layer %q reads what it gives", p.layer)
	case depth > 10000:
		return nil, bad("layers read each other more than 10000 deep")
	}
	g.open[p] = true
	u := g.uses[i][p.use]
	var args [][]*flow
	for _, list := range u.args {
		a, err := g.all(list, depth+1)
		if err != nil {
			return nil, err
		}
		args = append(args, a)
	}
	var kw arguments
	var err error
	if kw.masks, err = g.all(u.mask, depth+1); err != nil {
		return nil, err
	}
	if kw.state, err = g.all(u.init, depth+1); err != nil {
		return nil, err
	}
	if len(args) == 0 || len(args[0]) == 0 {
		return nil, bad("layer %q is called on nothing", p.layer)
	}
	made, err := g.b.layer(&g.list[i], g.paths[i], g.scope, g.frozen, args, kw)
	if err != nil {
		return nil, err
	}
	g.done[p] = made
	return made, nil
}

// usesOf reads inbound_nodes. Keras 3 has {"args": […], "kwargs": {…}} for each use,
// Keras 2 a list of [layer, use, result, {…}].
func usesOf(raw json.RawMessage) (list []use, err error) {
	var nodes []json.RawMessage
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	if err := json.Unmarshal(raw, &nodes); err != nil {
		return nil, fmt.Errorf("inbound_nodes cannot be read: %w", err)
	}
	for _, node := range nodes {
		var u use
		if bytes.HasPrefix(bytes.TrimSpace(node), []byte("{")) {
			u, err = use3(node)
		} else {
			u, err = use2(node)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, u)
	}
	return list, nil
}

func use3(raw json.RawMessage) (u use, err error) {
	var node struct {
		Args   []json.RawMessage
		Kwargs map[string]json.RawMessage
	}
	if err := json.Unmarshal(raw, &node); err != nil {
		return u, fmt.Errorf("inbound_nodes cannot be read: %w", err)
	}
	for _, a := range node.Args {
		list, err := flows(a, 0)
		if err != nil {
			return u, err
		}
		u.args = append(u.args, list)
	}
	for key, v := range node.Kwargs {
		switch key {
		case "training":
			if set(v) {
				return u, fmt.Errorf("it is called with training=%.20s", v)
			}
		case "mask":
			u.mask, err = flows(v, 0)
		case "initial_state":
			u.init, err = flows(v, 0)
		case "axis", "keepdims", "dtype", "sparse": // of an operation on masks
		default:
			if set(v) {
				return u, fmt.Errorf("it is called with the argument %s", key)
			}
		}
		if err != nil {
			return u, err
		}
	}
	return u, nil
}

// flows lists the tensors in an argument: one, or lists of them.
func flows(raw json.RawMessage, depth int) (list []place, err error) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil, nil
	case depth > 8:
		return nil, fmt.Errorf("its arguments are nested too deeply")
	case raw[0] == '[':
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			return nil, err
		}
		for _, item := range items {
			more, err := flows(item, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
		}
		return list, nil
	case raw[0] != '{':
		return []place{{value: string(raw)}}, nil
	}
	var t struct {
		Class  string `json:"class_name"`
		Config struct {
			History json.RawMessage `json:"keras_history"`
		}
	}
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, err
	}
	if t.Class != "__keras_tensor__" {
		return nil, fmt.Errorf("it is called on a constant %s", t.Class)
	}
	p, err := placeOf(t.Config.History)
	return []place{p}, err
}

func use2(raw json.RawMessage) (u use, err error) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return u, fmt.Errorf("inbound_nodes cannot be read: %w", err)
	}
	if len(items) > 0 && bytes.HasPrefix(bytes.TrimSpace(items[0]), []byte(`"`)) { // one tensor, not in a list
		items = []json.RawMessage{raw}
	}
	var args []place
	for _, item := range items {
		p, err := placeOf(item)
		if err != nil {
			return u, err
		}
		args = append(args, p)
		var parts []json.RawMessage
		json.Unmarshal(item, &parts) // placeOf has
		if len(parts) < 4 {
			continue
		}
		var kw map[string]json.RawMessage
		if err := json.Unmarshal(parts[3], &kw); err != nil {
			return u, fmt.Errorf("inbound_nodes cannot be read: %w", err)
		}
		for key, v := range kw {
			switch {
			case key == "initial_state" && set(v):
				if u.init, err = places(v); err != nil {
					return u, err
				}
			case key == "training" && !set(v), !set(v):
			default:
				return u, fmt.Errorf("it is called with the argument %s", key)
			}
		}
	}
	u.args, u.old = [][]place{args}, true
	return u, nil
}

// places reads [layer, use, result], or lists or objects of those in any depth, which
// Keras flattens, objects in the order of their keys.
func places(raw json.RawMessage) ([]place, error) { return placesIn(raw, 0) }

func placesIn(raw json.RawMessage, depth int) (list []place, err error) {
	var items []json.RawMessage
	switch {
	case depth > 8:
		return nil, fmt.Errorf("references to tensors are nested too deeply")
	case bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")):
		var named map[string]json.RawMessage
		if err := json.Unmarshal(raw, &named); err != nil {
			return nil, err
		}
		for _, key := range slices.Sorted(maps.Keys(named)) {
			items = append(items, named[key])
		}
	default:
		if err := json.Unmarshal(raw, &items); err != nil {
			return nil, err
		}
		if len(items) > 0 && bytes.HasPrefix(bytes.TrimSpace(items[0]), []byte(`"`)) {
			p, err := placeOf(raw)
			return []place{p}, err
		}
	}
	for _, item := range items {
		more, err := placesIn(item, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

func placeOf(raw json.RawMessage) (p place, err error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil || len(parts) < 3 {
		return p, fmt.Errorf("%.60s is not a reference to a tensor", raw)
	}
	for i, to := range []any{&p.layer, &p.use, &p.at} {
		if err := json.Unmarshal(parts[i], to); err != nil {
			return p, fmt.Errorf("%.60s is not a reference to a tensor", raw)
		}
	}
	return p, nil
}
