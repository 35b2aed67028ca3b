package onnx

import (
	"fmt"

	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
)

// recurrent is a stack of cells in one direction. If a mask has holes, the steps that
// are there are moved together first and put back after, as graph does.
func (e *exporter) recurrent(name string, o *graph.RNN, in []flow, plan graph.Plan) []flow {
	states := e.own(len(plan.State), in[1:])
	y := e.over(name, o.Cells, in[0], states, o.Backwards, o.Masked)
	y.form = plan.Out[0]
	if o.AsRead {
		y.name = e.node("Slice", []string{y.name, e.ints(-1), e.ints(-1 << 31), e.ints(0), e.ints(-1)})
	}
	if o.Last {
		y.name, y.lens, y.mask = e.lastStep(y, o.Backwards && !o.AsRead), "", ""
	}
	return e.withStates(y, states, plan)
}

func (e *exporter) bidirectional(name string, o *graph.Bidirectional, in []flow, plan graph.Plan) []flow {
	states := e.own(len(plan.State), in[1:])
	n := 0
	for width, list := in[0].form.Width, o.Fwd; len(list) > 0; list = list[1:] {
		out, state, err := list[0].Plan(width)
		if err != nil {
			panic(&ExportError{name, err.Error()})
		}
		width, n = out, n+len(state)
	}
	f := e.over(name+".fwd", o.Fwd, in[0], states[:n], false, o.Masked)
	b := e.over(name+".bwd", o.Bwd, in[0], states[n:], true, o.Masked)
	y := f
	if o.Last {
		y.lens, y.mask = "", ""
		f.name, b.name = e.lastStep(f, false), e.lastStep(b, true)
	}
	y.form = plan.Out[0]
	switch pair := []string{f.name, b.name}; o.Merge {
	case rnn.Concat:
		y.name = e.node("Concat", pair, attr{"axis", -1})
	case rnn.Sum:
		y.name = e.node("Add", pair)
	case rnn.Multiply:
		y.name = e.node("Mul", pair)
	default:
		y.name = e.node("Mul", []string{e.node("Add", pair), e.scalar(0.5)})
	}
	return e.withStates(y, states, plan)
}

// own takes the next n entries of the state of the network. Those that other layers
// begin are not inputs of their own: what is given there takes their place.
func (e *exporter) own(n int, given []flow) []*exportState {
	k := 0
	for k < len(e.states) && e.states[k].last != "" {
		k++
	}
	states := e.states[k : k+n]
	for i, v := range given {
		if states[i].first != "" {
			panic(&ExportError{e.layer, "its first state comes from another layer; export it without states"})
		}
		states[i].first = v.name
	}
	return states
}

func (e *exporter) withStates(y flow, states []*exportState, plan graph.Plan) []flow {
	out := []flow{y}
	for i, s := range states {
		out = append(out, flow{name: s.last, form: plan.Out[1+i]})
	}
	return out
}

// over runs a stack over x.
func (e *exporter) over(name string, list rnn.Configs, x flow, states []*exportState, backwards bool, masked graph.MaskedOutput) flow {
	v, lens := x, x.lens
	var rows string
	if x.mask != "" {
		rows, lens = e.together(x.mask)
		v.name = e.pick(x.name, rows)
	}
	width := x.form.Width
	for i, c := range list {
		out, state, err := c.Plan(width)
		if err != nil {
			panic(&ExportError{e.layer, err.Error()})
		}
		prefix := name
		if len(list) > 1 {
			prefix = fmt.Sprintf("%s.%d", name, i)
		}
		v.name = e.cell(c, &cellExport{
			exporter: e, prefix: prefix, in: width, hidden: c.Hidden, x: v.name, lens: lens, states: states[:len(state)], backwards: backwards,
		})
		states, width = states[len(state):], out
	}
	v.form.Width = width
	if x.mask != "" || x.lens != "" && masked == graph.Repeat {
		v.name = e.apart(v.name, e.maskOf(x), backwards, masked)
	}
	return v
}

// together lists, for each place [time, batch] of the steps moved together, where its
// step comes from, and counts the steps of each row: those that are there come first,
// each part in the order of time.
func (e *exporter) together(mask string) (rows, lens string) {
	T := e.size(mask, 0)
	t := e.node("Unsqueeze", []string{e.count(T), e.ints(1)})
	key := e.node("Where", []string{mask, e.node("Neg", []string{t}), e.node("Neg", []string{e.node("Add", []string{t, T})})})
	rows = e.nodeN("TopK", []string{key, T}, 2, attr{"axis", 0}, attr{"largest", 1}, attr{"sorted", 1})[1]
	lens = e.node("Cast", []string{e.node("ReduceSum", []string{e.node("Cast", []string{mask}, attr{"to", int(Int64)}), e.ints(0)}, attr{"keepdims", 0})}, attr{"to", int(Int32)})
	return rows, lens
}

// pick is x [time, batch, width] with step rows[t, b] of row b at t.
func (e *exporter) pick(x, rows string) string {
	b := e.node("Expand", []string{e.node("Unsqueeze", []string{e.count(e.size(rows, 1)), e.ints(0)}), e.node("Shape", []string{rows})})
	at := e.node("Concat", []string{e.node("Unsqueeze", []string{rows, e.ints(-1)}), e.node("Unsqueeze", []string{b, e.ints(-1)})}, attr{"axis", -1})
	return e.node("GatherND", []string{x, at})
}

// apart undoes together: where the mask leaves steps out there are zeros, or the output
// of the step that was read before.
func (e *exporter) apart(y, mask string, backwards bool, masked graph.MaskedOutput) string {
	sofar := e.node("CumSum", []string{e.node("Cast", []string{mask}, attr{"to", int(Int64)}), e.scalarInt(0)})
	at := e.node("Sub", []string{sofar, e.scalarInt(1)}) // of a step that is there, and of the one before
	there := mask
	if masked == graph.Repeat {
		if backwards { // the one read before is the next
			at = e.node("Where", []string{mask, at, sofar})
			n := e.node("ReduceMax", []string{sofar}, attr{"axes", []int{0}}, attr{"keepdims", 1})
			there = e.node("Less", []string{at, n})
		} else {
			there = e.node("GreaterOrEqual", []string{at, e.scalarInt(0)})
		}
	}
	rows := e.node("Where", []string{there, at, e.scalarInt(0)})
	return e.where(there, e.pick(y, rows), e.scalar(0))
}
