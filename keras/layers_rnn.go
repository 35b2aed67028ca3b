package keras

import (
	"encoding/json"
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// unroll is how a recurrent layer runs.
type unroll struct {
	Sequences bool  `json:"return_sequences"`
	States    bool  `json:"return_state"`
	Backwards bool  `json:"go_backwards"`
	Zero      *bool `json:"zero_output_for_mask"`
	TimeMajor bool  `json:"time_major"`
}

// runner is a recurrent layer: its cells, and how they run.
type runner struct {
	unroll
	cells graph.Cells
	width int
	state []int
	hold  func(param string, holders *[]*holder) // notes the weights of the cells, under the name of their parameters
}

// runner reads a recurrent layer for inputs in wide. path is that of its weights.
func (b *builder) runner(o *object, in int, path string, frozen bool) (*runner, error) {
	var own common
	r := &runner{}
	if err := o.read(&own); err != nil {
		return nil, err
	}
	if err := own.check(); err != nil {
		return nil, err
	}
	if err := o.read(&r.unroll); err != nil {
		return nil, err
	}
	if r.TimeMajor {
		return nil, fmt.Errorf("time_major")
	}
	frozen = frozen || own.Trainable != nil && !*own.Trainable
	list, err := cellsOf(o, path)
	if err != nil {
		return nil, err
	}
	var holds []func(param string) *holder
	r.width = in
	for _, c := range list {
		made, err := b.cell(&c.object, r.width)
		if err != nil {
			return nil, err
		}
		plan, err := made.cell.Plan(r.width)
		if err != nil {
			return nil, err
		}
		r.cells = append(r.cells, made.cell)
		r.width, r.state = plan.Width, append(r.state, plan.State...)
		holds = append(holds, func(param string) *holder {
			h := &holder{path: c.path, frozen: frozen}
			made.hold(h, param)
			return h
		})
	}
	r.hold = func(param string, holders *[]*holder) {
		for i, hold := range holds {
			name := param
			if len(holds) > 1 {
				name = fmt.Sprintf("%s.%d", param, i)
			}
			*holders = append(*holders, hold(name))
		}
	}
	return r, nil
}

// A cellAt is a cell and where its weights are.
type cellAt struct {
	object
	path string
}

// cellsOf lists the cells of a recurrent layer.
func cellsOf(o *object, path string) ([]cellAt, error) {
	switch o.Class {
	case "SimpleRNN", "LSTM", "GRU":
		return []cellAt{{object{Class: o.Class + "Cell", Config: o.Config}, path + "cell/"}}, nil
	case "RNN":
	default:
		return nil, fmt.Errorf("it holds a %s, which is no recurrent layer", o.Class)
	}
	var c struct{ Cell json.RawMessage }
	if err := o.read(&c); err != nil {
		return nil, err
	}
	var cell object
	if err := json.Unmarshal(c.Cell, &cell); err != nil {
		return nil, fmt.Errorf("its cell does not make sense: %w", err)
	}
	if cell.Class != "StackedRNNCells" {
		return []cellAt{{cell, path + "cell/"}}, nil
	}
	var stack struct {
		common
		Cells   []object
		Reverse bool `json:"reverse_state_order"`
	}
	if err := cell.read(&stack); err != nil {
		return nil, err
	}
	if stack.Reverse {
		return nil, fmt.Errorf("reverse_state_order")
	}
	if len(stack.Cells) == 0 {
		return nil, fmt.Errorf("a stack of no cells")
	}
	var list []cellAt
	seen := map[string]int{}
	for _, inner := range stack.Cells {
		list = append(list, cellAt{inner, path + "cell/cells/" + unique(seen, snake(inner.Class)) + "/"})
	}
	return list, nil
}

// madeCell is a cell and how to note its weights.
type madeCell struct {
	cell graph.Cell
	hold func(h *holder, param string)
}

// cell reads a cell for inputs in wide.
func (b *builder) cell(o *object, in int) (m madeCell, err error) {
	var own common
	c := struct {
		Units      int
		Bias       *bool      `json:"use_bias"`
		ResetAfter *bool      `json:"reset_after"`
		Activation activation `json:"activation"`
		Recurrent  activation `json:"recurrent_activation"`
	}{}
	c.Activation.name, c.Recurrent.name = "tanh", "sigmoid"
	if err := o.read(&own); err != nil {
		return m, err
	}
	if err := own.check(); err != nil {
		return m, err
	}
	if err := o.read(&c); err != nil {
		return m, err
	}
	if o.Module != "" && len(o.Module) > 5 && o.Module[:5] != "keras" && o.Module[:5] != "tf_ke" {
		return m, fmt.Errorf("its cell %s is a class of the program, whose code is not in the file", o.Class)
	}
	cand, err := b.gate(c.Activation)
	if err != nil {
		return m, err
	}
	H, bias := c.Units, yes(c.Bias)
	if H < 1 || H > 1<<22 {
		return m, fmt.Errorf("%d units", H)
	}
	if o.Class == "SimpleRNNCell" {
		m.cell = &graph.Basic{Hidden: H, NoBias: !bias, Activation: unlessDefault(cand, rnn.Tanh)}
		m.hold = func(h *holder, param string) {
			h.want("kernel", param+".wx", in, H)
			h.want("recurrent_kernel", param+".wh", H, H)
			if bias {
				h.want("bias", param+".b", H)
			}
		}
		return m, nil
	}
	gate, err := b.gate(c.Recurrent)
	if err != nil {
		return m, err
	}
	gate = unlessDefault(gate, rnn.Sigmoid)
	switch o.Class {
	case "LSTMCell": // gates i, f, c, o, as here
		cand = unlessDefault(cand, rnn.Tanh)
		m.cell = &graph.LSTM{Hidden: H, NoBias: !bias, Gate: gate, Cand: cand, Out: cand}
		m.hold = func(h *holder, param string) {
			h.want("kernel", param+".wx", in, 4*H)
			h.want("recurrent_kernel", param+".wh", H, 4*H)
			if bias {
				h.want("bias", param+".b", 4*H)
			}
		}
	case "GRUCell": // gates z, r, h
		after := c.ResetAfter != nil && *c.ResetAfter
		if c.ResetAfter == nil && b.version >= 3 {
			after = true
		}
		m.cell = &graph.GRU{Hidden: H, ResetBefore: !after, NoBias: !bias, Gate: gate, Cand: unlessDefault(cand, rnn.Tanh)}
		m.hold = func(h *holder, param string) {
			h.want("kernel", param+".wx", in, 3*H).then = zrToRZ
			h.want("recurrent_kernel", param+".wh", H, 3*H).then = zrToRZ
			switch {
			case !bias:
			case after:
				h.keep("bias", 2, 3*H)
				h.finish = func(v map[string][]tensor.Float, to params) { resetAfter(v["bias"], to[param+".b"], to[param+".bn"]) }
			default:
				h.want("bias", param+".b", 3*H).then = zrToRZ
			}
			if !bias && after {
				h.set(param+".bn", 0)
			}
		}
	default:
		return m, fmt.Errorf("its cell is a %s, which is not known", o.Class)
	}
	return m, nil
}

// resetAfter makes B and Bn of the biases of the inputs and of the state, each of the
// gates z, r, h. They add up but for that of the candidate's state, which the reset
// gate multiplies.
func resetAfter(bias []tensor.Float, b, bn *grad.Var) {
	H := len(bias) / 6
	in, rec := bias[:3*H], bias[3*H:]
	for i := range H {
		b.Value.Data[i] = in[H+i] + rec[H+i]
		b.Value.Data[H+i] = in[i] + rec[i]
	}
	copy(b.Value.Data[2*H:], in[2*H:])
	copy(bn.Value.Data, rec[2*H:])
}

// unlessDefault is the zero Activation for the default, so that a Config stays short.
func unlessDefault(a, def rnn.Activation) rnn.Activation {
	if a == def {
		return rnn.Activation{}
	}
	return a
}

func (b *builder) recurrent(c *call) ([]*flow, error) {
	x, err := c.input()
	if err != nil {
		return nil, err
	}
	r, err := b.runner(c.object, x.width, c.path, c.frozen)
	if err != nil {
		return nil, err
	}
	return b.run(c, c.name, r, r.Backwards, r.Backwards && r.Sequences, c.state)
}

// run adds an RNN. Outputs of one that reads backwards are in the order in which they
// are made, if asRead, else in that of time.
func (b *builder) run(c *call, name string, r *runner, backwards, asRead bool, state []*flow) ([]*flow, error) {
	x := c.in[0]
	zero := r.Zero != nil && *r.Zero
	switch {
	case !x.sequence:
		return nil, fmt.Errorf("it reads what is no sequence")
	case zero && !r.Sequences && c.mask != "":
		return nil, fmt.Errorf("zero_output_for_mask for the last output of masked steps")
	case len(state) != 0 && len(state) != len(r.state):
		return nil, fmt.Errorf("a first state of %d entries where there are %d", len(state), len(r.state))
	}
	op := &graph.RNN{Cells: r.cells, Last: !r.Sequences, Backwards: backwards, AsRead: asRead}
	if !zero {
		op.Masked = graph.Repeat
	}
	r.hold(name, &b.holders)
	x, err := b.masked(x, c.mask)
	if err != nil {
		return nil, err
	}
	from := append([]*flow{x}, state...)
	mask := ""
	if r.Sequences {
		mask = c.mask
	}
	y := b.add(name, op, r.width, r.Sequences, x.steps, mask, from...)
	if r.Sequences && y.mask != c.through {
		if y, err = b.masked(y, c.through); err != nil {
			return nil, err
		}
	}
	out := []*flow{y}
	if r.States {
		out = append(out, states(name, r.state)...)
	}
	return out, nil
}

// states are the results of a recurrent layer after the first.
func states(name string, sizes []int) (list []*flow) {
	for i, n := range sizes {
		list = append(list, &flow{name: fmt.Sprintf("%s:%d", name, i+1), width: n, steps: -1, input: -1})
	}
	return list
}

func (b *builder) bidirectional(c *call) ([]*flow, error) {
	var o struct {
		Layer    object
		Backward *object `json:"backward_layer"`
		Merge    *string `json:"merge_mode"`
	}
	x, err := c.input()
	if err == nil {
		err = c.read(&o)
	}
	if err == nil && !x.sequence {
		err = fmt.Errorf("it reads what is no sequence")
	}
	if err != nil {
		return nil, err
	}
	fwd, err := b.runner(&o.Layer, x.width, c.path+"forward_layer/", c.frozen)
	if err != nil {
		return nil, err
	}
	back := &o.Layer
	if o.Backward != nil {
		back = o.Backward
	}
	bwd, err := b.runner(back, x.width, c.path+"backward_layer/", c.frozen)
	if err != nil {
		return nil, err
	}
	switch {
	case fwd.Backwards || o.Backward != nil && !bwd.Backwards:
		return nil, fmt.Errorf("its forward layer goes backwards or its backward layer does not")
	case fwd.Sequences != bwd.Sequences || fwd.States != bwd.States:
		return nil, fmt.Errorf("its two layers return different things")
	}
	fwd.Zero, bwd.Zero = &fwd.Sequences, &fwd.Sequences // as Keras forces
	var sf, sb []*flow
	if n := len(fwd.state) + len(bwd.state); len(c.state) > 0 {
		if len(c.state) != n || len(fwd.state) != len(bwd.state) {
			return nil, fmt.Errorf("a first state of %d entries where there are %d", len(c.state), n)
		}
		sf, sb = c.state[:n/2], c.state[n/2:]
	}
	var named struct {
		Merge json.RawMessage `json:"merge_mode"`
	}
	c.read(&named)
	if o.Merge == nil && len(named.Merge) > 0 { // null: both outputs
		name := b.unused(c.name + "_backward")
		f, err := b.run(c, c.name, fwd, false, false, sf)
		if err != nil {
			return nil, err
		}
		r, err := b.run(c, name, bwd, true, false, sb)
		if err != nil {
			return nil, err
		}
		return append([]*flow{f[0], r[0]}, append(f[1:], r[1:]...)...), nil
	}
	op := &graph.Bidirectional{Fwd: fwd.cells, Bwd: bwd.cells, Last: !fwd.Sequences}
	width, mode := fwd.width, "concat"
	if o.Merge != nil {
		mode = *o.Merge
	}
	switch mode {
	case "concat":
		width += bwd.width
	case "sum":
		op.Merge = rnn.Sum
	case "mul":
		op.Merge = rnn.Multiply
	case "ave":
		op.Merge = rnn.Average
	default:
		return nil, fmt.Errorf("merge_mode %q is not known", mode)
	}
	if mode != "concat" && fwd.width != bwd.width {
		return nil, fmt.Errorf("outputs %d and %d wide cannot be merged by %s", fwd.width, bwd.width, mode)
	}
	fwd.hold(c.name+".fwd", &b.holders)
	bwd.hold(c.name+".bwd", &b.holders)
	if x, err = b.masked(x, c.mask); err != nil {
		return nil, err
	}
	mask := ""
	if fwd.Sequences {
		mask = c.mask
	}
	y := b.add(c.name, op, width, fwd.Sequences, x.steps, mask, append([]*flow{x}, c.state...)...)
	if fwd.Sequences {
		if y, err = b.masked(y, c.through); err != nil {
			return nil, err
		}
	}
	out := []*flow{y}
	if fwd.States {
		out = append(out, states(c.name, append(fwd.state, bwd.state...))...)
	}
	return out, nil
}
