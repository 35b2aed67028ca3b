package torch

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
)

// mapped are the layers that a module becomes, and what fills them.
type mapped struct {
	layers []graph.Layer
	tasks  []task
	in     graph.Input // input that the first layer would read
}

// toLayers maps a module under the name and the options of l.
func (m *module) toLayers(l SpecLayer) (*mapped, error) {
	typ := l.Type
	if typ == "" {
		if typ = m.typ; typ == "" {
			return nil, unmapped(m.name, "what it is cannot be told from its tensors %s; give its \"type\" in the spec", m.names())
		}
	}
	if err := m.check(typ); err != nil {
		return nil, err
	}
	if err := l.allowed(typ); err != nil {
		return nil, err
	}
	switch typ {
	case rnnType, lstmType, gruType:
		return m.recurrent(typ, l)
	case linearType:
		return m.linear(l)
	case embeddingType:
		return m.embedding(l)
	case layerNormType:
		return m.layerNorm(l)
	case batchNormType:
		return m.batchNorm(l)
	case conv1dType:
		return m.conv(l)
	}
	return nil, unmapped(m.name, "unknown type %q", typ)
}

// allowed refuses options that a module of the type does not have.
func (l *SpecLayer) allowed(typ string) error {
	recurrent := typ == rnnType || typ == lstmType || typ == gruType
	for option, wrong := range map[string]bool{
		"last":         l.Last && !recurrent,
		"nonlinearity": l.Nonlinearity != "" && typ != rnnType,
		"eps":          l.Eps != 0 && typ != layerNormType && typ != batchNormType,
		"stride":       l.Stride != 0 && typ != conv1dType,
		"padding":      l.Padding != 0 && typ != conv1dType,
		"groups":       l.Groups != 0 && typ != conv1dType,
		"dilation":     l.Dilation != 0 && typ != conv1dType,
		"activation":   l.Activation != "" && typ != conv1dType && typ != linearType,
	} {
		if wrong {
			return unmapped(l.Module, "%q is not an option of type %s", option, typ)
		}
	}
	return nil
}

func (m *module) linear(l SpecLayer) (*mapped, error) {
	w, b, err := m.weighted(-1, -1)
	if err != nil {
		return nil, err
	}
	out, in := w.Shape[0], w.Shape[1]
	r := &mapped{in: graph.Input{Width: in, Sequence: true}}
	r.layers = []graph.Layer{{Name: l.Name, From: l.From, Op: &graph.Dense{Units: out, NoBias: b == nil, Activation: l.Activation}}}
	r.tasks = append(r.tasks, task{l.Name + ".w", w, transposed(in)})
	if b != nil {
		r.tasks = append(r.tasks, task{l.Name + ".b", b, straight(0)})
	}
	return r, nil
}

func (m *module) embedding(l SpecLayer) (*mapped, error) {
	w, err := m.must("weight", -1, -1)
	if err != nil {
		return nil, err
	}
	r := &mapped{in: graph.Input{Width: 1, Sequence: true, IDs: true}}
	r.layers = []graph.Layer{{Name: l.Name, From: l.From, Op: &graph.Embedding{Vocab: w.Shape[0], Width: w.Shape[1]}}}
	r.tasks = []task{{l.Name + ".w", w, straight(0)}}
	return r, nil
}

func (m *module) layerNorm(l SpecLayer) (*mapped, error) {
	w, b, err := m.weighted(-1)
	if err != nil {
		return nil, err
	}
	r := &mapped{in: graph.Input{Width: w.Shape[0], Sequence: true}}
	r.layers = []graph.Layer{{Name: l.Name, From: l.From, Op: &graph.LayerNorm{Eps: l.Eps}}}
	r.tasks = []task{{l.Name + ".gain", w, straight(0)}}
	if b != nil {
		r.tasks = append(r.tasks, task{l.Name + ".shift", b, straight(0)})
	}
	return r, nil
}

// recurrent maps RNN, LSTM and GRU of any number of layers and both directions.
// PyTorch's gates are i f g o and r z n, as recur's; it has two biases, of which
// recur keeps the sum, but for the n of a GRU, whose second lies within the reset.
func (m *module) recurrent(typ string, l SpecLayer) (*mapped, error) {
	gates := map[string]int{rnnType: 1, lstmType: 4, gruType: 3}[typ]
	suffix := func(layer int, reverse bool) string {
		if m.tensors["weight_ih"] != nil {
			return ""
		}
		s := fmt.Sprintf("_l%d", layer)
		if reverse {
			s += "_reverse"
		}
		return s
	}
	if typ == rnnType && l.Nonlinearity != "tanh" && l.Nonlinearity != "relu" {
		return nil, unmapped(m.name, `it is an nn.RNN, and its weights do not tell its nonlinearity; give "nonlinearity": "tanh" or "relu" in the spec`).With(&Spec{Layers: []SpecLayer{{Module: m.name, Type: rnnType, Nonlinearity: "tanh"}}})
	}
	layers, used := 1, 0
	for m.tensors["weight_ih"+suffix(layers, false)] != nil && suffix(0, false) != "" {
		layers++
	}
	both := m.tensors["weight_ih_l0_reverse"] != nil
	ih, err := m.must("weight_ih"+suffix(0, false), -1, -1)
	if err != nil {
		return nil, err
	}
	r := &mapped{in: graph.Input{Width: ih.Shape[1], Sequence: true}}
	in := ih.Shape[1]
	var stack rnn.Configs
	for k := range layers {
		name := l.Name
		if layers > 1 {
			name = fmt.Sprintf("%s.%d", l.Name, k)
		}
		fwd, tasks, out, n, err := m.cell(typ, gates, in, suffix(k, false), name, l, both)
		if err != nil {
			return nil, err
		}
		used += n
		if !both {
			stack, in = append(stack, fwd), out
			r.tasks = append(r.tasks, tasks...)
			continue
		}
		bwd, more, _, n, err := m.cell(typ, gates, in, suffix(k, true), name, l, both)
		if err != nil {
			return nil, err
		}
		used += n
		for i := range tasks {
			tasks[i].to = name + ".fwd" + tasks[i].to[len(name):]
		}
		for i := range more {
			more[i].to = name + ".bwd" + more[i].to[len(name):]
		}
		r.tasks = append(append(r.tasks, tasks...), more...)
		from := l.From
		if k > 0 {
			from = nil
		}
		r.layers = append(r.layers, graph.Layer{Name: name, From: from, Op: &graph.Bidirectional{Fwd: rnn.Configs{fwd}, Bwd: rnn.Configs{bwd}, Last: l.Last && k == layers-1}})
		in = 2 * out
	}
	if !both {
		r.layers = []graph.Layer{{Name: l.Name, From: l.From, Op: &graph.RNN{Cells: stack, Last: l.Last}}}
	}
	if used != len(m.tensors) {
		return nil, unmapped(m.name, "of its %d tensors %d belong to no layer: %s", len(m.tensors), len(m.tensors)-used, m.names())
	}
	return r, nil
}

// cell maps one layer in one direction, and counts its tensors.
func (m *module) cell(typ string, gates, in int, suffix, name string, l SpecLayer, both bool) (c rnn.Config, tasks []task, out, used int, err error) {
	hh, err := m.must("weight_hh"+suffix, -1, -1)
	if err != nil {
		return c, nil, 0, 0, err
	}
	hidden := hh.Shape[0] / gates
	out = hh.Shape[1]
	ih, err1 := m.must("weight_ih"+suffix, gates*hidden, in)
	hr, err2 := m.shape("weight_hr"+suffix, out, hidden)
	bi, err3 := m.shape("bias_ih"+suffix, gates*hidden)
	bh, err4 := m.shape("bias_hh"+suffix, gates*hidden)
	for _, e := range []error{err1, err2, err3, err4} {
		if e != nil {
			return c, nil, 0, 0, e
		}
	}
	switch {
	case hidden == 0 || hh.Shape[0] != gates*hidden, hr == nil && out != hidden, hr != nil && typ != lstmType:
		return c, nil, 0, 0, unmapped(m.name, "weight_hh%s %v is not that of type %s", suffix, hh.Shape, typ)
	case (bi == nil) != (bh == nil):
		return c, nil, 0, 0, unmapped(m.name, "it has one of bias_ih%s and bias_hh%[1]s without the other", suffix)
	}
	tasks = []task{{name + ".wx", ih, transposed(in)}, {name + ".wh", hh, transposed(out)}}
	used = 2
	if bi != nil {
		used += 2
		tasks = append(tasks, task{name + ".b", bi, straight(0)})
	}
	switch typ {
	case rnnType:
		o := rnn.BasicOptions{NoBias: bi == nil, Activation: rnn.Tanh}
		if l.Nonlinearity == "relu" {
			o.Activation = rnn.ReLU
		}
		c = rnn.Config{Hidden: hidden, Options: o}
	case lstmType:
		o := rnn.LSTMOptions{NoBias: bi == nil}
		if hr != nil {
			used++
			o.Projection = out
			tasks = append(tasks, task{name + ".wp", hr, transposed(hidden)})
		}
		c = rnn.Config{Hidden: hidden, Options: o}
	case gruType:
		c = rnn.Config{Hidden: hidden, Options: rnn.GRUOptions{NoBias: bi == nil}}
		if bh != nil {
			tasks = append(tasks, task{name + ".b", bh, upTo(2*hidden, added)}, task{name + ".bn", bh, from(2 * hidden)})
		}
		return c, tasks, out, used, nil
	}
	if bh != nil {
		tasks = append(tasks, task{name + ".b", bh, added})
	}
	return c, tasks, out, used, nil
}

// upTo passes the first n values on to how.
func upTo(n int, how func(p *grad.Var, at int, values []grad.Float)) func(p *grad.Var, at int, values []grad.Float) {
	return func(p *grad.Var, at int, values []grad.Float) {
		if at < n {
			how(p, at, values[:min(len(values), n-at)])
		}
	}
}

// from copies the values from the n-th on.
func from(n int) func(p *grad.Var, at int, values []grad.Float) {
	return func(p *grad.Var, at int, values []grad.Float) {
		if skip := max(n-at, 0); skip < len(values) {
			copy(p.Value.Data[at+skip-n:], values[skip:])
		}
	}
}
