package tensorflow

import (
	"fmt"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/tf1"
	"github.com/recur-go/recur/tensor"
)

// layerNorm maps the LSTMs whose gates and memory are normalised, each by itself:
// LayerNormBasicLSTMCell, and LayerNormLSTMCell, which keeps a bias that it does not read.
// Without their gains they are plain LSTMs.
func (c *cellVars) layerNorm(l options, param string) (k mappedCell, err error) {
	if c.vars["input/gamma"] == nil {
		return c.lstm(l, param)
	}
	H, err := c.size("input/gamma", 1, 1)
	if err != nil {
		return k, err
	}
	basic := c.kind == "layer_norm_basic_lstm_cell"
	o := rnn.LSTMOptions{LayerNorm: true, Cand: l.act, Out: l.act}
	out := H
	if !basic {
		if l.CellClip != 0 {
			return k, fmt.Errorf("it clips its memory after the normalisation, which is not supported")
		}
		o.ProjClip = l.ProjClip
		if c.vars["bias"] != nil {
			if _, err := c.take("bias", 4*H); err != nil {
				return k, err
			}
		}
		if o.Projection, out, err = c.projection("projection/kernel", H, param, &k); err != nil {
			return k, err
		}
		if o.Peepholes, err = c.peepholes(H, param, &k); err != nil {
			return k, err
		}
	}
	w, err := c.take("kernel", -1, 4*H)
	if err != nil {
		return k, err
	}
	if k.in, err = inputs(w, out); err != nil {
		return k, err
	}
	in := k.in
	k.cell, k.out = rnn.Config{Hidden: H, Options: o}, out
	k.fill = append(k.fill, func(to map[string]*grad.Var) error {
		return rows(w, func(i int, row []tensor.Float) { ifuo(kernelRow(to, param, in, i, 4*H), row) })
	})
	return k, c.norms(H, []string{"input", "forget", "transform", "output"}, param, &k, func(shift []tensor.Float) {
		for i := H; i < 2*H; i++ {
			shift[i] += tensor.Float(l.forget)
		}
	})
}

// norms takes the gains and shifts of the gates, in the order of the cell here, and of the
// memory.
func (c *cellVars) norms(H int, gates []string, param string, k *mappedCell, then func(shift []tensor.Float)) error {
	for _, names := range [][2]string{{"gamma", "gain"}, {"beta", "shift"}} {
		part, to := names[0], names[1]
		for i, gate := range append(gates, "state") {
			v, err := c.take(gate+"/"+part, H)
			if err != nil {
				return err
			}
			if gate == "state" {
				k.fill = append(k.fill, straight(param+".norm.cell"+to, v))
				continue
			}
			k.fill = append(k.fill, func(p map[string]*grad.Var) error {
				return Read(v, p[param+".norm."+to].Value.Data[i*H:(i+1)*H])
			})
		}
	}
	k.fill = append(k.fill, func(p map[string]*grad.Var) error {
		then(p[param+".norm.shift"].Value.Data)
		return nil
	})
	return nil
}

// projection takes the projection of an LSTM of H units, if it has one, and returns its
// width, 0 if not, and that of the output.
func (c *cellVars) projection(name string, H int, param string, k *mappedCell) (width, out int, err error) {
	if c.vars[name] == nil {
		return 0, H, nil
	}
	v, err := c.take(name, H, -1)
	if err != nil {
		return 0, 0, err
	}
	k.fill = append(k.fill, straight(param+".wp", v))
	return v.Shape[1], v.Shape[1], nil
}

// peepholes takes those of i, f and o, if there are any.
func (c *cellVars) peepholes(H int, param string, k *mappedCell) (bool, error) {
	if c.vars["w_i_diag"] == nil {
		return false, nil
	}
	for i, part := range []string{"w_i_diag", "w_f_diag", "w_o_diag"} {
		v, err := c.take(part, H)
		if err != nil {
			return false, err
		}
		k.fill = append(k.fill, func(to map[string]*grad.Var) error { return Read(v, to[param+".p"].Value.Data[i*H:(i+1)*H]) })
	}
	return true, nil
}

// weightNorm maps an LSTM whose columns are scaled to lengths of their own: here they are
// so once and for all.
func (c *cellVars) weightNorm(l options, param string) (k mappedCell, err error) {
	lengths := map[string]*Variable{} // by the parameter whose columns they are of
	for _, names := range [][2]string{{"norm_0", ".wx"}, {"norm_1", ".wh"}, {"projection/norm_0", ".wp"}} {
		if name := names[0]; c.vars[name] != nil {
			if lengths[names[1]], err = c.take(name, -1); err != nil {
				return k, err
			}
		}
	}
	if k, err = c.lstm(l, param); err != nil || len(lengths) == 0 {
		return k, err
	}
	H, projection := k.cell.Hidden, k.cell.Options.(rnn.LSTMOptions).Projection
	for i, p := range []string{".wx", ".wh", ".wp"} {
		n := []int{4 * H, 4 * H, projection}[i]
		switch v := lengths[p]; {
		case v == nil && n > 0:
			return k, fmt.Errorf("it lacks the lengths of the columns of %s", p[1:])
		case v != nil && v.Len() != n:
			return k, fmt.Errorf("its variable %q is %v, want [%d]", v.Name, v.Shape, n)
		}
	}
	k.fill = append(k.fill, func(to map[string]*grad.Var) error {
		w := &tf1.WeightNorm{LSTM: &rnn.LSTM{Wx: to[param+".wx"], Wh: to[param+".wh"], Wp: to[param+".wp"]}}
		for p, size := range map[string]**grad.Var{".wx": &w.Gx, ".wh": &w.Gh, ".wp": &w.Gp} {
			v := lengths[p]
			if v == nil {
				continue
			}
			n := tensor.New(v.Len())
			if err := Read(v, n.Data); err != nil {
				return err
			}
			if p != ".wp" {
				ifuo(n.Data, slices.Clone(n.Data))
			}
			*size = grad.Leaf(n)
		}
		plain := w.Plain()
		for p, made := range map[string]*grad.Var{".wx": plain.Wx, ".wh": plain.Wh, ".wp": plain.Wp} {
			if made != nil {
				copy(to[param+p].Value.Data, made.Value.Data)
			}
		}
		return nil
	})
	return k, nil
}

// coupled maps CoupledInputForgetGateLSTMCell, which learns the forget gate where recur
// learns the input gate: see tf1.Coupled. Normalised, its bias is there and not read.
func (c *cellVars) coupled(l options, param string) (k mappedCell, err error) {
	H, err := c.size("B", 1, 3)
	if err != nil {
		return k, err
	}
	bias, err := c.take("B", 3*H)
	if err != nil {
		return k, err
	}
	o := rnn.LSTMOptions{Coupled: true, LayerNorm: c.vars["forget/gamma"] != nil, ProjClip: l.ProjClip, Cand: l.act, Out: l.act}
	projection, out, err := c.projection("W_P_0", H, param, &k)
	if err != nil {
		return k, err
	}
	o.Projection = projection
	kernel, err := c.take("W_0", -1, 3*H)
	if err != nil {
		return k, err
	}
	var peep [2]*Variable // of f and o
	if o.Peepholes = c.vars["W_F_diag"] != nil; o.Peepholes {
		for i, name := range []string{"W_F_diag", "W_O_diag"} {
			if peep[i], err = c.take(name, H); err != nil {
				return k, err
			}
		}
	}
	if k.in, err = inputs(kernel, out); err != nil {
		return k, err
	}
	k.cell, k.out = rnn.Config{Hidden: H, Options: o}, out
	k.fill = append(k.fill, func(to map[string]*grad.Var) error {
		v := tf1.Coupled{Kernel: tensor.New(kernel.Shape...), Bias: tensor.New(3 * H), ForgetBias: l.forget}
		if out != H {
			v.Projection = tensor.New(H, out) // of which only the width counts
		}
		if err := Read(kernel, v.Kernel.Data); err != nil {
			return err
		}
		if err := Read(bias, v.Bias.Data); err != nil {
			return err
		}
		if o.Peepholes {
			v.Peepholes = tensor.New(2, H)
			for i, p := range peep {
				if err := Read(p, v.Peepholes.At(i).Data); err != nil {
					return err
				}
			}
		}
		made := v.LSTM()
		copy(to[param+".wx"].Value.Data, made.Wx.Value.Data)
		copy(to[param+".wh"].Value.Data, made.Wh.Value.Data)
		if o.Peepholes {
			copy(to[param+".p"].Value.Data, made.P.Value.Data)
		}
		if !o.LayerNorm {
			copy(to[param+".b"].Value.Data, made.B.Value.Data)
		}
		return nil
	})
	if !o.LayerNorm {
		return k, nil
	}
	return k, c.norms(H, []string{"forget", "transform", "output"}, param, &k, func(shift []tensor.Float) {
		for i := range H { // the normalised f has turned with its rows; its shift has not
			shift[i] = -(shift[i] + tensor.Float(l.forget))
		}
	})
}
