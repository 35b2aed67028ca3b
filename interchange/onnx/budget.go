package onnx

import "reflect"

// A budget bounds what the live results of a run take together, where maxBytes bounds each.
// Results are counted once they are made, so that a run may take one result more than that.
// All frames of a run share one budget. Adding up what is made is cheap; what is alive is counted
// only when so much has been made that it may be too much.
type budget struct {
	most int // bytes
	made int // bytes of results since the live ones were counted
	live int // bytes of these
	kept int // bytes of results that became constants
}

// maxLive is what the live results of a run may take, however little is given.
var maxLive = 512 << 20

// newBudget allows for results in proportion to what is given: weights and inputs.
func newBudget(given int) *budget { return &budget{most: maxLive + 64*min(given, 1<<40)} }

// add counts the results of a step, which f has not kept yet.
func (b *budget) add(f *frame, out []Value) {
	for _, v := range out {
		b.made += bytesIn(v)
	}
	if b.made+b.live <= b.most {
		return
	}
	c := counter{seen: map[uintptr]bool{}}
	for _, v := range out {
		c.add(v)
	}
	for ; f != nil; f = f.outer {
		for i, v := range f.values {
			if v != nil && f.plan.consts[i] == nil {
				c.add(v)
			}
		}
		for _, stacks := range f.stacks {
			for _, list := range stacks {
				for _, t := range list {
					c.add(t)
				}
			}
		}
	}
	if b.made, b.live = 0, c.bytes; b.live > b.most {
		fail("with it the live results of the run take %d bytes, more than the %d allowed", b.live, b.most)
	}
}

// fold counts results that stay as long as the model does.
func (b *budget) fold(out []Value) {
	for _, v := range out {
		b.kept += bytesIn(v)
	}
	if b.kept > b.most {
		fail("with it the constants of the model take %d bytes, more than the %d allowed", b.kept, b.most)
	}
}

// bytesIn is the memory of a value, were none of it shared.
func bytesIn(v Value) int {
	switch v := v.(type) {
	case *Tensor:
		if v == nil {
			return 0
		}
		size := 4
		if v.DType != Float32 {
			size = v.DType.memory()
		}
		return 64 + size*product(v.Shape)
	case *Sequence:
		return 64 + 16*len(v.Values) // elements are results of their own
	case *Optional:
		return bytesIn(v.Value)
	}
	return 0
}

// A counter adds up the memory of values that may share it.
type counter struct {
	seen  map[uintptr]bool
	bytes int
}

func (c *counter) add(v Value) {
	switch v := v.(type) {
	case *Tensor:
		if v == nil {
			return
		}
		if at := reflect.ValueOf(v.data).Pointer(); !c.seen[at] {
			c.seen[at] = true
			c.bytes += bytesIn(v)
		}
	case *Sequence:
		c.bytes += bytesIn(v)
		for _, e := range v.Values {
			c.add(e)
		}
	case *Optional:
		c.add(v.Value)
	}
}

// given is the memory of the constants of a plan and its subgraphs.
func (p *plan) given() (n int) {
	for _, v := range p.consts {
		if v != nil {
			n += bytesIn(v)
		}
	}
	for _, st := range p.steps {
		for _, sub := range st.subplans {
			n += sub.given()
		}
	}
	return n
}
