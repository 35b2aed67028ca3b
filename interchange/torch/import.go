// Package torch imports networks from PyTorch, and exports networks to it.
//
// Import reads weights from the files that people have: .safetensors, and the .pt or
// .pth of torch.save. Those are pickles, programs that Python would run; the reader of
// this package runs none of that, but knows the few instructions that build tensors
// and plain containers, and refuses everything else with the name of its class.
//
//	m, err := torch.Import("tagger.pt", spec)
//	net := m.Net.(*graph.Net)
//
// A state_dict has names and shapes. They show the types of most modules; how modules
// follow one another, and a few options, are in a Spec.
//
// Export writes the weights of a graph under PyTorch's names as safetensors, and the
// source of a module that loads them.
package torch

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/interchange/internal/spec"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/nn"
)

// Import makes a network of the weights at path. spec is the JSON of a Spec; it may be nil
// where a file holds one module that needs none, such as an nn.LSTM. Errors are those of
// Open, or a *MapError.
func Import(path string, spec []byte) (*model.Model, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := f.Model(spec)
	if err != nil {
		return nil, at(path, err)
	}
	return m, nil
}

// Model makes the network of the file, as Import does.
func (f *File) Model(text []byte) (*model.Model, error) {
	s, err := parseSpec(text)
	if err != nil {
		return nil, err
	}
	tensors, err := f.weights(s)
	if err != nil {
		return nil, err
	}
	list := modules(tensors)
	if len(s.Layers) == 0 {
		guess := guessed(s, list)
		if len(list) > 1 || list[0].guess {
			return nil, unmapped("", "the file has %s (%s), but a state_dict does not tell how they are connected; give a spec (--spec)", setting.Plural(len(list), "module"), spec.Names(names(list))).With(guess)
		}
		s = guess
	}
	c, tasks, err := assemble(s, list)
	if err != nil {
		return nil, err
	}
	c.Source = f.Format
	net, err := graph.New(c, nil)
	if err != nil {
		return nil, unmapped("", "%v", err)
	}
	if err := fill(net, tasks); err != nil {
		return nil, err
	}
	return &model.Model{Config: c, Net: net}, nil
}

// wrappers are the keys under which people save a state_dict with other things.
var wrappers = []string{"state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "module"}

// weights are the tensors of the state_dict in the file, named without what is before
// all of their names.
func (f *File) weights(spec *Spec) ([]*Tensor, error) {
	key := spec.Key
	if key == "" && f.object != nil {
		if d, ok := f.object.(*dict); ok {
			var found []string
			for _, w := range wrappers {
				if v, ok := d.get(w); ok {
					if inner, ok := v.(*dict); ok && len(inner.keys) > 0 {
						found = append(found, w)
					}
				}
			}
			others := slices.ContainsFunc(d.values, func(v any) bool { _, ok := v.(*Tensor); return ok })
			if len(found) == 1 && !others {
				key = found[0]
			}
		}
	}
	prefix := spec.Prefix
	if key != "" {
		prefix = key + "." + prefix
	}
	var list []*Tensor
	for _, t := range f.Tensors {
		if name, ok := strings.CutPrefix(t.Name, prefix); ok {
			short := *t
			short.Name = name
			list = append(list, &short)
		}
	}
	if len(list) == 0 {
		return nil, unmapped("", "no tensor's name begins with %q", prefix)
	}
	return list, nil
}

func names(list []*module) (names []string) {
	for _, m := range list {
		names = append(names, m.name)
	}
	return names
}

func (m *module) names() string { return fmt.Sprintf("%q", slices.Sorted(maps.Keys(m.tensors))) }

// guessed is the spec of modules that follow one another in the order of the file.
func guessed(spec *Spec, list []*module) *Spec {
	s := *spec
	for _, m := range list {
		l := SpecLayer{Module: m.name, Type: m.typ}
		if m.typ == rnnType {
			l.Nonlinearity = "tanh"
		}
		s.Layers = append(s.Layers, l)
	}
	if len(list) == 1 && list[0].typ == rnnType {
		s.Layers[0].Nonlinearity = "" // which it then asks for
	}
	return &s
}

// assemble makes the config that a spec asks for, and what fills its network.
func assemble(s *Spec, list []*module) (*graph.Config, []task, error) {
	c := &graph.Config{TimeMajor: s.TimeMajor, Inputs: s.Inputs, Outputs: s.Outputs}
	var items []spec.Item
	for _, l := range s.Layers {
		name := cmp.Or(l.Name, strings.ReplaceAll(l.Module, ":", "_"))
		items = append(items, spec.Item{Layer: graph.Layer{Name: name, From: l.From, Op: l.Op}, Module: l.Module})
	}
	var tasks []task
	err := spec.Assemble(c, items, names(list), "torch", "the file", func(k, i int, to graph.Layer) ([]graph.Layer, graph.Input, error) {
		l := s.Layers[k]
		l.Name, l.From = to.Name, to.From
		r, err := list[i].toLayers(l)
		if err != nil {
			return nil, graph.Input{}, err
		}
		tasks = append(tasks, r.tasks...)
		return r.layers, r.in, nil
	})
	return c, tasks, err
}

// fill runs the tasks.
func fill(net *graph.Net, tasks []task) error {
	params := map[string]*grad.Var{}
	for _, p := range nn.Params(net) {
		params[p.Name] = p.Var
	}
	for _, t := range tasks {
		p := params[t.to]
		if p == nil {
			return errors.New("torch: there is no parameter " + t.to)
		}
		if err := each(t.from, func(at int, values []grad.Float) { t.how(p, at, values) }); err != nil {
			return err
		}
	}
	return nil
}
