package torch

import (
	"cmp"
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/model/graph"
)

// conv maps an nn.Conv1d, whose weight is [out, in/groups, size]. Its input is
// [batch, in, time] in PyTorch; here, as everywhere, it is a sequence.
func (m *module) conv(l SpecLayer) (*mapped, error) {
	w, b, err := m.weighted(-1, -1, -1)
	if err != nil {
		return nil, err
	}
	out, in, size := w.Shape[0], w.Shape[1], w.Shape[2]
	if l.Groups < 0 || l.Groups > out {
		return nil, unmapped(m.name, "%d groups of %d filters", l.Groups, out)
	}
	r := &mapped{in: graph.Input{Width: in * max(l.Groups, 1), Sequence: true}}
	r.layers = []graph.Layer{{Name: l.Name, From: l.From, Op: &graph.Conv{
		Units: out, Size: size, Stride: l.Stride, Dilation: l.Dilation, Groups: l.Groups, Around: l.Padding,
		KeepMask: true, NoBias: b == nil, Activation: l.Activation,
	}}}
	r.tasks = []task{{l.Name + ".w", w, func(p *grad.Var, at int, values []grad.Float) {
		first, have, columns := at/(in*size), len(values)/(in*size), make([]grad.Float, len(values))
		kernel.Transpose(have, in*size, values, columns, have)
		for i := range in * size {
			c, k := i/size, i%size
			copy(p.Value.Data[(k*in+c)*out+first:], columns[i*have:(i+1)*have])
		}
	}}}
	if b != nil {
		r.tasks = append(r.tasks, task{l.Name + ".b", b, straight(0)})
	}
	return r, nil
}

// batchNorm maps an nn.BatchNorm1d as it is after training:
//
//	gain = weight/√(running_var + ε), shift = bias - running_mean·gain
func (m *module) batchNorm(l SpecLayer) (*mapped, error) {
	mean, err := m.must("running_mean", -1)
	if err != nil {
		return nil, err
	}
	n := mean.Shape[0]
	variance, err := m.must("running_var", n)
	if err != nil {
		return nil, err
	}
	w, err := m.shape("weight", n)
	if err != nil {
		return nil, err
	}
	b, err := m.shape("bias", n)
	if err != nil {
		return nil, err
	}
	eps := cmp.Or(l.Eps, 1e-5)
	r := &mapped{in: graph.Input{Width: n, Sequence: true}}
	r.layers = []graph.Layer{{Name: l.Name, From: l.From, Op: &graph.Affine{}}}
	gain, shift := l.Name+".gain", l.Name+".shift"
	if w != nil {
		r.tasks = append(r.tasks, task{gain, w, straight(0)})
	}
	gains := make([]grad.Float, n)
	r.tasks = append(r.tasks, task{gain, variance, func(p *grad.Var, at int, values []grad.Float) {
		for i, v := range values {
			p.Value.Data[at+i] = grad.Float(float64(p.Value.Data[at+i]) / math.Sqrt(float64(v)+eps))
		}
		copy(gains[at:], p.Value.Data[at:at+len(values)])
	}}, task{shift, mean, func(p *grad.Var, at int, values []grad.Float) {
		for i, v := range values {
			p.Value.Data[at+i] = -v * gains[at+i]
		}
	}})
	if b != nil {
		r.tasks = append(r.tasks, task{shift, b, added})
	}
	return r, nil
}
