package onnx

import (
	"github.com/recur-go/recur/model/graph"
)

// scan runs a cell for which ONNX has no operator as a Scan over its step. step makes
// the nodes of one step of x [batch, in] and s. A step past the length of a row does
// not happen: its state stays, its output is zero.
func (e *exporter) scan(prefix, x, lens string, states []*exportState, backwards bool, step func(x string, s []string) (string, []string)) string {
	there := ""
	if lens != "" {
		there = e.maskOf(flow{name: x, lens: lens})
	}
	in := []string{}
	for _, s := range states {
		first := s.first
		if first == "" {
			first = e.node("ConstantOfShape", []string{e.node("Concat", []string{e.size(x, 1), e.ints(int64(s.Width))}, attr{"axis", 0})})
		}
		in = append(in, first)
	}
	scanned := []string{x}
	if there != "" {
		scanned = append(scanned, there)
	}

	var nodes []writer
	var body writer
	e.body = &nodes
	bodyIn, state := []writer{}, []string{}
	for _, s := range states {
		name := e.fresh("state")
		state = append(state, name)
		bodyIn = append(bodyIn, valueInfo(name, Float32, []any{"batch", s.Width}))
	}
	xt := e.fresh("x")
	bodyIn = append(bodyIn, valueInfo(xt, Float32, nil))
	y, next := step(xt, state)
	if there != "" {
		now := e.fresh("there")
		bodyIn = append(bodyIn, valueInfo(now, Bool, nil))
		y = e.where(now, y, e.scalar(0))
		for i := range next {
			next[i] = e.where(now, next[i], state[i])
		}
	}
	for i, name := range append(next, y) {
		out := e.node("Identity", []string{name}) // an output of its own, should two be one
		var dims []any
		if i < len(states) {
			dims = []any{"batch", states[i].Width}
		}
		body = body.msg(12, valueInfo(out, Float32, dims))
	}
	e.body = nil
	for _, n := range nodes {
		body = body.msg(1, n)
	}
	body = body.str(2, prefix+"_step")
	for _, v := range bodyIn {
		body = body.msg(11, v)
	}

	attrs := []attr{{"body", body}, {"num_scan_inputs", len(scanned)}}
	if backwards {
		directions := make([]int, len(scanned))
		for i := range directions {
			directions[i] = 1
		}
		attrs = append(attrs, attr{"scan_input_directions", directions}, attr{"scan_output_directions", []int{1}})
	}
	out := e.nodeN("Scan", append(in, scanned...), len(states)+1, attrs...)
	for i, s := range states {
		s.last = out[i]
	}
	return out[len(states)]
}

// lstmStep is one step of an rnn.LSTM with all of its options, as its equations have it.
func (e *exporter) lstmStep(prefix string, o *graph.LSTM, x string, s []string) (string, []string) {
	add := func(a, b string) string { return e.node("Add", []string{a, b}) }
	mul := func(a, b string) string { return e.node("Mul", []string{a, b}) }
	clip := func(x string, limit float64) string {
		if limit <= 0 {
			return x
		}
		return e.node("Clip", []string{x, e.scalar(-limit), e.scalar(limit)})
	}
	eps := o.NormEps
	if eps == 0 {
		eps = 1e-12
	}
	part := func(name string, k int) string { // of a parameter [gates·hidden] or, of p, [3, hidden]
		return e.constant(NewTensor(e.weights(prefix + name)[k*o.Hidden:(k+1)*o.Hidden], o.Hidden))
	}
	act := func(a, usual, x string) string {
		if a == "" {
			a = usual
		}
		return e.activation(a, x)
	}
	h, c := s[0], s[1]
	a := add(e.node("MatMul", []string{x, e.param(prefix + ".wx")}), e.node("MatMul", []string{h, e.param(prefix + ".wh")}))
	if !o.NoBias && !o.LayerNorm {
		a = add(a, e.param(prefix+".b"))
	}
	n := 4
	if o.Coupled {
		n = 3
	}
	gates := e.split(a, n)
	if o.LayerNorm {
		for k := range gates {
			gates[k] = e.node("LayerNormalization", []string{gates[k], part(".norm.gain", k), part(".norm.shift", k)}, attr{"axis", -1}, attr{"epsilon", eps})
		}
	}
	peep := func(x string, k int, c string) string {
		if o.Peepholes {
			x = add(x, mul(c, part(".p", k)))
		}
		return clip(x, o.Clip)
	}
	gate, cand, out := o.Gate.String(), o.Cand.String(), o.Out.String()
	i := act(gate, "sigmoid", peep(gates[0], 0, c))
	var f string
	if o.Coupled {
		f = e.node("Sub", []string{e.scalar(1), i})
	} else {
		f = act(gate, "sigmoid", peep(gates[1], 1, c))
	}
	u := act(cand, "tanh", clip(gates[n-2], o.Clip))
	c = clip(add(mul(f, c), mul(i, u)), o.CellClip)
	if o.LayerNorm {
		c = e.node("LayerNormalization", []string{c, e.param(prefix + ".norm.cellgain"), e.param(prefix + ".norm.cellshift")}, attr{"axis", -1}, attr{"epsilon", eps})
	}
	h = mul(act(gate, "sigmoid", peep(gates[n-1], 2, c)), act(out, "tanh", c))
	if o.Projection > 0 {
		h = clip(e.node("MatMul", []string{h, e.param(prefix + ".wp")}), o.ProjClip)
	}
	return h, []string{h, c}
}
