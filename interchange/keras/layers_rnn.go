package keras

import (
	"encoding/json"
	"fmt"

	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
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
	space []int // of its outputs, as a flow has it
	state []int
	hold  func(param string, holders *[]*holder) // notes the weights of the cells, under the name of their parameters
}

// runner reads a recurrent layer that reads x. path is that of its weights.
func (b *builder) runner(o *object, x *flow, path string, frozen bool) (*runner, error) {
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
	r.width = x.width
	for _, c := range list {
		var made madeCell
		switch rank := convolutional[o.Class]; {
		case rank != len(x.space):
			err = fmt.Errorf("a %s that reads steps of %v places", o.Class, x.space)
		case rank > 0:
			made, r.space, err = b.convCell(&c.object, x)
		default:
			made, err = b.cell(&c.object, r.width)
		}
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

func (b *builder) recurrent(c *call) ([]*flow, error) {
	x, err := c.input()
	if err != nil {
		return nil, err
	}
	r, err := b.runner(c.object, x, c.path, c.frozen)
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
	y.space = r.space
	if r.Sequences && y.mask != c.through {
		if y, err = b.masked(y, c.through); err != nil {
			return nil, err
		}
	}
	out := []*flow{y}
	if r.States {
		out = append(out, states(name, r.state, r.space)...)
	}
	return out, nil
}

// states are the results of a recurrent layer after the first.
func states(name string, sizes, space []int) (list []*flow) {
	for i, n := range sizes {
		list = append(list, &flow{name: fmt.Sprintf("%s:%d", name, i+1), width: n, steps: -1, input: -1, space: space})
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
	fwd, err := b.runner(&o.Layer, x, c.path+"forward_layer/", c.frozen)
	if err != nil {
		return nil, err
	}
	back := &o.Layer
	if o.Backward != nil {
		back = o.Backward
	}
	bwd, err := b.runner(back, x, c.path+"backward_layer/", c.frozen)
	if err != nil {
		return nil, err
	}
	switch {
	case (fwd.space != nil || bwd.space != nil) && (o.Merge == nil || *o.Merge == "concat"):
		return nil, fmt.Errorf("directions of places in space that are put side by side")
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
	y.space = fwd.space
	if fwd.Sequences {
		if y, err = b.masked(y, c.through); err != nil {
			return nil, err
		}
	}
	out := []*flow{y}
	if fwd.States {
		out = append(out, states(c.name, append(fwd.state, bwd.state...), fwd.space)...)
	}
	return out, nil
}
