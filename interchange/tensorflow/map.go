package tensorflow

import (
	"cmp"
	"fmt"
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/tensor"
)

// mapped is the layer that a module becomes, and what fills it.
type mapped struct {
	op     graph.Op
	layers []graph.Layer // layers in place of op, if it becomes several; the last has its name
	fill   []task
	in     graph.Input // input that the first layer would read
}

// toLayer maps a module under the name and the options of l.
func (m *module) toLayer(l SpecLayer) (*mapped, error) {
	typ := l.Type
	if typ == "" {
		typ = m.typ
	}
	if err := l.allowed(typ); err != nil {
		return nil, err
	}
	switch typ {
	case rnnType:
		return m.recurrent(l)
	case denseType:
		return m.dense(l)
	case embeddingType:
		return m.embedding(l)
	case layerNormType, batchNormType:
		return m.norm(l, typ)
	case convType:
		return m.conv(l)
	case cudnnType:
		return m.cudnn(l)
	case "":
		var names []string
		for name, v := range m.vars {
			names = append(names, fmt.Sprintf("%s %v", name, v.Shape))
		}
		return nil, fmt.Errorf("what it is cannot be told from its variables %q; give its \"type\" in the spec", names)
	}
	return nil, fmt.Errorf("unknown type %q", typ)
}

// allowed refuses options that a module of the type does not have.
func (l *SpecLayer) allowed(typ string) error {
	for option, wrong := range map[string]bool{
		"last":            l.Last && typ != rnnType && typ != cudnnType,
		"cell":            l.Cell != "" && typ != rnnType,
		"size":            l.Size != nil && typ != rnnType,
		"skip_connection": l.Skip && typ != rnnType,
		"attn_length":     l.Length != 0 && typ != rnnType,
		"leak":            l.Leak != nil && typ != rnnType,
		"cudnn":           l.Cudnn != nil && typ != cudnnType,
		"forget_bias":     l.ForgetBias != nil && typ != rnnType,
		"cell_activation": l.CellActivation != "" && typ != rnnType,
		"cell_clip":       l.CellClip != 0 && typ != rnnType,
		"proj_clip":       l.ProjClip != 0 && typ != rnnType,
		"activation":      l.Activation != "" && typ != denseType && typ != convType && typ != rnnType,
		"eps":             l.Eps != 0 && typ != layerNormType && typ != batchNormType,
		"mask_zero":       l.MaskZero && typ != embeddingType,
		"stride":          l.Stride != 0 && typ != convType,
		"dilation":        l.Dilation != 0 && typ != convType,
		"padding":         l.Padding != "" && typ != convType,
	} {
		if wrong {
			return fmt.Errorf("%q is not an option of type %s", option, typ)
		}
	}
	return nil
}

// must is the variable that is the given part of a module, with the given shape; -1 is
// any size.
func (m *module) must(part string, dims ...int) (*Variable, error) {
	v, err := m.may(part, dims...)
	if err == nil && v == nil {
		err = fmt.Errorf("it lacks its %s", part)
	}
	return v, err
}

func (m *module) may(part string, dims ...int) (*Variable, error) {
	return shaped(m.vars, part, dims...)
}

// shaped finds a variable and checks its shape; nil if there is none.
func shaped(vars map[string]*Variable, part string, dims ...int) (*Variable, error) {
	v := vars[part]
	if v == nil {
		return nil, nil
	}
	ok := len(v.Shape) == len(dims)
	for i := range dims {
		ok = ok && (dims[i] < 0 && v.Shape[i] > 0 || v.Shape[i] == dims[i])
	}
	if !ok || !v.DType.isFloat() || v.sliced {
		return nil, fmt.Errorf("its variable %q is %v of %v, want %v (-1 is any)", v.Name, v.Shape, v.DType, dims)
	}
	return v, nil
}

// only refuses variables that a module of its type does not have.
func (m *module) only(parts ...string) error {
	known := map[string]bool{}
	for _, p := range parts {
		known[p] = true
	}
	for part, v := range m.vars {
		if !known[part] {
			return fmt.Errorf("its variable %q is none of its type's", v.Name)
		}
	}
	return nil
}

// straight fills a parameter with a variable as it is.
func straight(param string, v *Variable) task {
	return func(to map[string]*grad.Var) error { return Read(v, to[param].Value.Data) }
}

// kernel takes a kernel and the bias, if there is one, of as many units as its last
// dimension, which are all that the module may have, and fills the parameters of param.
func (m *module) kernel(param string, dims ...int) (w, b *Variable, fill []task, err error) {
	if err := m.only("kernel", "bias"); err != nil {
		return nil, nil, nil, err
	}
	if w, err = m.must("kernel", dims...); err != nil {
		return nil, nil, nil, err
	}
	fill = []task{straight(param+".w", w)}
	if b, err = m.may("bias", w.Shape[len(dims)-1]); b != nil {
		fill = append(fill, straight(param+".b", b))
	}
	return w, b, fill, err
}

func (m *module) dense(l SpecLayer) (*mapped, error) {
	w, b, fill, err := m.kernel(l.Name, -1, -1)
	if err != nil {
		return nil, err
	}
	return &mapped{op: &graph.Dense{Units: w.Shape[1], NoBias: b == nil, Activation: l.Activation}, fill: fill,
		in: graph.Input{Width: w.Shape[0], Sequence: true}}, nil
}

func (m *module) embedding(l SpecLayer) (*mapped, error) {
	part := "embedding"
	for _, other := range []string{"kernel", "variable"} {
		if m.vars[other] != nil {
			part = other
		}
	}
	if err := m.only(part); err != nil {
		return nil, err
	}
	w, err := m.must(part, -1, -1)
	if err != nil {
		return nil, err
	}
	return &mapped{op: &graph.Embedding{Vocab: w.Shape[0], Width: w.Shape[1], MaskZero: l.MaskZero},
		fill: []task{straight(l.Name+".w", w)}, in: graph.Input{Width: 1, Sequence: true, IDs: true}}, nil
}

// norm maps a layer normalisation, or a batch normalisation, which is γ(x-μ)/√(σ²+ε) + β
// with the moving mean μ and variance σ².
func (m *module) norm(l SpecLayer, typ string) (*mapped, error) {
	parts := []string{"gamma", "beta"}
	if typ == batchNormType {
		parts = append(parts, "moving_mean", "moving_variance")
	}
	if err := m.only(parts...); err != nil {
		return nil, err
	}
	n := -1
	vars := map[string]*Variable{}
	for _, part := range parts {
		v, err := m.may(part, n)
		if err != nil {
			return nil, err
		}
		if vars[part] = v; v != nil {
			n = v.Shape[0]
		}
	}
	r := &mapped{in: graph.Input{Width: n, Sequence: true}}
	if typ == layerNormType {
		r.op = &graph.LayerNorm{Eps: cmp.Or(l.Eps, 1e-12)}
		for part, param := range map[string]string{"gamma": ".gain", "beta": ".shift"} {
			if v := vars[part]; v != nil {
				r.fill = append(r.fill, straight(l.Name+param, v))
			}
		}
		return r, nil
	}
	eps := cmp.Or(l.Eps, 1e-3)
	if vars["moving_mean"] == nil || vars["moving_variance"] == nil {
		return nil, fmt.Errorf("it lacks its moving mean or variance")
	}
	r.op = &graph.Affine{}
	r.fill = []task{func(to map[string]*grad.Var) error {
		at := map[string][]tensor.Float{}
		for part, v := range vars {
			if v != nil {
				at[part] = make([]tensor.Float, n)
				if err := Read(v, at[part]); err != nil {
					return err
				}
			}
		}
		gain, shift := to[l.Name+".gain"].Value.Data, to[l.Name+".shift"].Value.Data
		for i := range gain {
			k := 1 / math.Sqrt(float64(at["moving_variance"][i])+eps)
			if g := at["gamma"]; g != nil {
				k *= float64(g[i])
			}
			b := -k * float64(at["moving_mean"][i])
			if v := at["beta"]; v != nil {
				b += float64(v[i])
			}
			gain[i], shift[i] = tensor.Float(k), tensor.Float(b)
		}
		return nil
	}}
	return r, nil
}

func (m *module) conv(l SpecLayer) (*mapped, error) {
	w, b, fill, err := m.kernel(l.Name, -1, -1, -1)
	if err != nil {
		return nil, err
	}
	op := &graph.Conv{Units: w.Shape[2], Size: w.Shape[0], Stride: l.Stride, Dilation: l.Dilation, Padding: l.Padding, NoBias: b == nil, Activation: l.Activation}
	return &mapped{op: op, fill: fill, in: graph.Input{Width: w.Shape[1], Sequence: true}}, nil
}
