package onnx

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A StatePair is an output whose value its input takes at the next step.
type StatePair struct{ Input, Output string }

// A Stream runs a model whose states are inputs and outputs step by step, and hands
// the states on. It is not safe for concurrent use; many Streams may share one
// model.
type Stream struct {
	model *Model
	pairs []StatePair
	state map[string]Value // states by input; nil entries are zeros still to be made
}

// Stream begins a stream. Without pairs, a state is an output that looks like the next
// value of an input: of the same type and of sizes that may agree, with a name that is
// the input's, but for words such as in and out, prev and next, past and present, or with
// an ending such as "_out", as Export writes, or "N", as in state and stateN. It is an error
// if there are none.
func (m *Model) Stream(pairs ...StatePair) (*Stream, error) {
	if len(pairs) == 0 {
		if pairs = m.statePairs(); len(pairs) == 0 {
			return nil, &GraphError{Reason: fmt.Sprintf("no output looks like the next value of an input; name the pairs of states; inputs are %v, outputs %v", m.Inputs, m.Outputs)}
		}
	}
	seen := map[string]bool{}
	for _, p := range pairs {
		in, out := named(m.Inputs, p.Input), named(m.Outputs, p.Output)
		switch {
		case in == nil:
			return nil, &InputError{p.Input, "the model has no such input for a state"}
		case out == nil:
			return nil, &InputError{p.Output, "the model has no such output for a state"}
		case in.DType != out.DType || in.Kind != "tensor" || seen[p.Input]:
			return nil, &InputError{p.Input, fmt.Sprintf("%v cannot follow from %v, or is named twice", in, out)}
		}
		seen[p.Input] = true
	}
	s := &Stream{model: m, pairs: pairs}
	s.Reset()
	return s, nil
}

func named(list []*ValueInfo, name string) *ValueInfo {
	for _, v := range list {
		if v.Name == name {
			return v
		}
	}
	return nil
}

// Reset goes back to states of zeros.
func (s *Stream) Reset() { s.state = map[string]Value{} }

// Pairs lists what the stream hands on.
func (s *Stream) Pairs() []StatePair { return slices.Clone(s.pairs) }

// State is the present states by the names of their inputs; those that are missing
// are zeros.
func (s *Stream) State() map[string]*Tensor {
	state := map[string]*Tensor{}
	for name, v := range s.state {
		state[name] = v.(*Tensor)
	}
	return state
}

// SetState replaces the states, by the names of their inputs. Those that are missing
// become zeros.
func (s *Stream) SetState(state map[string]*Tensor) error {
	next := map[string]Value{}
	for name, t := range state {
		if !slices.ContainsFunc(s.pairs, func(p StatePair) bool { return p.Input == name }) {
			return &InputError{name, "is not a state of the stream"}
		}
		if err := named(s.model.Inputs, name).check(t); err != nil {
			return err
		}
		next[name] = t
	}
	s.state = next
	return nil
}

// Push runs the model for inputs that are no states, and returns the outputs that
// are none. On an error the states stay as they were.
func (s *Stream) Push(ctx context.Context, inputs map[string]*Tensor) (map[string]*Tensor, error) {
	all := map[string]*Tensor{}
	maps.Copy(all, inputs)
	for _, p := range s.pairs {
		if _, ok := inputs[p.Input]; ok {
			return nil, &InputError{p.Input, "is a state, which the stream carries; use SetState"}
		}
		if v, ok := s.state[p.Input]; ok {
			all[p.Input] = v.(*Tensor)
			continue
		}
		zeros, err := s.zeros(named(s.model.Inputs, p.Input), inputs)
		if err != nil {
			return nil, err
		}
		all[p.Input] = zeros
	}
	out, err := s.model.Run(ctx, all)
	if err != nil {
		return nil, err
	}
	next := map[string]Value{}
	for _, p := range s.pairs {
		if err := named(s.model.Inputs, p.Input).check(out[p.Output]); err != nil {
			return nil, err
		}
		next[p.Input] = out[p.Output]
	}
	for _, p := range s.pairs {
		delete(out, p.Output)
	}
	s.state = next
	return out, nil
}

// zeros is the first state of an input. An open dimension has the size that the
// dimension of that name has in the inputs given, else 1.
func (s *Stream) zeros(v *ValueInfo, inputs map[string]*Tensor) (t *Tensor, err error) {
	shape := make([]int, len(v.Shape))
	for i, d := range v.Shape {
		shape[i] = max(d.Size, 1)
		if d.Size == 0 {
			shape[i] = 0
		}
		for name, x := range inputs {
			in := named(s.model.Inputs, name)
			for k := 0; d.Size < 0 && d.Name != "" && in != nil && k < min(len(in.Shape), len(x.Shape)); k++ {
				if in.Shape[k].Name == d.Name {
					shape[i] = x.Shape[k]
				}
			}
		}
	}
	defer func() {
		if e, ok := recover().(opError); ok {
			err = &InputError{v.Name, e.Error()}
		}
	}()
	return newTensor(v.DType, shape), nil
}

// statePairs finds the pairs that Stream describes. Names that differ by "_out" come first.
func (m *Model) statePairs() (pairs []StatePair) {
	taken, paired := map[string]bool{}, map[string]bool{}
	for _, in := range m.Inputs {
		for _, end := range []string{"_out", "N", "Out", "_next", "Next", "_new", "n"} { // stateN follows state
			if out := named(m.Outputs, in.Name+end); out != nil && alike(in, out) && !taken[out.Name] {
				taken[out.Name], paired[in.Name] = true, true
				pairs = append(pairs, StatePair{in.Name, out.Name})
				break
			}
		}
	}
	for _, in := range m.Inputs {
		if paired[in.Name] {
			continue
		}
		var found []string
		for _, out := range m.Outputs {
			if !taken[out.Name] && stem(in.Name) == stem(out.Name) && stem(in.Name) != "" && alike(in, out) {
				found = append(found, out.Name)
			}
		}
		if len(found) == 1 {
			taken[found[0]] = true
			pairs = append(pairs, StatePair{in.Name, found[0]})
		}
	}
	return pairs
}

// roles are the words by which the names of a state differ before and after a step.
var roles = strings.Fields("in out input output prev previous next new old past present initial init final last current cur y x 0 1 n t")

// stem is a name without the words that say its role.
func stem(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune("_./-: ", r) })
	var kept []string
	for i, w := range words {
		if i > 0 || len(words) == 1 {
			for _, suffix := range []string{"0", "n", "in", "out", "t"} { // h0 and hn
				if short, ok := strings.CutSuffix(w, suffix); ok && len(short) == 1 {
					w = short
				}
			}
		}
		if !slices.Contains(roles, w) {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, "_")
}

// alike reports whether an output can have the shape of an input.
func alike(in, out *ValueInfo) bool {
	if in.Kind != "tensor" || out.Kind != "tensor" || in.DType != out.DType {
		return false
	}
	if in.Shape == nil || out.Shape == nil {
		return true
	}
	if len(in.Shape) != len(out.Shape) {
		return false
	}
	for i, d := range in.Shape {
		if e := out.Shape[i]; d.Size >= 0 && e.Size >= 0 && d.Size != e.Size {
			return false
		}
	}
	return true
}
