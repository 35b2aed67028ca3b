package tensorflow

import (
	"fmt"
	"maps"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// recurrent maps cells of TensorFlow 1: one, several over each other, or two stacks of
// both directions, whose outputs are put side by side.
func (m *module) recurrent(l SpecLayer) (*mapped, error) {
	wrapper := m.wrapper()
	if len(m.vars) > 0 && wrapper == "" || len(m.cells) == 0 {
		return nil, fmt.Errorf("its variables are not those of cells")
	}
	if m.asks() && l.ForgetBias == nil {
		one := 1.0
		l.ForgetBias = &one
		return nil, unmapped(m.name, `its cells are LSTMs or have another forget bias, which is added at run time and is not in a checkpoint; give "forget_bias" (TensorFlow's default is 1)`).With(&Spec{Layers: []SpecLayer{l}})
	}
	var fw, bw []*cellVars
	for _, c := range m.cells {
		if c.bw {
			bw = append(bw, c)
		} else {
			fw = append(fw, c)
		}
	}
	switch {
	case l.Activation != "" && wrapper == "":
		return nil, fmt.Errorf(`"activation" is not an option of cells; that of a cell is "cell_activation"`)
	case m.both && (len(fw) == 0 || len(bw) == 0):
		return nil, fmt.Errorf("it has cells of one direction only")
	case m.both && wrapper != "":
		return nil, fmt.Errorf("a projection around both directions is not known")
	case m.both:
		return both(fw, bw, l)
	}
	name := l.Name
	if wrapper == "output_projection_wrapper" {
		name += "_rnn"
	}
	s, err := stack(fw, l, name)
	if err != nil {
		return nil, err
	}
	r := &mapped{op: &graph.RNN{Cells: s.cells, Last: l.Last}, fill: s.fill, in: graph.Input{Width: s.in, Sequence: true}}
	if wrapper == "" {
		return r, nil
	}
	p := l
	if p.Name = l.Name; wrapper == "input_projection_wrapper" {
		p.Name += "_in"
	}
	dense, err := m.dense(p)
	if err != nil {
		return nil, err
	}
	r.fill = append(r.fill, dense.fill...)
	around, inner := graph.Layer{Name: p.Name, Op: dense.op}, graph.Layer{Name: name, Op: r.op}
	if r.layers = []graph.Layer{inner, around}; wrapper == "input_projection_wrapper" {
		r.layers = []graph.Layer{around, inner}
		if units := dense.op.(*graph.Dense).Units; units != s.in {
			return nil, fmt.Errorf("its projection gives %d values where its cell reads %d", units, s.in)
		}
		r.in.Width = dense.in.Width
	}
	return r, nil
}

func both(fw, bw []*cellVars, l SpecLayer) (*mapped, error) {
	f, err := stack(fw, l, l.Name+".fwd")
	if err != nil {
		return nil, err
	}
	b, err := stack(bw, l, l.Name+".bwd")
	if err != nil {
		return nil, err
	}
	if f.in != b.in {
		return nil, fmt.Errorf("its directions read %d and %d values", f.in, b.in)
	}
	return &mapped{op: &graph.Bidirectional{Fwd: f.cells, Bwd: b.cells, Last: l.Last}, fill: append(f.fill, b.fill...),
		in: graph.Input{Width: f.in, Sequence: true}}, nil
}

// stacked is what cells over each other become.
type stacked struct {
	cells   rnn.Configs
	in, out int
	fill    []task
}

// stack maps cells over each other, whose parameters are under param.
func stack(list []*cellVars, l SpecLayer, param string) (s stacked, err error) {
	for i, c := range list {
		name := param
		if len(list) > 1 {
			name = fmt.Sprintf("%s.%d", param, i)
		}
		if c.layer != i {
			return s, fmt.Errorf("cell %d of %s is missing", i, param)
		}
		k, err := c.toCell(l, name)
		if err != nil {
			return s, fmt.Errorf("%s: %w", c.scope, err)
		}
		if i == 0 {
			s.in = k.in
		} else if k.in != s.out {
			return s, fmt.Errorf("%s reads %d values where the cell before it gives %d", c.scope, k.in, s.out)
		}
		s.out = k.out
		s.cells, s.fill = append(s.cells, k.cell), append(s.fill, k.fill...)
	}
	return s, nil
}

// mappedCell is what a cell becomes.
type mappedCell struct {
	cell    rnn.Config
	in, out int
	fill    []task
}

// options are those of a spec that a cell may have.
type options struct {
	SpecLayer
	act    rnn.Activation // the default if it is zero
	forget float64
}

func (c *cellVars) toCell(l SpecLayer, param string) (k mappedCell, err error) {
	o := options{SpecLayer: l}
	if l.CellActivation != "" && l.CellActivation != "tanh" {
		if o.act, err = rnn.ParseActivation(l.CellActivation); err != nil {
			return k, err
		}
	}
	if l.ForgetBias != nil && c.asks() {
		o.forget = *l.ForgetBias
	}
	toGraph := cells[c.kind]
	if toGraph == nil {
		return k, fmt.Errorf("a %s is not supported", c.kind)
	}
	if o.act != (rnn.Activation{}) && tanhOnly[c.kind] {
		return k, fmt.Errorf("a %s with another activation than tanh is not supported", c.kind)
	}
	k, err = toGraph(c, o, param)
	if err == nil && len(c.vars) > 0 { // what the cell took is no longer there
		first := slices.Sorted(maps.Keys(c.vars))[0]
		return k, fmt.Errorf("its variable %q is none of a %s", c.vars[first].Name, c.kind)
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
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		v, err := c.take(part, parts[part]...)
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

func (c *cellVars) basic(o options, param string) (k mappedCell, err error) {
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
	k = mappedCell{cell: rnn.Config{Hidden: H, Options: rnn.BasicOptions{Activation: o.act}}, in: in, out: H}
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
func (c *cellVars) lstm(l options, param string) (k mappedCell, err error) {
	b, err := c.take("bias", -1)
	if err != nil {
		return k, err
	}
	H := b.Shape[0] / 4
	w, err := c.take("kernel", -1, 4*H)
	if err != nil {
		return k, err
	}
	o := rnn.LSTMOptions{Cand: l.act, Out: l.act}
	if c.kind != "basic_lstm_cell" && c.kind != "layer_norm_basic_lstm_cell" { // which have no clips
		o.CellClip, o.ProjClip = l.CellClip, l.ProjClip
	}
	projection, out, err := c.projection("projection/kernel", H, param, &k)
	if err != nil {
		return k, err
	}
	o.Projection = projection
	if o.Peepholes, err = c.peepholes(H, param, &k); err != nil {
		return k, err
	}
	in, err := inputs(w, out)
	if err != nil {
		return k, err
	}
	k.cell, k.in, k.out = rnn.Config{Hidden: H, Options: o}, in, out
	k.fill = append(k.fill, func(to map[string]*grad.Var) error {
		return rows(w, func(i int, row []tensor.Float) { ifuo(kernelRow(to, param, in, i, 4*H), row) })
	}, func(to map[string]*grad.Var) error {
		dst := to[param+".b"].Value.Data
		err := rows(b, func(_ int, row []tensor.Float) { ifuo(dst, row) })
		for i := H; i < 2*H; i++ {
			dst[i] += tensor.Float(l.forget)
		}
		return err
	})
	return k, nil
}

// ifuo copies gates i, j, f, o in the order i, f, j, o.
func ifuo(dst, row []tensor.Float) {
	H := len(row) / 4
	for to, from := range []int{0, 2, 1, 3} {
		copy(dst[to*H:(to+1)*H], row[from*H:(from+1)*H])
	}
}

// gru maps a kernel of the gates r, u and one of the candidate, side by side. The reset
// comes before the product.
func (c *cellVars) gru(o options, param string) (k mappedCell, err error) {
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
	k = mappedCell{cell: rnn.Config{Hidden: H, Options: rnn.GRUOptions{ResetBefore: true, Cand: o.act}}, in: in, out: H}
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
func (c *cellVars) cudnnGRU(o options, param string) (k mappedCell, err error) {
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
	k = mappedCell{cell: rnn.Config{Hidden: H, Options: rnn.GRUOptions{Cand: o.act}}, in: in, out: H}
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
