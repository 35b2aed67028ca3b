package tensorflow

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
)

// cudnn maps the one vector of CudnnLSTM, CudnnGRU, CudnnRNNTanh or CudnnRNNRelu, whose
// layout is in the spec. Each layer of both directions is one here too.
func (m *module) cudnn(l SpecLayer) (*mapped, error) {
	if err := m.only("opaque"); err != nil {
		return nil, err
	}
	if l.Cudnn == nil {
		return nil, fmt.Errorf(`its parameters are one vector, whose layout is not in a checkpoint; give "cudnn": {"kind": "lstm", "layers": 1, "in": …, "hidden": …}`)
	}
	v, err := m.must("opaque", -1)
	if err != nil {
		return nil, err
	}
	params := make([]float32, v.Len())
	if err := Read(v, params); err != nil {
		return nil, err
	}
	layers, err := l.Cudnn.Cells(params)
	if err != nil {
		return nil, err
	}
	r := &mapped{in: graph.Input{Width: l.Cudnn.In, Sequence: true}}
	values := graph.Values{}
	if !l.Cudnn.Bidirectional {
		var all rnn.Stack
		for _, cells := range layers {
			all = append(all, cells...)
		}
		cells, err := rnn.ConfigsOf(all)
		if err != nil {
			return nil, err
		}
		values.Add(l.Name, all)
		r.op = &graph.RNN{Cells: cells, Last: l.Last}
	}
	for i := 0; i < len(layers) && l.Cudnn.Bidirectional; i++ {
		name, last := fmt.Sprintf("%s_%d", l.Name, i), false
		if i == len(layers)-1 {
			name, last = l.Name, l.Last
		}
		f, err := rnn.ConfigsOf(layers[i][0])
		if err != nil {
			return nil, err
		}
		b, err := rnn.ConfigsOf(layers[i][1])
		if err != nil {
			return nil, err
		}
		values.Add(name+".fwd", layers[i][0])
		values.Add(name+".bwd", layers[i][1])
		r.layers = append(r.layers, graph.Layer{Name: name, Op: &graph.Bidirectional{Fwd: f, Bwd: b, Last: last}})
	}
	r.fill = []task{func(to map[string]*grad.Var) error {
		for name, t := range values {
			copy(to[name].Value.Data, t.Data)
		}
		return nil
	}}
	return r, nil
}
