package onnx

import "slices"

func init() {
	register("",
		version{"SequenceEmpty", 11, 0, 0, 1, func(n *nodeDef) op {
			n.ignore("dtype")
			return opFunc(func(c *call) { c.set(0, &Sequence{}) })
		}},
		version{"SequenceConstruct", 11, 1, many, 1, plain(func(c *call) { c.set(0, &Sequence{slices.Clone(c.in)}) })},
		version{"SequenceLength", 11, 1, 1, 1, plain(func(c *call) { c.set(0, scalar(int64(len(c.sequence(0).Values)))) })},
		version{"SequenceAt", 11, 2, 2, 1, plain(func(c *call) {
			s := c.sequence(0)
			c.set(0, s.Values[indexOf(c.tensor(1).one(), len(s.Values))])
		})},
		version{"SequenceInsert", 11, 2, 3, 1, plain(sequenceInsert)},
		version{"SequenceErase", 11, 1, 2, 1, plain(sequenceErase)},
		version{"SequenceMap", 17, 1, many, many, sequenceMap},
		version{"SplitToSequence", 11, 1, 2, 1, splitToSequence},
		version{"ConcatFromSequence", 11, 1, 1, 1, concatFromSequence},
		version{"Optional", 15, 0, 1, 1, optional},
		version{"OptionalHasElement", 15, 0, 1, 1, plain(func(c *call) {
			has := len(c.in) > 0 && c.in[0] != nil
			if o, ok := first(c.in).(*Optional); ok {
				has = o.Value != nil
			}
			c.set(0, scalar(has))
		})},
		version{"OptionalGetElement", 15, 1, 1, 1, plain(func(c *call) {
			v := c.in[0]
			if o, ok := v.(*Optional); ok {
				v = o.Value
			}
			if v == nil {
				fail("the optional is empty")
			}
			c.set(0, v)
		})},
	)
}

func first(in []Value) Value {
	if len(in) == 0 {
		return nil
	}
	return in[0]
}

// sequence is input i, which must be a sequence.
func (c *call) sequence(i int) *Sequence {
	v := c.in[i]
	if o, ok := v.(*Optional); ok {
		v = o.Value
	}
	s, ok := v.(*Sequence)
	if !ok {
		fail("input %d has to be a sequence", i)
	}
	return s
}

// position is where to insert or erase: an optional input, the last by default.
func (c *call) position(input, last int) int {
	if t := c.opt(input); t != nil {
		return indexOf(t.one(), last+1)
	}
	return last
}

func sequenceInsert(c *call) {
	s := c.sequence(0).Values
	at := len(s)
	if t := c.opt(2); t != nil {
		if at = t.one(); at < 0 {
			at += len(s)
		}
		if at < 0 || at > len(s) {
			fail("position %d in a sequence of %d", t.one(), len(s))
		}
	}
	c.set(0, &Sequence{slices.Insert(slices.Clone(s), at, c.in[1])})
}

func sequenceErase(c *call) {
	s := c.sequence(0).Values
	at := c.position(1, len(s)-1)
	if len(s) == 0 {
		fail("the sequence is empty")
	}
	c.set(0, &Sequence{slices.Delete(slices.Clone(s), at, at+1)})
}

// sequenceMap runs its body for the elements of its sequences; what is no sequence
// is the same for all.
func sequenceMap(n *nodeDef) op {
	body := n.graph("body")
	return opFunc(func(c *call) {
		length := len(c.sequence(0).Values)
		out := make([]*Sequence, len(body.outputs))
		made := c.stack(len(out))
		for k := range out {
			out[k] = &Sequence{}
		}
		for i := range length {
			in := slices.Clone(c.in)
			for k, v := range in {
				if s, ok := v.(*Sequence); ok {
					if len(s.Values) != length {
						fail("sequences of %d and %d", length, len(s.Values))
					}
					in[k] = s.Values[i]
				}
			}
			for k, v := range c.sub(body, in...) {
				out[k].Values = append(out[k].Values, v)
				if t, ok := v.(*Tensor); ok {
					made[k] = append(made[k], t)
				}
			}
		}
		for k, s := range out {
			c.set(k, s)
		}
	})
}

func splitToSequence(n *nodeDef) op {
	axis, keep := n.int("axis", 0), n.bool("keepdims", true)
	return opFunc(func(c *call) {
		x := c.tensor(0)
		a := axisOf(axis, len(x.Shape))
		total, sizes, drop := x.Shape[a], []int(nil), false
		switch t := c.opt(1); {
		case t == nil:
			sizes, drop = slices.Repeat([]int{1}, total), !keep
		case len(t.Shape) == 0:
			each := t.one()
			if each < 1 {
				fail("into parts of %d", each)
			}
			for left := total; left > 0; left -= each {
				sizes = append(sizes, min(each, left))
			}
		default:
			sizes = t.list()
		}
		s, at := &Sequence{}, 0
		for _, d := range sizes {
			if d < 0 || at+d > total {
				fail("%v along axis %d into %v", x.Shape, axis, sizes)
			}
			p := part(x, a, at, at+d)
			if drop {
				p = p.view(slices.Delete(slices.Clone(p.Shape), a, a+1))
			}
			s.Values = append(s.Values, p)
			at += d
		}
		if at != total {
			fail("%v along axis %d into %v", x.Shape, axis, sizes)
		}
		c.set(0, s)
	})
}

func concatFromSequence(n *nodeDef) op {
	n.must("axis")
	axis, fresh := n.int("axis", 0), n.bool("new_axis", false)
	return opFunc(func(c *call) {
		var list []*Tensor
		for _, v := range c.sequence(0).Values {
			list = append(list, scanned(v))
		}
		if len(list) == 0 {
			fail("the sequence is empty")
		}
		if fresh {
			c.set(0, stack(list, axis))
		} else {
			c.set(0, concat(list, axis))
		}
	})
}

func optional(n *nodeDef) op {
	n.ignore("type")
	return opFunc(func(c *call) { c.set(0, &Optional{first(c.in)}) })
}
