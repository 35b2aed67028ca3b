package onnx

import (
	"fmt"
	"strings"

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
		p, err := list[0].Plan(width)
		if err != nil {
			panic(&ExportError{name, err.Error()})
		}
		width, n = p.Width, n+len(p.State)
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
func (e *exporter) over(name string, list graph.Cells, x flow, states []*exportState, backwards bool, masked graph.MaskedOutput) flow {
	v, lens := x, x.lens
	var rows string
	if x.mask != "" {
		rows, lens = e.together(x.mask)
		v.name = e.pick(x.name, rows)
	}
	width := x.form.Width
	for i, c := range list {
		p, err := c.Plan(width)
		if err != nil {
			panic(&ExportError{e.layer, err.Error()})
		}
		prefix := name
		if len(list) > 1 {
			prefix = fmt.Sprintf("%s.%d", name, i)
		}
		v.name = e.cell(prefix, c, width, v.name, lens, states[:len(p.State)], backwards)
		states, width = states[len(p.State):], p.Width
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

// cell runs a cell over x and sets the last values of its states.
func (e *exporter) cell(prefix string, c graph.Cell, in int, x, lens string, states []*exportState, backwards bool) string {
	direction := "forward"
	if backwards {
		direction = "reverse"
	}
	attrs := []attr{{"direction", direction}}
	switch o := c.(type) {
	case *graph.Basic:
		attrs = append(attrs, attr{"hidden_size", o.Hidden})
		attrs = append(attrs, e.activations([]string{o.Activation.String()}, "tanh")...)
		w := e.gates(prefix, in, o.Hidden, 1, !o.NoBias, "", 0)
		return e.fused("RNN", w, x, lens, states, "", attrs)
	case *graph.GRU:
		attrs = append(attrs, attr{"hidden_size", o.Hidden}, attr{"linear_before_reset", 0})
		recurrentBias := ""
		if !o.ResetBefore {
			attrs[2].value, recurrentBias = 1, prefix+".bn"
		}
		attrs = append(attrs, e.activations([]string{o.Gate.String(), o.Cand.String()}, "sigmoid", "tanh")...)
		if o.Clip > 0 {
			attrs = append(attrs, attr{"clip", o.Clip})
		}
		w := e.gates(prefix, in, o.Hidden, 3, !o.NoBias, recurrentBias, 1, 0, 2) // z r h of r z n
		return e.fused("GRU", w, x, lens, states, "", attrs)
	case *graph.LSTM:
		if o.Projection > 0 || o.CellClip > 0 || o.ProjClip > 0 || o.LayerNorm {
			return e.scan(prefix, x, lens, states, backwards, func(x string, s []string) (string, []string) { return e.lstmStep(prefix, o, x, s) })
		}
		attrs = append(attrs, attr{"hidden_size", o.Hidden})
		attrs = append(attrs, e.activations([]string{o.Gate.String(), o.Cand.String(), o.Out.String()}, "sigmoid", "tanh", "tanh")...)
		if o.Clip > 0 {
			attrs = append(attrs, attr{"clip", o.Clip})
		}
		order, gates := []int{0, 3, 1, 2}, 4 // i o f c of i f c o
		if o.Coupled {
			attrs = append(attrs, attr{"input_forget", 1})
			order, gates = []int{0, 2, -1, 1}, 3 // of i c o; f is not read
		}
		w := e.gates(prefix, in, o.Hidden, gates, !o.NoBias, "", order...)
		peep := ""
		if o.Peepholes { // i o f of i f o
			peep = e.constant(NewTensor(rearranged(e.weights(prefix+".p"), o.Hidden, 0, 2, 1), 1, 3*o.Hidden))
		}
		return e.fused("LSTM", w, x, lens, states, peep, attrs)
	}
	for _, of := range []func(string, graph.Cell, int) func(string, []string) (string, []string){e.linearStep, e.tf1Step} {
		if step := of(prefix, c, in); step != nil {
			return e.scan(prefix, x, lens, states, backwards, step)
		}
	}
	panic(&ExportError{e.layer, fmt.Sprintf("ONNX has nothing for a cell %s", strings.TrimPrefix(fmt.Sprintf("%T", c), "*graph."))})
}

// activations are the attributes for activations other than the usual ones, given as
// text, "" for the usual.
func (e *exporter) activations(list []string, usual ...string) []attr {
	var names []string
	var alphas, betas []float64
	plain := true
	for i, a := range list {
		if a == "" {
			a = usual[i]
		}
		plain = plain && a == usual[i]
		name, alpha, beta := cut(e.normal(a))
		names = append(names, operators[name])
		switch name {
		case "leakyrelu", "thresholdedrelu", "elu":
			alphas = append(alphas, alpha)
		case "scaledtanh", "hardsigmoid", "affine":
			alphas, betas = append(alphas, alpha), append(betas, beta)
		case "identity":
			alphas, betas = append(alphas, 1), append(betas, 0)
		}
	}
	if plain {
		return nil
	}
	attrs := []attr{{"activations", names}}
	if alphas != nil {
		attrs = append(attrs, attr{"activation_alpha", alphas})
	}
	if betas != nil {
		attrs = append(attrs, attr{"activation_beta", betas})
	}
	return attrs
}

// normal is an activation with its parameters, as rnn writes it.
func (e *exporter) normal(a string) string {
	p, err := rnn.ParseActivation(a)
	if err != nil {
		panic(&ExportError{e.layer, err.Error()})
	}
	return p.String()
}

// gates are W [1, gates·hidden, in], R [1, gates·hidden, hidden] and B, with the gates of
// the parameters wx, wh and b in another order; -1 is a gate of zeros. recurrentBias is
// a bias of the last gate that belongs to R.
func (e *exporter) gates(prefix string, in, hidden, have int, bias bool, recurrentBias string, order ...int) []string {
	n := len(order) * hidden
	matrix := func(name string, in int) string {
		w := e.weights(prefix + name) // [in, have·hidden]
		t := make([]float32, n*in)
		for to, from := range order {
			for h := 0; h < hidden && from >= 0; h++ {
				for c := range in {
					t[(to*hidden+h)*in+c] = w[c*have*hidden+from*hidden+h]
				}
			}
		}
		return e.constant(NewTensor(t, 1, n, in))
	}
	w := []string{matrix(".wx", in), matrix(".wh", hidden), ""}
	if bias || recurrentBias != "" {
		both := make([]float32, 2*n)
		if bias {
			b := e.weights(prefix + ".b")
			for to, from := range order {
				if from >= 0 {
					copy(both[to*hidden:(to+1)*hidden], b[from*hidden:(from+1)*hidden])
				}
			}
		}
		if recurrentBias != "" {
			copy(both[2*n-hidden:], e.weights(recurrentBias))
		}
		w[2] = e.constant(NewTensor(both, 1, 2*n))
	}
	return w
}

// rearranged is the blocks of x of the given size in another order.
func rearranged(x []float32, size int, order ...int) []float32 {
	y := make([]float32, 0, len(order)*size)
	for _, k := range order {
		y = append(y, x[k*size:(k+1)*size]...)
	}
	return y
}

// fused is a node RNN, GRU or LSTM in one direction.
func (e *exporter) fused(op string, w []string, x, lens string, states []*exportState, peep string, attrs []attr) string {
	in := []string{x, w[0], w[1], w[2], lens}
	for _, s := range states {
		first := ""
		if s.first != "" {
			first = e.node("Unsqueeze", []string{s.first, e.ints(0)})
		}
		in = append(in, first)
	}
	if op == "LSTM" {
		in = append(in, peep)
	}
	out := e.nodeN(op, in, 1+len(states), attrs...)
	for i, s := range states {
		s.last = e.node("Squeeze", []string{out[1+i], e.ints(0)})
		if lens != "" && s.first != "" { // runtimes forget the first state of a row without steps
			some := e.node("Greater", []string{lens, e.constant(NewTensor([]int32{0}))})
			s.last = e.where(some, s.last, s.first)
		}
	}
	return e.node("Squeeze", []string{out[0], e.ints(1)})
}
