package torch

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A module is the tensors of one module of a state_dict.
type module struct {
	name    string
	typ     Type // "" if it cannot be told
	tensors map[string]*Tensor
	guess   bool // typ is a guess by the name, which a spec should confirm
}

// modules groups tensors by module, in the order of the file.
func modules(tensors []*Tensor) (list []*module) {
	byName := map[string]*module{}
	for _, t := range tensors {
		name, leaf := "", t.Name
		if i := strings.LastIndexByte(t.Name, '.'); i >= 0 {
			name, leaf = t.Name[:i], t.Name[i+1:]
		}
		m := byName[name]
		if m == nil {
			m = &module{name: name, tensors: map[string]*Tensor{}}
			byName[name] = m
			list = append(list, m)
		}
		m.tensors[leaf] = t
	}
	for _, m := range list {
		m.typ, m.guess = m.recognise()
	}
	return list
}

// recognise tells the type of a module by the names and shapes of its tensors.
func (m *module) recognise() (typ Type, guess bool) {
	if hh := m.first("weight_hh_l0", "weight_hh"); hh != nil && len(hh.Shape) == 2 {
		out := hh.Shape[1]
		if hr := m.tensors["weight_hr_l0"]; hr != nil {
			return LSTM, false
		}
		switch {
		case out == 0:
		case hh.Shape[0] == out:
			return RNN, false
		case hh.Shape[0] == 3*out:
			return GRU, false
		case hh.Shape[0] == 4*out:
			return LSTM, false
		}
		return "", false
	}
	w, b := m.tensors["weight"], m.tensors["bias"]
	lower := strings.ToLower(m.name)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(lower, w) })
	}
	switch {
	case m.tensors["running_mean"] != nil:
		return BatchNorm, false
	case w == nil:
	case len(w.Shape) == 3:
		return Conv1d, true // or a transposed one
	case len(w.Shape) == 2 && b != nil:
		return Linear, false
	case len(w.Shape) == 2 && has("emb", "lookup", "wte"):
		return Embedding, true
	case len(w.Shape) == 2 && has("linear", "fc", "out", "head", "decoder", "proj"):
		return Linear, true
	case len(w.Shape) == 1 && has("norm", "ln"):
		return LayerNorm, true
	}
	return "", false
}

func (m *module) first(names ...string) *Tensor {
	for _, n := range names {
		if t := m.tensors[n]; t != nil {
			return t
		}
	}
	return nil
}

// the tensors of each type, besides those of the recurrent ones.
var wants = map[Type][]string{
	Linear: {"weight", "bias"}, Embedding: {"weight"}, LayerNorm: {"weight", "bias"}, Conv1d: {"weight", "bias"},
	BatchNorm: {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"},
}

var recurrentName = regexp.MustCompile(`^(weight|bias)_(ih|hh|hr)(_l(0|[1-9][0-9]{0,3})(_reverse)?)?$`)

// check refuses tensors that a module of the type does not have.
func (m *module) check(typ Type) error {
	for name := range m.tensors {
		ok := slices.Contains(wants[typ], name)
		if typ == RNN || typ == LSTM || typ == GRU {
			ok = recurrentName.MatchString(name)
		}
		if !ok {
			return &MapError{Module: m.name, Reason: fmt.Sprintf("its tensor %q is none of a module of type %s", name, typ)}
		}
	}
	return nil
}

// shape checks the shape of a tensor; -1 is any size. It returns it, or nil if there
// is none of that name.
func (m *module) shape(name string, dims ...int) (*Tensor, error) {
	t := m.tensors[name]
	if t == nil {
		return nil, nil
	}
	ok := len(t.Shape) == len(dims)
	for i := range dims {
		ok = ok && (dims[i] < 0 || t.Shape[i] == dims[i])
	}
	if !ok || !t.DType.IsFloat() {
		return nil, &MapError{Module: m.name, Reason: fmt.Sprintf("its %s is %v of %s, want %s", name, t.Shape, t.DType, strings.ReplaceAll(fmt.Sprint(dims), "-1", "any"))}
	}
	return t, nil
}

// must is shape for a tensor that has to be there.
func (m *module) must(name string, dims ...int) (*Tensor, error) {
	t, err := m.shape(name, dims...)
	if err == nil && t == nil {
		err = &MapError{Module: m.name, Reason: "it lacks its " + name}
	}
	return t, err
}
