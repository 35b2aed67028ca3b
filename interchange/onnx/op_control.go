package onnx

import "slices"

func init() {
	register("",
		version{"If", 1, 1, 1, many, ifOp},
		version{"Loop", 1, 2, many, many, loop},
		version{"Scan", 8, 1, many, many, scan8}, version{"Scan", 9, 1, many, many, scan},
	)
}

func ifOp(n *nodeDef) op {
	yes, no := n.graph("then_branch"), n.graph("else_branch")
	if len(yes.outputs) != len(no.outputs) || len(yes.inputs)+len(no.inputs) > 0 || len(yes.outputs) < len(n.outputs) {
		fail("branches have %d and %d outputs, and %d and %d inputs", len(yes.outputs), len(no.outputs), len(yes.inputs), len(no.inputs))
	}
	return opFunc(func(c *call) {
		for i, v := range c.sub(choose(c.tensor(0).oneBool(), yes, no)) {
			c.set(i, v)
		}
	})
}

// loop runs its body at most M times while its condition holds. The body takes the
// number of the iteration, the condition and what is carried, and gives the
// condition, what is carried, and what is stacked.
func loop(n *nodeDef) op {
	body := n.graph("body")
	carried := len(n.inputs) - 2
	if carried < 0 || len(body.inputs) != carried+2 || len(body.outputs) < carried+1 || len(body.outputs)-1 < len(n.outputs) {
		fail("a body of %d inputs and %d outputs for %d values carried", len(body.inputs), len(body.outputs), carried)
	}
	return opFunc(func(c *call) {
		limit := -1
		if m := c.opt(0); m != nil {
			limit = m.one()
		}
		condition := c.opt(1)
		if condition == nil {
			condition = scalar(true)
		}
		state := slices.Clone(c.in[2:])
		lists := c.stack(len(body.outputs) - 1 - carried)
		f := c.inner(body)
		for i := 0; condition.oneBool() && (limit < 0 || i < limit); i++ {
			out := c.again(f, slices.Concat([]Value{scalar(int64(i)), condition}, state))
			t, ok := out[0].(*Tensor)
			if !ok {
				fail("the condition is a %s", out[0].kind())
			}
			condition = t
			copy(state, out[1:])
			for k := range lists {
				lists[k] = append(lists[k], scanned(out[1+carried+k]))
			}
		}
		for i, v := range state {
			c.set(i, v)
		}
		for k, list := range lists {
			if c.wants(carried + k) {
				c.set(carried+k, stacked(list, 0, body.results[1+carried+k]))
			}
		}
	})
}

func scanned(v Value) *Tensor {
	t, ok := v.(*Tensor)
	if !ok {
		fail("what is stacked is a %s, want a tensor", v.kind())
	}
	return t
}

// stacked is stack for what a loop gave, which may be nothing at all; then
// type and shape are those that the output is declared with.
func stacked(list []*Tensor, axis int, v *ValueInfo) *Tensor {
	if len(list) > 0 {
		return stack(list, axis)
	}
	if dtypes[v.DType].name == "" {
		fail("%q has no elements and no type", v.Name)
	}
	var shape []int
	for _, d := range v.Shape {
		shape = append(shape, max(d.Size, 0))
	}
	return newTensor(v.DType, slices.Insert(shape, axisOf(axis, len(shape)+1), 0))
}

// stack puts tensors of one shape side by side along a new axis.
func stack(list []*Tensor, axis int) *Tensor {
	each := make([]*Tensor, len(list))
	a := axisOf(axis, len(list[0].Shape)+1)
	for i, t := range list {
		if len(t.Shape) != len(list[0].Shape) {
			fail("stacks %v on %v", t.Shape, list[0].Shape)
		}
		each[i] = t.view(slices.Insert(slices.Clone(t.Shape), a, 1))
	}
	return concat(each, a)
}

// A scanner runs a body for the slices of its scan inputs.
type scanner struct {
	body    *plan
	states  int
	inAxes  []int
	outAxes []int
	inBack  []bool
	outBack []bool
}

func flags(list []int, n int) []bool {
	b := make([]bool, n)
	for i, v := range or(list, n, 0) {
		if v != 0 && v != 1 {
			fail("directions %v", list)
		}
		b[i] = v == 1
	}
	return b
}

func scan(n *nodeDef) op {
	n.must("num_scan_inputs")
	scans := n.int("num_scan_inputs", 0)
	s := &scanner{body: n.graph("body"), states: len(n.inputs) - scans}
	outs := len(s.body.outputs) - s.states
	if scans < 1 || s.states < 0 || outs < 0 || len(s.body.inputs) != len(n.inputs) || len(s.body.outputs) < len(n.outputs) {
		fail("a body of %d inputs and %d outputs for %d inputs, %d of them scanned", len(s.body.inputs), len(s.body.outputs), len(n.inputs), scans)
	}
	s.inAxes, s.outAxes = or(n.ints("scan_input_axes"), scans, 0), or(n.ints("scan_output_axes"), outs, 0)
	s.inBack, s.outBack = flags(n.ints("scan_input_directions"), scans), flags(n.ints("scan_output_directions"), outs)
	return opFunc(func(c *call) {
		for i, v := range s.run(c, c.in) {
			c.set(i, v)
		}
	})
}

// run gives the last states and what is stacked.
func (s *scanner) run(c *call, in []Value) []Value {
	state := slices.Clone(in[:s.states])
	scans := make([]*Tensor, len(in)-s.states)
	length := -1
	for i := range scans {
		t := scanned(in[s.states+i])
		axis := axisOf(s.inAxes[i], len(t.Shape))
		if length >= 0 && length != t.Shape[axis] {
			fail("scans %d and %d elements", length, t.Shape[axis])
		}
		length, scans[i] = t.Shape[axis], t
	}
	lists := c.stack(len(s.body.outputs) - s.states)
	f := c.inner(s.body)
	for k := range length {
		inputs := slices.Clone(state)
		for i, t := range scans {
			axis := axisOf(s.inAxes[i], len(t.Shape))
			at := k
			if s.inBack[i] {
				at = t.Shape[axis] - 1 - k
			}
			inputs = append(inputs, part(t, axis, at, at+1).view(slices.Delete(slices.Clone(t.Shape), axis, axis+1)))
		}
		out := c.again(f, inputs)
		copy(state, out[:s.states])
		for i, v := range out[s.states:] {
			lists[i] = append(lists[i], scanned(v))
		}
	}
	result := state
	for i, list := range lists {
		if s.outBack[i] {
			slices.Reverse(list)
		}
		result = append(result, stacked(list, s.outAxes[i], s.body.results[s.states+i]))
	}
	return result
}

// scan8 is Scan of opset 8, which has a batch before all else and lengths.
func scan8(n *nodeDef) op {
	n.must("num_scan_inputs")
	scans := n.int("num_scan_inputs", 0)
	s := &scanner{body: n.graph("body"), states: len(n.inputs) - 1 - scans}
	outs := len(s.body.outputs) - s.states
	if scans < 1 || s.states < 0 || outs < 0 || len(s.body.inputs) != len(n.inputs)-1 || len(s.body.outputs) < len(n.outputs) {
		fail("a body of %d inputs and %d outputs for %d inputs, %d of them scanned", len(s.body.inputs), len(s.body.outputs), len(n.inputs), scans)
	}
	s.inAxes, s.outAxes = make([]int, scans), make([]int, outs)
	s.inBack, s.outBack = flags(n.ints("directions"), scans), make([]bool, outs)
	return opFunc(func(c *call) {
		batch := c.tensor(1).dim(0)
		lengths := slices.Repeat([]int{-1}, batch)
		if t := c.opt(0); t != nil {
			if lengths = t.list(); len(lengths) != batch {
				fail("%d lengths for a batch of %d", len(lengths), batch)
			}
		}
		rows := c.stack(len(s.body.outputs))
		for b := range batch {
			in := make([]Value, len(c.in)-1)
			for i := range in {
				t := c.tensor(i + 1)
				if len(t.Shape) == 0 || t.Shape[0] != batch {
					fail("input %v has no batch of %d", t.Shape, batch)
				}
				in[i] = part(t, 0, b, b+1).view(t.Shape[1:])
			}
			if n := lengths[b]; n >= 0 {
				for i := range in[s.states:] { // from the end, a scan begins at the row's own
					t := in[s.states+i].(*Tensor)
					if n > t.dim(0) {
						fail("length %d of %d steps", n, t.dim(0))
					}
					in[s.states+i] = part(t, 0, 0, n)
				}
			}
			for i, v := range s.run(c, in) {
				t := scanned(v)
				if i >= s.states && lengths[b] >= 0 { // zeros fill what is left
					pads := make([]int, 2*len(t.Shape))
					pads[len(t.Shape)] = c.tensor(1+s.states).dim(1) - lengths[b]
					t = pad(t, pads, "constant", newTensor(t.DType, nil))
				}
				rows[i] = append(rows[i], t)
			}
		}
		for i, list := range rows {
			c.set(i, stacked(list, 0, s.body.results[i]))
		}
	})
}
