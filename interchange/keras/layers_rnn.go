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
	cells rnn.Configs
	width int
	space []int // places of its outputs, as in a flow
	state []int
	bind  func(param string, holders *[]*holder) // notes the weights of the cells, under the name of their parameters
}

// runner reads a recurrent layer that reads x. path is that of its weights.
func (b *builder) runner(o *object, x *flow, path string, frozen bool) (*runner, error) {
	r := &runner{}
	trains, err := o.trains()
	if err != nil {
		return nil, err
	}
	frozen = frozen || !trains
	if err := o.read(&r.unroll); err != nil {
		return nil, err
	}
	if r.TimeMajor {
		return nil, fmt.Errorf("time_major")
	}
	list, err := cellsOf(o, path)
	if err != nil {
		return nil, err
	}
	var binds []func(param string) *holder
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
		width, state, err := made.cell.Plan(r.width)
		if err != nil {
			return nil, err
		}
		r.cells = append(r.cells, made.cell)
		r.width, r.state = width, append(r.state, state...)
		binds = append(binds, func(param string) *holder {
			h := &holder{path: c.path, frozen: frozen}
			made.bind(h, param)
			return h
		})
	}
	r.bind = func(param string, holders *[]*holder) {
		for i, bind := range binds {
			name := param
			if len(binds) > 1 {
				name = fmt.Sprintf("%s.%d", param, i)
			}
			*holders = append(*holders, bind(name))
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
		return nil, fmt.Errorf("it reads something that is not a sequence")
	case zero && !r.Sequences && c.mask != "":
		return nil, fmt.Errorf("zero_output_for_mask for the last output of masked steps")
	case len(state) != 0 && len(state) != len(r.state):
		return nil, fmt.Errorf("a first state of %d entries where there are %d", len(state), len(r.state))
	}
	op := &graph.RNN{Cells: r.cells, Last: !r.Sequences, Backwards: backwards, AsRead: asRead}
	if !zero {
		op.Masked = graph.Repeat
	}
	r.bind(name, &b.holders)
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

// mergeModes are the ways to merge the outputs of two directions.
var mergeModes = map[string]rnn.Merge{"concat": rnn.Concat, "sum": rnn.Sum, "mul": rnn.Multiply, "ave": rnn.Average}

// directions are the two layers of a Bidirectional.
type directions struct {
	fwd, bwd           *runner
	fwdState, bwdState []*flow // their first states
	mode               string  // mode of merging; "" for both outputs
}

// directions reads a Bidirectional that reads x.
func (b *builder) directions(c *call, x *flow) (d directions, err error) {
	o := struct {
		Layer    object
		Backward *object         `json:"backward_layer"`
		Merge    json.RawMessage `json:"merge_mode"` // null is a mode, and not the default
	}{Merge: json.RawMessage(`"concat"`)}
	if err = c.read(&o); err != nil {
		return d, err
	}
	var mode *string
	if err = json.Unmarshal(o.Merge, &mode); err != nil {
		return d, err
	}
	if d.fwd, err = b.runner(&o.Layer, x, c.path+"forward_layer/", c.frozen); err != nil {
		return d, err
	}
	back := &o.Layer
	if o.Backward != nil {
		back = o.Backward
	}
	if d.bwd, err = b.runner(back, x, c.path+"backward_layer/", c.frozen); err != nil {
		return d, err
	}
	fwd, bwd := d.fwd, d.bwd
	if mode != nil {
		d.mode = *mode
		if _, ok := mergeModes[d.mode]; !ok {
			return d, fmt.Errorf("unknown merge_mode %q", d.mode)
		}
	}
	switch n := len(fwd.state) + len(bwd.state); {
	case (fwd.space != nil || bwd.space != nil) && (d.mode == "" || d.mode == "concat"):
		return d, fmt.Errorf("directions of places in space that are put side by side")
	case fwd.Backwards || o.Backward != nil && !bwd.Backwards:
		return d, fmt.Errorf("its forward layer goes backwards or its backward layer does not")
	case fwd.Sequences != bwd.Sequences || fwd.States != bwd.States:
		return d, fmt.Errorf("its two layers return different things")
	case len(c.state) > 0 && (len(c.state) != n || len(fwd.state) != len(bwd.state)):
		return d, fmt.Errorf("a first state of %d entries where there are %d", len(c.state), n)
	case d.mode != "" && d.mode != "concat" && fwd.width != bwd.width:
		return d, fmt.Errorf("outputs %d and %d wide cannot be merged by %s", fwd.width, bwd.width, d.mode)
	}
	d.fwdState, d.bwdState = c.state[:len(c.state)/2], c.state[len(c.state)/2:]
	fwd.Zero, bwd.Zero = &fwd.Sequences, &fwd.Sequences // as Keras forces
	return d, nil
}

func (b *builder) bidirectional(c *call) ([]*flow, error) {
	x, err := c.sequenceOf()
	if err != nil {
		return nil, err
	}
	d, err := b.directions(c, x)
	if err != nil {
		return nil, err
	}
	if d.mode == "" {
		return b.bothOutputs(c, d)
	}
	return b.merged(c, x, d)
}

// bothOutputs adds the directions as layers of their own.
func (b *builder) bothOutputs(c *call, d directions) ([]*flow, error) {
	name := b.unused(c.name + "_backward")
	f, err := b.run(c, c.name, d.fwd, false, false, d.fwdState)
	if err != nil {
		return nil, err
	}
	r, err := b.run(c, name, d.bwd, true, false, d.bwdState)
	if err != nil {
		return nil, err
	}
	return append([]*flow{f[0], r[0]}, append(f[1:], r[1:]...)...), nil
}

// merged adds the directions as one layer.
func (b *builder) merged(c *call, x *flow, d directions) (out []*flow, err error) {
	op := &graph.Bidirectional{Fwd: d.fwd.cells, Bwd: d.bwd.cells, Last: !d.fwd.Sequences, Merge: mergeModes[d.mode]}
	width := d.fwd.width
	if op.Merge == rnn.Concat {
		width += d.bwd.width
	}
	d.fwd.bind(c.name+".fwd", &b.holders)
	d.bwd.bind(c.name+".bwd", &b.holders)
	if x, err = b.masked(x, c.mask); err != nil {
		return nil, err
	}
	mask := ""
	if d.fwd.Sequences {
		mask = c.mask
	}
	y := b.add(c.name, op, width, d.fwd.Sequences, x.steps, mask, append([]*flow{x}, c.state...)...)
	y.space = d.fwd.space
	if d.fwd.Sequences {
		if y, err = b.masked(y, c.through); err != nil {
			return nil, err
		}
	}
	out = []*flow{y}
	if d.fwd.States {
		out = append(out, states(c.name, append(d.fwd.state, d.bwd.state...), d.fwd.space)...)
	}
	return out, nil
}
