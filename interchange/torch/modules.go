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
	typ     string // "" if it is not recognised
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

// recognise finds the type of a module by the names and shapes of its tensors.
func (m *module) recognise() (typ string, guess bool) {
	if hh := m.first("weight_hh_l0", "weight_hh"); hh != nil && len(hh.Shape) == 2 {
		out := hh.Shape[1]
		if hr := m.tensors["weight_hr_l0"]; hr != nil {
			return lstmType, false
		}
		switch {
		case out == 0:
		case hh.Shape[0] == out:
			return rnnType, false
		case hh.Shape[0] == 3*out:
			return gruType, false
		case hh.Shape[0] == 4*out:
			return lstmType, false
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
		return batchNormType, false
	case w == nil:
	case len(w.Shape) == 3:
		return conv1dType, true // or a transposed one
	case len(w.Shape) == 2 && b != nil:
		return linearType, false
	case len(w.Shape) == 2 && has("emb", "lookup", "wte"):
		return embeddingType, true
	case len(w.Shape) == 2 && has("linear", "fc", "out", "head", "decoder", "proj"):
		return linearType, true
	case len(w.Shape) == 1 && has("norm", "ln"):
		return layerNormType, true
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
var wants = map[string][]string{
	linearType: {"weight", "bias"}, embeddingType: {"weight"}, layerNormType: {"weight", "bias"}, conv1dType: {"weight", "bias"},
	batchNormType: {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"},
}

var recurrentName = regexp.MustCompile(`^(weight|bias)_(ih|hh|hr)(_l(0|[1-9][0-9]{0,3})(_reverse)?)?$`)

// check refuses tensors that a module of the type does not have.
func (m *module) check(typ string) error {
	for name := range m.tensors {
		ok := slices.Contains(wants[typ], name)
		if typ == rnnType || typ == lstmType || typ == gruType {
			ok = recurrentName.MatchString(name)
		}
		if !ok {
			return unmapped(m.name, "its tensor %q is none of a module of type %s", name, typ)
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
		return nil, unmapped(m.name, "its %s is %v of %s, want %s", name, t.Shape, t.DType, strings.ReplaceAll(fmt.Sprint(dims), "-1", "any"))
	}
	return t, nil
}

// must is shape for a tensor that has to be there.
func (m *module) must(name string, dims ...int) (*Tensor, error) {
	t, err := m.shape(name, dims...)
	if err == nil && t == nil {
		err = unmapped(m.name, "it lacks its %s", name)
	}
	return t, err
}

// weighted is the weight of a module, and its bias, one for each row, if it has one.
func (m *module) weighted(dims ...int) (w, b *Tensor, err error) {
	if w, err = m.must("weight", dims...); err == nil {
		b, err = m.shape("bias", w.Shape[0])
	}
	return w, b, err
}
