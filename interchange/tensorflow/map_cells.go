package tensorflow

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/tf1"
	"github.com/recur-go/recur/tensor"
)

// cells are the kinds of cells, by the names that TensorFlow gives their scopes, and what
// maps each. One of nil is known and refused.
var cells map[string]func(c *cellVars, o options, param string) (mappedCell, error)

// cellName takes apart the name of a variable of a cell of TensorFlow 1:
// rnn/multi_rnn_cell/cell_0/lstm_cell/kernel, bidirectional_rnn/fw/gru_cell/gates/bias.
// A WeightNormLSTMCell opens its scope twice.
var cellName *regexp.Regexp

func init() { // not where they are declared, for cells hold cells
	cells = map[string]func(c *cellVars, o options, param string) (mappedCell, error){
		"basic_rnn_cell":  (*cellVars).basic,
		"basic_lstm_cell": (*cellVars).lstm, "lstm_cell": (*cellVars).lstm, "lstm_block_cell": (*cellVars).lstm, "cudnn_compatible_lstm_cell": (*cellVars).lstm,
		"gru_cell": (*cellVars).gru, "gru_block_cell": (*cellVars).gru, "cudnn_compatible_gru_cell": (*cellVars).cudnnGRU,
		"layer_norm_basic_lstm_cell": (*cellVars).layerNorm, "layer_norm_lstm_cell": (*cellVars).layerNorm,
		"wn_lstm_cell": (*cellVars).weightNorm, "weight_norm_lstm_cell": (*cellVars).weightNorm,
		"coupled_input_forget_gate_lstm_cell": (*cellVars).coupled,
		"conv_lstm_cell":                      (*cellVars).conv, "conv_1d_lstm_cell": (*cellVars).conv, "conv_2d_lstm_cell": (*cellVars).conv, "conv_3d_lstm_cell": (*cellVars).conv,
		"ugrnn_cell": (*cellVars).ugrnn, "intersection_rnn_cell": (*cellVars).intersection, "nas_cell": (*cellVars).nas,
		"minimal_rnn_cell": (*cellVars).minimal, "cfn_cell": (*cellVars).cfn, "sru_cell": (*cellVars).sru,
		"ind_rnn_cell": (*cellVars).indRNN, "indy_gru_cell": (*cellVars).indyGRU, "indy_lstm_cell": (*cellVars).indyLSTM,
		"glstm_cell": (*cellVars).glstm, "phased_lstm_cell": (*cellVars).phased,
		"attention_cell_wrapper": (*cellVars).attention,
		"time_freq_lstm_cell":    nil, "grid_lstm_cell": nil, "bidirectional_grid_lstm_cell": nil, "ntm_cell": nil, "layer_norm_basic_gru_cell": nil,
	}
	cellName = regexp.MustCompile(`^(?:(.*?)/)??(?:(fw|bw)/)?(?:multi_rnn_cell/cell_(\d+)/)?` +
		`(?:wn_lstm_cell/)?((?:` + strings.Join(slices.Sorted(maps.Keys(cells)), "|") + `)(?:_\d+)?)/(.*)$`)
}

// tanhOnly are the kinds whose activation TensorFlow lets one choose, and that have tanh
// alone here.
var tanhOnly = map[string]bool{
	"ugrnn_cell": true, "minimal_rnn_cell": true, "cfn_cell": true, "indy_gru_cell": true, "indy_lstm_cell": true, "glstm_cell": true,
	"nas_cell": true, "intersection_rnn_cell": true, "phased_lstm_cell": true, "attention_cell_wrapper": true,
	"conv_lstm_cell": true, "conv_1d_lstm_cell": true, "conv_2d_lstm_cell": true, "conv_3d_lstm_cell": true,
}

// asks reports whether the cell, or one in it, has a forget bias that is added at run time.
func (c *cellVars) asks() bool {
	switch c.kind {
	case "phased_lstm_cell", "cudnn_compatible_lstm_cell":
		return false
	case "ugrnn_cell", "intersection_rnn_cell":
		return true
	case "attention_cell_wrapper":
		_, inner, _ := c.inner()
		return slices.ContainsFunc(inner, (*cellVars).asks)
	}
	return strings.Contains(c.kind, "lstm")
}

// A part is a variable of a cell, the parameter that it is as it stands, and its shape, of
// which -1 is any size.
type part struct {
	name, param string
	dims        []int
}

// parts takes variables that are parameters as they stand.
func (c *cellVars) parts(param string, list ...part) (fill []task, err error) {
	for _, p := range list {
		v, err := c.take(p.name, p.dims...)
		if err != nil {
			return nil, err
		}
		fill = append(fill, straight(param+p.param, v))
	}
	return fill, nil
}

// size is the last dimension of a variable of the given number of dimensions, in parts.
func (c *cellVars) size(part string, rank, parts int) (int, error) {
	v := c.vars[part]
	if v == nil {
		return 0, fmt.Errorf("it lacks its %s", part)
	}
	if len(v.Shape) != rank || v.Shape[rank-1] == 0 || v.Shape[rank-1]%parts != 0 {
		return 0, fmt.Errorf("its variable %q is %v, of which the last dimension is not of %d parts", v.Name, v.Shape, parts)
	}
	return v.Shape[rank-1] / parts, nil
}

// above is how many rows a matrix has above the last n.
func (c *cellVars) above(part string, n int) (int, error) {
	v := c.vars[part]
	if v == nil || len(v.Shape) != 2 {
		return 0, fmt.Errorf("it lacks its %s, which is a matrix", part)
	}
	return inputs(v, n)
}

// simple is a cell of the given number of units, which reads what rows of the matrix of
// the given name are left for above the last, and all of whose variables are parameters.
func (c *cellVars) simple(cell rnn.Config, H int, matrix string, last int, param string, list ...part) (k mappedCell, err error) {
	in, err := c.above(matrix, last)
	if err != nil {
		return k, err
	}
	k = mappedCell{cell: cell, in: in, out: H}
	k.fill, err = c.parts(param, list...)
	return k, err
}

func (c *cellVars) ugrnn(o options, param string) (k mappedCell, err error) {
	H, err := c.size("bias", 1, 2)
	if err != nil {
		return k, err
	}
	return c.simple(rnn.Config{Hidden: H, Options: tf1.UGRNNOptions{ForgetBias: o.forget}}, H, "kernel", H, param,
		part{"kernel", ".kernel", []int{-1, 2 * H}}, part{"bias", ".bias", []int{2 * H}})
}

func (c *cellVars) minimal(_ options, param string) (k mappedCell, err error) {
	H, err := c.size("bias", 1, 1)
	if err != nil {
		return k, err
	}
	return c.simple(rnn.Config{Hidden: H, Options: tf1.MinimalOptions{}}, H, "kernel", 2*H, param, part{"kernel", ".kernel", []int{-1, H}}, part{"bias", ".bias", []int{H}})
}

func (c *cellVars) cfn(_ options, param string) (k mappedCell, err error) {
	H, err := c.size("bias", 1, 2)
	if err != nil {
		return k, err
	}
	return c.simple(rnn.Config{Hidden: H, Options: tf1.CFNOptions{}}, H, "kernel", 0, param, part{"kernel", ".kernel", []int{-1, 3 * H}},
		part{"recurrent_kernel", ".recurrent", []int{H, 2 * H}}, part{"bias", ".bias", []int{2 * H}})
}

// sru has four matrices side by side, that of x even where x is as wide as the state.
func (c *cellVars) sru(o options, param string) (k mappedCell, err error) {
	H, err := c.size("bias", 1, 2)
	if err != nil {
		return k, err
	}
	in, err := c.above("kernel", 0)
	if err != nil {
		return k, err
	}
	cell := rnn.Config{Hidden: H, Options: rnn.SRUOptions{SkipProjection: in == H, Activation: o.act}}
	return c.simple(cell, H, "kernel", 0, param, part{"kernel", ".w", []int{-1, 4 * H}}, part{"bias", ".b", []int{2 * H}})
}

func (c *cellVars) indRNN(o options, param string) (k mappedCell, err error) {
	H, err := c.size("bias", 1, 1)
	if err != nil {
		return k, err
	}
	return c.simple(rnn.Config{Hidden: H, Options: rnn.IndRNNOptions{Activation: cmp.Or(o.act, rnn.Tanh)}}, H, "kernel_w", 0, param,
		part{"kernel_w", ".w", []int{-1, H}}, part{"kernel_u", ".u", []int{1, H}}, part{"bias", ".b", []int{H}})
}

func (c *cellVars) indyLSTM(o options, param string) (k mappedCell, err error) {
	H, err := c.size("bias", 1, 4)
	if err != nil {
		return k, err
	}
	return c.simple(rnn.Config{Hidden: H, Options: tf1.IndyLSTMOptions{ForgetBias: o.forget}}, H, "kernel_w", 0, param,
		part{"kernel_w", ".kernel", []int{-1, 4 * H}}, part{"kernel_u", ".u", []int{1, 4 * H}}, part{"bias", ".bias", []int{4 * H}})
}

// indyGRU's candidate has its kernel under one name in some releases and under another
// in others.
func (c *cellVars) indyGRU(_ options, param string) (k mappedCell, err error) {
	H, err := c.size("candidate/bias", 1, 1)
	if err != nil {
		return k, err
	}
	candidate := "candidate/kernel"
	if c.vars["candidate/kernel_w"] != nil {
		candidate += "_w"
	}
	if in, err := c.above(candidate, 0); err == nil && c.vars["gates/kernel_w"] != nil && !slices.Equal(c.vars["gates/kernel_w"].Shape, []int{in, 2 * H}) {
		return k, fmt.Errorf("its kernels are %v and %v", c.vars["gates/kernel_w"].Shape, c.vars[candidate].Shape)
	}
	return c.simple(rnn.Config{Hidden: H, Options: tf1.IndyGRUOptions{}}, H, "gates/kernel_w", 0, param,
		part{"gates/kernel_w", ".gatekernel", []int{-1, 2 * H}}, part{"gates/kernel_u", ".gateu", []int{1, 2 * H}}, part{"gates/bias", ".gatebias", []int{2 * H}},
		part{candidate, ".kernel", []int{-1, H}}, part{"candidate/kernel_u", ".u", []int{1, H}}, part{"candidate/bias", ".bias", []int{H}})
}

func (c *cellVars) intersection(o options, param string) (k mappedCell, err error) {
	H, err := c.size("bias", 1, 4)
	if err != nil {
		return k, err
	}
	k = mappedCell{cell: rnn.Config{Hidden: H, Options: tf1.IntersectionOptions{ForgetBias: o.forget}}, in: H, out: H}
	list := []part{{"kernel", ".kernel", []int{2 * H, 4 * H}}, {"bias", ".bias", []int{4 * H}}}
	if c.vars["in_projection/kernel"] != nil {
		if k.in, err = c.above("in_projection/kernel", 0); err != nil {
			return k, err
		}
		if k.in == H {
			return k, fmt.Errorf("it projects an input that is as wide as its state")
		}
		list = append(list, part{"in_projection/kernel", ".in", []int{-1, H}}, part{"in_projection/bias", ".inbias", []int{H}})
	}
	k.fill, err = c.parts(param, list...)
	return k, err
}

func (c *cellVars) nas(_ options, param string) (k mappedCell, err error) {
	H, err := c.size("kernel", 2, 8)
	if err != nil {
		return k, err
	}
	cell := tf1.NASOptions{NoBias: c.vars["bias"] == nil}
	out := H
	list := []part{{"kernel", ".kernel", []int{-1, 8 * H}}}
	if !cell.NoBias {
		list = append(list, part{"bias", ".bias", []int{8 * H}})
	}
	if c.vars["projection_weights"] != nil {
		if out, err = c.size("projection_weights", 2, 1); err != nil {
			return k, err
		}
		cell.Projection = out
		list = append(list, part{"projection_weights", ".projection", []int{H, out}})
	}
	k, err = c.simple(rnn.Config{Hidden: H, Options: cell}, out, "kernel", 0, param, append(list, part{"recurrent_kernel", ".recurrent", []int{out, 8 * H}})...)
	return k, err
}

// glstm has a kernel for each group, or in old releases, by mistake, one for all of them.
func (c *cellVars) glstm(o options, param string) (k mappedCell, err error) {
	H, err := c.size("bias_i", 1, 1)
	if err != nil {
		return k, err
	}
	width, err := c.size("group0/kernel", 2, 4)
	if err != nil {
		return k, err
	}
	if H%width != 0 {
		return k, fmt.Errorf("%d units are not groups of %d", H, width)
	}
	groups, out := H/width, H
	cell := tf1.GLSTMOptions{Groups: groups, ForgetBias: o.forget}
	if c.vars["projection/kernel"] != nil {
		if out, err = c.size("projection/kernel", 2, 1); err != nil {
			return k, err
		}
		cell.Projection = out
		if k.fill, err = c.parts(param, part{"projection/kernel", ".projection", []int{H, out}}); err != nil {
			return k, err
		}
	}
	shared := c.vars["group1/kernel"] == nil
	first, err := c.take("group0/kernel", -1, 4*width)
	if err != nil {
		return k, err
	}
	for i := range groups {
		v := first
		if i > 0 && !shared {
			if v, err = c.take(fmt.Sprintf("group%d/kernel", i), first.Shape...); err != nil {
				return k, err
			}
		}
		k.fill = append(k.fill, straight(fmt.Sprintf("%s.kernels.%d", param, i), v))
	}
	for i, name := range []string{"bias_i", "bias_j", "bias_f", "bias_o"} {
		v, err := c.take(name, H)
		if err != nil {
			return k, err
		}
		k.fill = append(k.fill, func(to map[string]*grad.Var) error { return Read(v, to[param+".bias"].Value.Data[i*H:(i+1)*H]) })
	}
	k.cell, k.in, k.out = rnn.Config{Hidden: H, Options: cell}, first.Shape[0]*groups-out, out
	if k.in < 1 {
		return k, fmt.Errorf("its kernels are %v for an output of %d in %d groups", first.Shape, out, groups)
	}
	return k, nil
}

// phased reads the time and the features, which TensorFlow takes as a tuple.
func (c *cellVars) phased(o options, param string) (k mappedCell, err error) {
	H, err := c.size("period", 1, 1)
	if err != nil {
		return k, err
	}
	in, err := c.above("new_input/kernel", H)
	if err != nil {
		return k, err
	}
	gates, err := c.above("mask_gates/kernel", 0)
	if err != nil {
		return k, err
	}
	cell := tf1.PhasedOptions{Peepholes: gates == in+2*H, Leak: 0.001}
	if !cell.Peepholes && gates != in+H {
		return k, fmt.Errorf("its kernels have %d and %d rows", gates, in+H)
	}
	if o.Leak != nil {
		cell.Leak = *o.Leak
	}
	k = mappedCell{cell: rnn.Config{Hidden: H, Options: cell}, in: 1 + in, out: H}
	k.fill, err = c.parts(param,
		part{"mask_gates/kernel", ".mask", []int{gates, 2 * H}}, part{"mask_gates/bias", ".maskbias", []int{2 * H}},
		part{"new_input/kernel", ".new", []int{in + H, H}}, part{"new_input/bias", ".newbias", []int{H}},
		part{"output_gate/kernel", ".out", []int{gates, H}}, part{"output_gate/bias", ".outbias", []int{H}},
		part{"period", ".period", []int{H}}, part{"phase", ".phase", []int{H}}, part{"ratio_on", ".on", []int{H}})
	return k, err
}

// conv has one kernel for x and h, whose places are not in a checkpoint.
func (c *cellVars) conv(o options, param string) (k mappedCell, err error) {
	w := c.vars["kernel"]
	if w == nil || len(w.Shape) < 3 || len(w.Shape) > 5 {
		return k, fmt.Errorf("it lacks its kernel, which has from 3 to 5 dimensions")
	}
	rank := len(w.Shape) - 2
	C, in := w.Shape[rank+1]/4, w.Shape[rank]-w.Shape[rank+1]/4
	if len(o.Size) != rank {
		return k, fmt.Errorf(`its kernel has %d dimensions of space; give the places of its input along each as "size"`, rank)
	}
	if C < 1 || in < 1 {
		return k, fmt.Errorf("its kernel is %v", w.Shape)
	}
	window := slices.Clone(w.Shape[:rank])
	if w, err = c.take("kernel", append(slices.Clone(window), in+C, 4*C)...); err != nil {
		return k, err
	}
	bias := "biases"
	if c.vars["bias"] != nil {
		bias = "bias"
	}
	b, err := shaped(c.vars, bias, 4*C)
	if err != nil {
		return k, err
	}
	delete(c.vars, bias)
	cell := rnn.Config{Hidden: C, Options: rnn.ConvLSTMOptions{Size: o.Size, Window: window, Skip: o.Skip}}
	k = mappedCell{cell: cell, in: in}
	for _, n := range o.Size {
		if n < 1 || n > 1<<22 || k.in > 1<<22 {
			return k, fmt.Errorf("size is %v", o.Size)
		}
		k.in *= n
	}
	k.out, _, err = cell.Plan(k.in)
	k.fill = []task{func(to map[string]*grad.Var) error {
		v := tf1.ConvLSTM{Size: o.Size, Window: window, Kernel: tensor.New(w.Len()/(4*C), 4*C), ForgetBias: o.forget}
		if err := Read(w, v.Kernel.Data); err != nil {
			return err
		}
		if b != nil {
			v.Bias = tensor.New(4 * C)
			if err := Read(b, v.Bias.Data); err != nil {
				return err
			}
		}
		made := v.Cell()
		for p, from := range map[string]*grad.Var{".wx": made.Wx, ".wh": made.Wh, ".b": made.B} {
			copy(to[param+p].Value.Data, from.Value.Data)
		}
		return nil
	}}
	return k, err
}
