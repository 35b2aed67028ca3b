package onnx

import (
	"context"
	"runtime"
	"slices"

	"github.com/recur-go/recur/tensor"
)

// A frame holds the values of one run of a plan.
type frame struct {
	plan   *plan
	values []Value // values by slot
	outer  *frame  // frame of the graph around it, nil for that of the model
	budget *budget
	folds  bool          // results become constants
	stacks [][][]*Tensor // what its loops have stacked so far
}

// run runs the plan of a model.
func (p *plan) run(ctx context.Context, b *budget, inputs []Value) ([]Value, error) {
	f := &frame{plan: p, values: make([]Value, len(p.consts)), budget: b}
	return f.run(ctx, inputs)
}

// run may be called again, as loops do.
func (f *frame) run(ctx context.Context, inputs []Value) ([]Value, error) {
	p := f.plan
	copy(f.values, p.consts)
	for _, c := range p.captures {
		f.values[c.inner] = f.outer.values[c.outer]
	}
	for i, slot := range p.inputs {
		f.values[slot] = inputs[i]
	}
	for _, st := range p.steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out, err := f.step(ctx, st)
		if err != nil {
			return nil, err
		}
		for i, slot := range st.out {
			if slot >= 0 {
				f.values[slot] = out[i]
			}
		}
		for _, slot := range st.free {
			f.values[slot] = nil
		}
	}
	out := make([]Value, len(p.outputs))
	for i, slot := range p.outputs {
		if slot < 0 || f.values[slot] == nil {
			return nil, &GraphError{Reason: "an output is an input that is absent"}
		}
		out[i] = f.values[slot]
	}
	return out, nil
}

// step runs a node. Operators panic where their inputs do not fit.
func (f *frame) step(ctx context.Context, st *step) (out []Value, err error) {
	c := call{ctx: ctx, node: st, frame: f, in: make([]Value, len(st.in)), out: make([]Value, len(st.out))}
	for i, slot := range st.in {
		if slot >= 0 {
			c.in[i] = f.values[slot]
		}
	}
	defer func() {
		if r := recover(); r != nil {
			err = &RunError{st.name, st.opType, panicked(r)}
		}
	}()
	stacks := len(f.stacks)
	st.op.run(&c)
	f.stacks = f.stacks[:stacks]
	for i, slot := range st.out {
		if slot >= 0 && c.out[i] == nil {
			fail("does not give output %d", i)
		}
		if t, ok := c.out[i].(*Tensor); ok {
			t.roundTo()
		}
	}
	if f.folds {
		f.budget.fold(c.out)
	} else {
		f.budget.add(f, c.out)
	}
	return c.out, nil
}

// panicked makes an error of what an operator panicked with.
func panicked(r any) error {
	switch r := r.(type) {
	case opError:
		return r
	case *tensor.ShapeError:
		return r
	case *UnsupportedError:
		return r
	case *stopped:
		return r.error
	case runtime.Error:
		return &internalError{r}
	}
	panic(r)
}

// A stopped is the error of a subgraph, on its way through its operator.
type stopped struct{ error }

// sub runs a subgraph of the node.
func (c *call) sub(p *plan, inputs ...Value) []Value {
	return c.again(c.inner(p), inputs)
}

// inner makes a frame for a subgraph of the node.
func (c *call) inner(p *plan) *frame {
	return &frame{plan: p, values: make([]Value, len(p.consts)), outer: c.frame, budget: c.frame.budget}
}

// stack makes n lists for what a loop stacks, until the node is done.
func (c *call) stack(n int) [][]*Tensor {
	lists := make([][]*Tensor, n)
	c.frame.stacks = append(c.frame.stacks, lists)
	return lists
}

// again runs a frame of a subgraph.
func (c *call) again(f *frame, inputs []Value) []Value {
	if len(inputs) != len(f.plan.inputs) {
		fail("a subgraph has %d inputs, want %d", len(f.plan.inputs), len(inputs))
	}
	out, err := f.run(c.ctx, inputs)
	if err != nil {
		panic(&stopped{err})
	}
	return out
}

// prepare computes what never changes, and lets operators pack it. Nodes of a
// subgraph that fail are left to fail when they run, as they may never do.
func (p *plan) prepare(ctx context.Context, outer *plan, b *budget) error {
	for _, c := range p.captures {
		if p.constant[c.inner] {
			p.consts[c.inner] = outer.consts[c.outer]
		}
	}
	f := &frame{plan: p, values: p.consts, budget: b, folds: true}
	var kept []*step
	for _, st := range p.steps {
		fixed := st.pure && len(st.out) > 0
		for _, i := range st.in {
			fixed = fixed && (i < 0 || p.consts[i] != nil)
		}
		for _, i := range st.out {
			fixed = fixed && (i < 0 || p.constant[i])
		}
		if fixed {
			if err := ctx.Err(); err != nil {
				return err
			}
			out, err := f.step(ctx, st)
			switch {
			case err == nil:
				for i, slot := range st.out {
					if slot >= 0 {
						p.consts[slot] = out[i]
					}
				}
				continue
			case outer == nil:
				return err
			}
		}
		kept = append(kept, st)
	}
	p.steps = kept
	for _, st := range p.steps {
		for _, sub := range st.subplans {
			if err := sub.prepare(ctx, p, b); err != nil {
				return err
			}
		}
	}
	p.pack()
	return nil
}

// pack lets operators prepare for their constants, and forgets what is not read.
func (p *plan) pack() {
	read := make([]bool, len(p.consts))
	for _, st := range p.steps {
		in := make([]Value, len(st.in))
		for i, slot := range st.in {
			if slot >= 0 {
				in[i] = p.consts[slot]
			}
		}
		done := map[int]bool{}
		if pre, ok := st.op.(preparer); ok {
			for _, i := range prepared(pre, in) {
				done[i] = true
			}
		}
		for i, slot := range st.in {
			switch {
			case slot < 0:
			case done[i]:
				st.in[i] = -1
			default:
				read[slot] = true
			}
		}
		for _, sub := range st.subplans {
			for _, c := range sub.captures {
				if !p.constant[c.outer] || sub.consts[c.inner] == nil || sub.reads(c.inner) {
					read[c.outer] = true
				}
			}
		}
	}
	for _, i := range p.outputs {
		if i >= 0 {
			read[i] = true
		}
	}
	for i := range p.consts {
		if !read[i] {
			p.consts[i] = nil
		}
	}
}

// prepared is prepare for inputs that may not fit, which run will report.
func prepared(op preparer, in []Value) (done []int) {
	defer func() {
		if r := recover(); r != nil {
			panicked(r)
			done = nil
		}
	}()
	return op.prepare(in)
}

// reads reports whether a step or an output still reads a slot.
func (p *plan) reads(slot int) bool {
	return slices.Contains(p.outputs, slot) || slices.ContainsFunc(p.steps, func(st *step) bool {
		return slices.Contains(st.in, slot) || slices.ContainsFunc(st.subplans, func(sub *plan) bool {
			return slices.ContainsFunc(sub.captures, func(c capture) bool { return c.outer == slot })
		})
	})
}
