package tensorflow

import (
	"fmt"
	"strings"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// recurrent maps cells of TensorFlow 1: one, several over each other, or two stacks of
// both directions, whose outputs are put side by side.
func (m *module) recurrent(l SpecLayer) (*mapped, error) {
	if len(m.vars) > 0 || len(m.cells) == 0 {
		return nil, fmt.Errorf("its variables are not those of cells")
	}
	if m.asks() && l.ForgetBias == nil {
		one := 1.0
		l.ForgetBias = &one
		return nil, &MapError{Module: m.name, Spec: &Spec{Layers: []SpecLayer{l}},
			Reason: `its cells are LSTMs, whose forget bias is added at run time and is not in a checkpoint; give "forget_bias" (TensorFlow's default is 1)`}
	}
	var fw, bw []*cellVars
	for _, c := range m.cells {
		if c.bw {
			bw = append(bw, c)
		} else {
			fw = append(fw, c)
		}
	}
	r := &mapped{}
	stack := func(list []*cellVars, param string) (cells graph.Cells, in int, err error) {
		width := -1
		for i, c := range list {
			name := param
			if len(list) > 1 {
				name = fmt.Sprintf("%s.%d", param, i)
			}
			if c.layer != i {
				return nil, 0, fmt.Errorf("cell %d of %s is missing", i, param)
			}
			k, err := c.toCell(l, name)
			if err != nil {
				return nil, 0, fmt.Errorf("%s: %w", c.scope, err)
			}
			if width >= 0 && k.in != width {
				return nil, 0, fmt.Errorf("%s reads %d values where the cell before it gives %d", c.scope, k.in, width)
			}
			if i == 0 {
				in = k.in
			}
			width = k.out
			cells, r.fill = append(cells, k.cell), append(r.fill, k.fill...)
		}
		return cells, in, nil
	}
	if !m.both {
		cells, in, err := stack(fw, l.Name)
		if err != nil {
			return nil, err
		}
		r.op, r.in = &graph.RNN{Cells: cells, Last: l.Last}, graph.Input{Width: in, Sequence: true}
		return r, nil
	}
	if len(fw) == 0 || len(bw) == 0 {
		return nil, fmt.Errorf("it has cells of one direction only")
	}
	f, in, err := stack(fw, l.Name+".fwd")
	if err != nil {
		return nil, err
	}
	b, other, err := stack(bw, l.Name+".bwd")
	if err != nil {
		return nil, err
	}
	if in != other {
		return nil, fmt.Errorf("its directions read %d and %d values", in, other)
	}
	r.op, r.in = &graph.Bidirectional{Fwd: f, Bwd: b, Last: l.Last}, graph.Input{Width: in, Sequence: true}
	return r, nil
}

// mappedCell is what a cell becomes.
type mappedCell struct {
	cell    graph.Cell
	in, out int
	fill    []task
}

func (c *cellVars) toCell(l SpecLayer, param string) (k mappedCell, err error) {
	var act rnn.Activation
	if l.CellActivation != "" && l.CellActivation != "tanh" {
		if act, err = rnn.ParseActivation(l.CellActivation); err != nil {
			return k, err
		}
	}
	switch {
	case c.kind == "basic_rnn_cell":
		k, err = c.basic(act, param)
	case strings.HasSuffix(c.kind, "lstm_cell") || c.kind == "lstm_block_cell":
		forget := 0.0
		if l.ForgetBias != nil && !strings.HasPrefix(c.kind, "cudnn") {
			forget = *l.ForgetBias
		}
		k, err = c.lstm(act, l, forget, param)
	case c.kind == "cudnn_compatible_gru_cell":
		k, err = c.cudnnGRU(act, param)
	default:
		k, err = c.gru(act, param)
	}
	if err == nil && len(c.vars) > 0 { // what the cell took is no longer there
		for _, v := range c.vars {
			return k, fmt.Errorf("its variable %q is none of a %s", v.Name, c.kind)
		}
	}
	return k, err
}

// take is a variable of the cell, which must be there.
func (c *cellVars) take(part string, dims ...int) (*Variable, error) {
	v, err := shaped(c.vars, part, dims...)
	if err == nil && v == nil {
		err = fmt.Errorf("it lacks its %s", part)
	}
	delete(c.vars, part)
	return v, err
}

// takeAll is take for several parts.
func (c *cellVars) takeAll(parts map[string][]int) (map[string]*Variable, error) {
	all := map[string]*Variable{}
	for part, dims := range parts {
		v, err := c.take(part, dims...)
		if err != nil {
			return nil, err
		}
		all[part] = v
	}
	return all, nil
}

// inputs is how many rows of a kernel [in+out, n] are those of the input.
func inputs(kernel *Variable, out int) (int, error) {
	in := kernel.Shape[0] - out
	if in < 1 {
		return 0, fmt.Errorf("its kernel is %v, for a state of %d", kernel.Shape, out)
	}
	return in, nil
}

func (c *cellVars) basic(act rnn.Activation, param string) (k mappedCell, err error) {
	w, err := c.take("kernel", -1, -1)
	if err != nil {
		return k, err
	}
	H := w.Shape[1]
	b, err := c.take("bias", H)
	if err != nil {
		return k, err
	}
	in, err := inputs(w, H)
	if err != nil {
		return k, err
	}
	k = mappedCell{cell: &graph.Basic{Hidden: H, Activation: act}, in: in, out: H}
	k.fill = []task{straight(param+".b", b), func(to map[string]*grad.Var) error {
		return rows(w, func(i int, row []tensor.Float) { copy(kernelRow(to, param, in, i, H), row) })
	}}
	return k, nil
}

// kernelRow is row i of a kernel whose first rows are those of Wx and whose others are those
// of Wh, both n wide.
func kernelRow(to map[string]*grad.Var, param string, in, i, n int) []tensor.Float {
	p := to[param+".wx"]
	if i >= in {
		p, i = to[param+".wh"], i-in
	}
	return p.Value.Data[i*n : (i+1)*n]
}

// lstm maps gates i, j, f, o, of which j is the candidate, to i, f, j, o, and adds the
// forget bias.
func (c *cellVars) lstm(act rnn.Activation, l SpecLayer, forget float64, param string) (k mappedCell, err error) {
	b, err := c.take("bias", -1)
	if err != nil {
		return k, err
	}
	H := b.Shape[0] / 4
	w, err := c.take("kernel", -1, 4*H)
	if err != nil {
		return k, err
	}
	o := &graph.LSTM{Hidden: H, Cand: act, Out: act}
	if c.kind != "basic_lstm_cell" { // which has no clips
		o.CellClip, o.ProjClip = l.CellClip, l.ProjClip
	}
	out := H
	if c.vars["projection/kernel"] != nil {
		p, err := c.take("projection/kernel", H, -1)
		if err != nil {
			return k, err
		}
		out = p.Shape[1]
		o.Projection = out
		k.fill = append(k.fill, straight(param+".wp", p))
	}
	if c.vars["w_i_diag"] != nil {
		o.Peepholes = true
		for i, part := range []string{"w_i_diag", "w_f_diag", "w_o_diag"} {
			v, err := c.take(part, H)
			if err != nil {
				return k, err
			}
			k.fill = append(k.fill, func(to map[string]*grad.Var) error { return Read(v, to[param+".p"].Value.Data[i*H:(i+1)*H]) })
		}
	}
	in, err := inputs(w, out)
	if err != nil {
		return k, err
	}
	k.cell, k.in, k.out = o, in, out
	gates := func(dst, row []tensor.Float) {
		copy(dst[:H], row[:H])
		copy(dst[H:2*H], row[2*H:3*H])
		copy(dst[2*H:3*H], row[H:2*H])
		copy(dst[3*H:], row[3*H:])
	}
	k.fill = append(k.fill, func(to map[string]*grad.Var) error {
		return rows(w, func(i int, row []tensor.Float) { gates(kernelRow(to, param, in, i, 4*H), row) })
	}, func(to map[string]*grad.Var) error {
		dst := to[param+".b"].Value.Data
		err := rows(b, func(_ int, row []tensor.Float) { gates(dst, row) })
		for i := H; i < 2*H; i++ {
			dst[i] += tensor.Float(forget)
		}
		return err
	})
	return k, nil
}

// gru maps a kernel of the gates r, u and one of the candidate, side by side. The reset
// comes before the product.
func (c *cellVars) gru(act rnn.Activation, param string) (k mappedCell, err error) {
	cb, err := c.take("candidate/bias", -1)
	if err != nil {
		return k, err
	}
	H := cb.Shape[0]
	v, err := c.takeAll(map[string][]int{"gates/bias": {2 * H}, "gates/kernel": {-1, 2 * H}, "candidate/kernel": {-1, H}})
	if err != nil {
		return k, err
	}
	gw, cw := v["gates/kernel"], v["candidate/kernel"]
	in, err := inputs(gw, H)
	if err == nil && cw.Shape[0] != gw.Shape[0] {
		err = fmt.Errorf("its kernels are %v and %v", gw.Shape, cw.Shape)
	}
	if err != nil {
		return k, err
	}
	k = mappedCell{cell: &graph.GRU{Hidden: H, ResetBefore: true, Cand: act}, in: in, out: H}
	k.fill = []task{
		func(to map[string]*grad.Var) error { return Read(v["gates/bias"], to[param+".b"].Value.Data[:2*H]) },
		func(to map[string]*grad.Var) error { return Read(cb, to[param+".b"].Value.Data[2*H:]) },
		func(to map[string]*grad.Var) error {
			return rows(gw, func(i int, row []tensor.Float) { copy(kernelRow(to, param, in, i, 3*H)[:2*H], row) })
		},
		func(to map[string]*grad.Var) error {
			return rows(cw, func(i int, row []tensor.Float) { copy(kernelRow(to, param, in, i, 3*H)[2*H:], row) })
		},
	}
	return k, nil
}

// cudnnGRU maps the cell that computes what cuDNN does: the reset comes after the
// product, which has a bias of its own.
func (c *cellVars) cudnnGRU(act rnn.Activation, param string) (k mappedCell, err error) {
	gb, err := c.take("gates/bias", -1)
	if err != nil {
		return k, err
	}
	H := gb.Shape[0] / 2
	v, err := c.takeAll(map[string][]int{"gates/kernel": {-1, 2 * H}, "candidate/input_projection/kernel": {-1, H}, "candidate/input_projection/bias": {H},
		"candidate/hidden_projection/kernel": {H, H}, "candidate/hidden_projection/bias": {H}})
	if err != nil {
		return k, err
	}
	gw, xw, hw := v["gates/kernel"], v["candidate/input_projection/kernel"], v["candidate/hidden_projection/kernel"]
	in, err := inputs(gw, H)
	if err == nil && xw.Shape[0] != in {
		err = fmt.Errorf("its kernels are %v and %v", gw.Shape, xw.Shape)
	}
	if err != nil {
		return k, err
	}
	k = mappedCell{cell: &graph.GRU{Hidden: H, Cand: act}, in: in, out: H}
	k.fill = []task{
		func(to map[string]*grad.Var) error { return Read(gb, to[param+".b"].Value.Data[:2*H]) },
		func(to map[string]*grad.Var) error {
			return Read(v["candidate/input_projection/bias"], to[param+".b"].Value.Data[2*H:])
		},
		straight(param+".bn", v["candidate/hidden_projection/bias"]),
		func(to map[string]*grad.Var) error {
			return rows(gw, func(i int, row []tensor.Float) { copy(kernelRow(to, param, in, i, 3*H)[:2*H], row) })
		},
		func(to map[string]*grad.Var) error {
			return rows(xw, func(i int, row []tensor.Float) { copy(kernelRow(to, param, in, i, 3*H)[2*H:], row) })
		},
		func(to map[string]*grad.Var) error {
			return rows(hw, func(i int, row []tensor.Float) { copy(kernelRow(to, param, in, in+i, 3*H)[2*H:], row) })
		},
	}
	return k, nil
}
