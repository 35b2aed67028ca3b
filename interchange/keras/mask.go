package keras

import (
	"fmt"
	"slices"
	"strings"

	"github.com/recur-go/recur/model/graph"
)

// A mask that travels with a sequence marks which of its steps are there. While a
// model is built a mask is the text of the condition that makes it, so that two masks
// can be compared: "ids≠0" for an Embedding or a Masking, and where Keras 3 merges
// sequences, conditions of which one must hold: "a≠0|b≠0". An empty mask masks nothing.
//
// Keras 3 writes the operations that make masks into functional models, beside the
// layers, and which layer gets which. They are read for that alone.

// A mask is the result of an operation on masks.
type mask struct {
	class, layer string
	is           string
	ok           bool // else nobody but another operation may read it
}

func condition(t *flow, value string) string { return t.name + "≠" + value }

// anyOf is the mask of the steps that any of the given masks has; "" if one of them has
// all steps and is not nothing.
func anyOf(masks ...string) string {
	var list []string
	for _, m := range masks {
		list = append(list, strings.Split(m, "|")...)
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), "|")
}

// maskOp follows an operation beside the layers.
func (b *builder) maskOp(l *object, args [][]*flow, kw arguments) ([]*flow, error) {
	m := &mask{class: l.Class, layer: l.name()}
	const nothing = "nothing" // a mask without steps
	var in []*flow
	for _, list := range args {
		in = append(in, list...)
	}
	one := func() bool { return len(in) > 0 && in[0].op != nil && in[0].op.ok }
	switch l.Class {
	case "NotEqual":
		if len(in) == 2 && in[0].op == nil && in[1].op != nil && in[1].op.class == "number" {
			m.is, m.ok = condition(in[0], number(in[1].name)), true
		}
	case "Any", "ExpandDims", "Squeeze", "Cast", "BroadcastTo":
		if one() {
			m.is, m.ok = in[0].op.is, true
		}
	case "ZerosLike":
		m.is, m.ok = nothing, true
	case "OnesLike":
		m.is, m.ok = "", true
	case "LogicalOr", "Concatenate":
		var list []string
		m.ok = len(in) > 0
		all := false
		for _, t := range in {
			if t.op == nil || !t.op.ok {
				if t.op == nil || t.op.class != "number" {
					m.ok = false
				}
				continue
			}
			switch t.op.is {
			case "":
				all = true
			case nothing:
			default:
				list = append(list, t.op.is)
			}
		}
		if !all && len(list) > 0 {
			m.is = anyOf(list...)
		}
	}
	return []*flow{{name: m.layer, op: m, input: -1, width: -1, steps: -1}}, nil
}

// number is a number of a JSON in one form.
func number(s string) string {
	var v float64
	if _, err := fmt.Sscan(s, &v); err != nil {
		return s
	}
	return fmt.Sprint(v)
}

// arguments sorts the arguments of a call: what a layer reads, its first state and its
// mask, by the rules of Keras.
func (b *builder) arguments(c *call, args [][]*flow, kw arguments) error {
	c.in, c.state = args[0], kw.state
	recurrent := recurrentLayers[c.Class]
	switch {
	case recurrent && len(args) > 1 && len(args[1]) > 0 && len(c.state) == 0: // positional
		c.state = args[1]
		args = append(args[:1:1], args[2:]...)
	case recurrent && len(c.in) > 1: // in one list, in Keras 2
		c.in, c.state = c.in[:1], append(c.in[1:len(c.in):len(c.in)], c.state...)
	}
	for _, more := range args[1:] {
		if len(more) > 0 {
			return fmt.Errorf("it is called with %d arguments", len(args))
		}
	}
	for _, t := range c.state {
		if t.op != nil {
			return fmt.Errorf("it reads %s %q, which is not a layer", t.op.class, t.op.layer)
		}
	}
	c.through = c.in[0].mask
	if len(kw.masks) > 0 {
		m := kw.masks[0].op
		if len(kw.masks) > 1 || m == nil || !m.ok {
			return fmt.Errorf("its mask is not one that an Embedding or a Masking makes")
		}
		c.mask, c.through = m.is, m.is
		return nil
	}
	c.mask = c.through
	if len(c.state) > 0 && b.version >= 3 { // Keras 3 looks for a mask only if there is one argument
		c.mask = ""
	}
	return nil
}

// masked is t with another mask.
func (b *builder) masked(t *flow, mask string) (*flow, error) {
	if t.mask == mask || !t.sequence {
		return t, nil
	}
	from := []*flow{t}
	if mask != "" {
		name, ok := b.carrier[mask]
		if !ok {
			return nil, fmt.Errorf("its mask %s is of no tensor", mask)
		}
		from = append(from, &flow{name: name})
	}
	y := b.add(b.unused(t.name+"_mask"), &graph.Mask{}, t.width, true, t.steps, mask, from...)
	y.space = t.space
	return y, nil
}
