package tensorflow

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/interchange/internal/spec"
	"github.com/recur-go/recur/interchange/keras"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/nn"
)

// Import makes a network of the checkpoint at path, its prefix or its index. spec is the
// JSON of a Spec, or that of a model of Keras as its to_json() writes it; it may be nil
// where the checkpoint holds one module that needs none. Errors are
// *FormatError, *MapError, or those of package keras.
func Import(path string, spec []byte) (*model.Model, error) {
	c, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	m, err := c.Model(spec)
	var mapping *MapError
	if errors.As(err, &mapping) {
		mapping.Path = path
	}
	return m, err
}

// Model makes the network of a checkpoint, as Import does.
func (c *Checkpoint) Model(text []byte) (*model.Model, error) {
	var kind struct {
		Class   string `json:"class_name"`
		Version string `json:"keras_version"` // version, which Keras 3 does not write
	}
	if json.Unmarshal(text, &kind) == nil && kind.Class != "" {
		version := 2
		if kind.Version == "" || strings.HasPrefix(kind.Version, "3") {
			version = 3
		}
		return keras.FromConfig(bytes.Clone(text), version, objects{c})
	}
	s, err := parseSpec(text)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(c.Variables, func(v *Variable) bool {
		return strings.Contains(v.Name, "layer_with_weights-") || strings.Contains(v.Name, "_operations/") || strings.HasPrefix(v.Name, "_all_variables/")
	}) {
		return nil, unmapped("", "it holds the weights of a model of Keras, but not their layers; pass the output of model.to_json() in Keras as the spec (--spec)")
	}
	named := map[string]string{}
	for _, l := range s.Layers {
		if l.Cell != "" {
			if _, ok := cells[l.Cell]; !ok {
				return nil, unmapped(l.Module, "unknown cell %q; %s", l.Cell, setting.Suggest(l.Cell, slices.Sorted(maps.Keys(cells))))
			}
			named[l.Module] = l.Cell
		}
	}
	list, err := modules(c.Variables, s.Prefix, named)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, unmapped("", "no variable's name begins with %q", s.Prefix)
	}
	if len(s.Layers) == 0 {
		guess := guessed(s, list)
		if len(list) > 1 || list[0].typ == "" {
			return nil, unmapped("", "it has %s (%s), but not how they are connected; give a spec (--spec)", setting.Plural(len(list), "module"), spec.Names(names(list))).With(guess)
		}
		if list[0].asks() {
			return nil, unmapped(list[0].name, `its cells are LSTMs, whose forget bias is added at run time and is not in a checkpoint; give "forget_bias" in a spec (TensorFlow's default is 1)`).With(guess)
		}
		s = guess
	}
	return assemble(s, list)
}

// asks reports whether a module needs a forget bias.
func (m *module) asks() bool {
	return slices.ContainsFunc(m.cells, (*cellVars).asks)
}

func names(list []*module) (names []string) {
	for _, m := range list {
		names = append(names, m.name)
	}
	return names
}

// guessed is the spec of modules that follow one another in the order of their names.
func guessed(s *Spec, list []*module) *Spec {
	g := *s
	for _, m := range list {
		l := SpecLayer{Module: m.name, Type: m.typ}
		if m.asks() {
			one := 1.0
			l.ForgetBias = &one
		}
		g.Layers = append(g.Layers, l)
	}
	return &g
}

// A task fills parameters of the network.
type task func(to map[string]*grad.Var) error

// assemble makes the network that a spec asks for.
func assemble(s *Spec, list []*module) (*model.Model, error) {
	c := &graph.Config{Source: "TensorFlow", TimeMajor: s.TimeMajor, Inputs: s.Inputs, Outputs: s.Outputs}
	var items []spec.Item
	for _, l := range s.Layers {
		name := cmp.Or(l.Name, strings.NewReplacer(":", "_", ".", "_").Replace(l.Module))
		items = append(items, spec.Item{Layer: graph.Layer{Name: name, From: l.From, Op: l.Op}, Module: l.Module})
	}
	var tasks []task
	err := spec.Assemble(c, items, names(list), "tensorflow", "the checkpoint", func(k, i int, to graph.Layer) ([]graph.Layer, graph.Input, error) {
		l := s.Layers[k]
		l.Name = to.Name
		r, err := list[i].toLayer(l)
		var known *MapError
		switch {
		case errors.As(err, &known):
			return nil, graph.Input{}, err
		case err != nil:
			return nil, graph.Input{}, unmapped(l.Module, "%v", err)
		}
		if r.layers == nil {
			r.layers = []graph.Layer{{Name: l.Name, Op: r.op}}
		}
		r.layers[0].From = to.From
		tasks = append(tasks, r.fill...)
		return r.layers, r.in, nil
	})
	if err != nil {
		return nil, err
	}
	values := 0
	for _, m := range list {
		values += m.values()
	}
	if n := c.CountParams(); n > values+1<<20 {
		return nil, unmapped("", "the spec asks for %d values of parameters, the checkpoint has %d", n, values)
	}
	net, err := graph.New(c, nil)
	if err != nil {
		return nil, unmapped("", "%v", err)
	}
	to := map[string]*grad.Var{}
	for _, p := range nn.Params(net) {
		to[p.Name] = p.Var
	}
	for _, fill := range tasks {
		if err := fill(to); err != nil {
			return nil, err
		}
	}
	return &model.Model{Config: c, Net: net}, nil
}
