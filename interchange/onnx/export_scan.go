package onnx

// scan runs a cell for which ONNX has no operator as a Scan over its step. step makes
// the nodes of one step of x [batch, in] and s. A step past the length of a row does
// not happen: its state stays, its output is zero.
func (e *cellExport) scan(step func(x string, s []string) (string, []string)) string {
	x, lens, states := e.x, e.lens, e.states
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
	body = body.str(2, e.prefix+"_step")
	for _, v := range bodyIn {
		body = body.msg(11, v)
	}

	attrs := []attr{{"body", body}, {"num_scan_inputs", len(scanned)}}
	if e.backwards {
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
