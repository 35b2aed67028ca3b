package tensorflow

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/tf1"
	"github.com/recur-go/recur/tensor"
)

// inner is the cells that a wrapper holds, whose variables lie under its scope, and the
// wrapper's own variables.
func (c *cellVars) inner() (own map[string]*Variable, list []*cellVars, err error) {
	own = map[string]*Variable{}
	var vars []*Variable
	for name, v := range c.vars {
		if p := cellName.FindStringSubmatch(name); p == nil {
			own[name] = v
		} else {
			within := *v
			within.Name = name
			vars = append(vars, &within)
		}
	}
	modules, err := modules(vars, "", nil)
	if err != nil {
		return nil, nil, err
	}
	if len(modules) != 1 || modules[0].name != "" || modules[0].both || len(modules[0].vars) > 0 {
		return nil, nil, fmt.Errorf("it does not wrap cells that are known")
	}
	return own, modules[0].cells, nil
}

// attention maps AttentionCellWrapper, which attends to its last outputs. How many is
// not in a checkpoint.
func (c *cellVars) attention(o options, param string) (k mappedCell, err error) {
	own, list, err := c.inner()
	if err != nil {
		return k, err
	}
	if o.Length < 1 {
		return k, fmt.Errorf(`how many outputs it attends to is not in a checkpoint; give "attn_length"`)
	}
	for _, cell := range list {
		if cell.kind == c.kind {
			return k, fmt.Errorf("attention within attention is not supported")
		}
	}
	s, err := stack(list, o.SpecLayer, param+".cell")
	if err != nil {
		return k, err
	}
	c.vars = own
	vec, err := c.size("attention/attn_v", 1, 1)
	if err != nil {
		return k, err
	}
	width, err := c.size("attn_output_projection/bias", 1, 1)
	if err != nil {
		return k, err
	}
	if k.in, err = c.above("kernel", width); err != nil {
		return k, err
	}
	k.cell, k.out = rnn.Config{Hidden: width, Options: tf1.AttentionOptions{Cells: s.cells, In: s.in, Vec: vec, Length: o.Length}}, width
	var order []int // of the blocks of rows of the query's kernel here, each with its size
	state, at := 0, s.in
	for _, cell := range s.cells {
		out, sizes, err := cell.Plan(at)
		if err != nil {
			return k, err
		}
		at = out
		for _, n := range sizes {
			state += n
		}
		order = append(order, turned(sizes, state)...)
	}
	query, err := c.take("attention/kernel", state, vec)
	if err != nil {
		return k, err
	}
	k.fill, err = c.parts(param,
		part{"kernel", ".in", []int{k.in + width, s.in}}, part{"bias", ".inbias", []int{s.in}},
		part{"attention/attn_w", ".memory", []int{1, 1, width, vec}}, part{"attention/attn_v", ".v", []int{vec}}, part{"attention/bias", ".querybias", []int{vec}},
		part{"attn_output_projection/kernel", ".out", []int{s.out + width, width}}, part{"attn_output_projection/bias", ".outbias", []int{width}})
	k.fill = append(append(k.fill, s.fill...), func(to map[string]*grad.Var) error {
		dst := to[param+".query"].Value.Data
		return rows(query, func(i int, row []tensor.Float) { copy(dst[order[i]*vec:], row) })
	})
	return k, err
}

// turned gives for each row of TensorFlow's state of a cell, which has c before h, the row
// here, for a state that ends at the given row.
func turned(sizes []int, end int) (to []int) {
	first := end
	for _, n := range sizes {
		first -= n
	}
	if len(sizes) != 2 {
		for i := first; i < end; i++ {
			to = append(to, i)
		}
		return to
	}
	h, c := sizes[0], sizes[1]
	for i := range c {
		to = append(to, first+h+i)
	}
	for i := range h {
		to = append(to, first+i)
	}
	return to
}
