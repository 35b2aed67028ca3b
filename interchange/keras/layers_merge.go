package keras

import (
	"fmt"
	"slices"
	"strings"

	"github.com/recur-go/recur/model/graph"
)

// inputs are those of a layer that merges them: of one kind, and where it is known of
// as many steps.
func (c *call) inputs() error {
	if len(c.in) < 2 {
		return fmt.Errorf("%d inputs where there must be more", len(c.in))
	}
	for _, t := range c.in {
		if err := t.known(); err != nil {
			return err
		}
		if first := c.in[0]; t.sequence != first.sequence || t.steps >= 0 && first.steps >= 0 && t.steps != first.steps {
			return fmt.Errorf("its inputs are of different shapes")
		}
	}
	return nil
}

// mergedMask is the mask of merged inputs: in Keras 2 a step is there if it is in all
// of them; in Keras 3 if it is in any, and without a mask, which missing gives, if one
// input has none.
func (b *builder) mergedMask(in []*flow) (mask string, some bool) {
	var list []string
	for _, t := range in {
		if t.mask != "" {
			list = append(list, t.mask)
		}
	}
	switch {
	case len(list) == 0:
		return "", false
	case b.version >= 3 && len(list) < len(in):
		return "", true
	case b.version >= 3:
		return anyOf(list...), true
	}
	mask = list[0]
	for _, m := range list[1:] {
		if m != mask && !strings.Contains(mask, m+"&") && !strings.HasSuffix(mask, "&"+m) {
			mask += "&" + m
		}
	}
	return mask, true
}

func (b *builder) merge(c *call) ([]*flow, error) {
	if err := c.inputs(); err != nil {
		return nil, err
	}
	x := c.in[0]
	for _, t := range c.in[1:] {
		if t.width != x.width {
			return nil, fmt.Errorf("its inputs are %d and %d wide", x.width, t.width)
		}
		if !slices.Equal(t.space, x.space) {
			return nil, fmt.Errorf("its inputs have %v and %v places", x.space, t.space)
		}
	}
	by := strings.ToLower(c.Class)
	if by == "add" {
		by = "sum"
	}
	mask, _ := b.mergedMask(c.in)
	y := b.add(c.name, &graph.Merge{By: by, AnyMask: b.version >= 3}, x.width, x.sequence, x.steps, mask, c.in...)
	y.space = x.space
	return []*flow{y}, nil
}

func (b *builder) concatenate(c *call) ([]*flow, error) {
	var o struct{ Axis numbers }
	if err := c.inputs(); err != nil {
		return nil, err
	}
	if err := c.read(&o); err != nil {
		return nil, err
	}
	if err := axisIsLast(o.Axis, c.in[0]); err != nil {
		return nil, err
	}
	width := 0
	for _, t := range c.in {
		width += t.width
	}
	x := c.in[0]
	mask, _ := b.mergedMask(c.in)
	return []*flow{b.add(c.name, &graph.Concat{AnyMask: b.version >= 3}, width, x.sequence, x.steps, mask, c.in...)}, nil
}

func (b *builder) flatten(c *call) ([]*flow, error) {
	x, err := c.input()
	switch {
	case err != nil:
		return nil, err
	case !x.sequence:
		y := *x
		y.space = nil
		return []*flow{&y}, nil
	case x.steps < 1:
		return nil, fmt.Errorf("it flattens a sequence whose steps are not fixed")
	}
	return []*flow{b.add(c.name, &graph.Flatten{Steps: x.steps}, x.width*x.steps, false, -1, "", x)}, nil
}

// reshape is known where the order of the values in memory stays: from a sequence to a
// vector, a vector to a sequence, and so on. target_shape may have one -1, which is what
// is left; where the steps of the input are not fixed it may only be the steps.
func (b *builder) reshape(c *call) ([]*flow, error) {
	var o struct {
		Target numbers `json:"target_shape"`
	}
	x, err := c.inputWith(&o)
	if err != nil {
		return nil, err
	}
	target := append(numbers(nil), o.Target...)
	known, free := 1, -1
	for i, n := range target {
		switch {
		case n == -1 && free < 0:
			free = i
		case n < 1 || n > 1<<22 || known > 1<<22:
			return nil, fmt.Errorf("target_shape %v", []int(o.Target))
		default:
			known *= n
		}
	}
	if len(target) == 2 && x.sequence && free <= 0 && target[1] == x.width && (free == 0 || target[0] == x.steps) {
		return []*flow{b.add(c.name, &graph.Mask{}, x.width, true, x.steps, "", x)}, nil // it only drops the mask
	}
	total := x.width
	switch {
	case x.sequence && x.steps > 0:
		total *= x.steps
	case x.sequence && free < 0:
		total = known
	case x.sequence:
		return nil, fmt.Errorf("it reshapes a sequence whose steps are not fixed to target_shape %v", []int(o.Target))
	}
	if free >= 0 {
		target[free] = total / known
		known *= target[free]
	}
	if len(target) < 1 || len(target) > 2 || known != total || total%x.width != 0 {
		return nil, fmt.Errorf("from %d values to target_shape %v", total, []int(o.Target))
	}
	name := c.name
	if x.sequence { // to a vector first
		if len(target) > 1 {
			name = b.unused(name + "_flat")
		}
		x = b.add(name, &graph.Flatten{Steps: total / x.width}, total, false, -1, "", x)
	}
	if len(target) == 1 {
		return []*flow{x}, nil
	}
	return []*flow{b.add(c.name, &graph.Steps{Steps: target[0]}, target[1], true, target[0], "", x)}, nil
}

func (b *builder) repeat(c *call) ([]*flow, error) {
	var o struct{ N int }
	x, err := c.inputWith(&o)
	if err == nil && x.sequence {
		err = fmt.Errorf("it repeats a sequence, not a vector")
	}
	if err != nil {
		return nil, err
	}
	return []*flow{b.add(c.name, &graph.RepeatVector{Steps: o.N}, x.width, true, o.N, "", x)}, nil
}
