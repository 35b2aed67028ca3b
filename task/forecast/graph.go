package forecast

import (
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// Graph is the net as a graph of layers, for export: the features of steps in, scaled
// as the model scales them, and the quantiles of each step out, in order, of which the
// last Horizon are the forecast.
//
//	h = LSTM(x)
//	q = [Mid([h, x]), softplus(Gaps(h))]·ladder
func (n *Net) Graph() (*graph.Net, error) {
	cells, err := rnn.ConfigsOf(n.Cell)
	if err != nil {
		return nil, err
	}
	hidden, in, out := n.Head.W.Dim(0), n.Skip.W.Dim(0), n.Head.W.Dim(1)
	g, err := graph.New(&graph.Config{
		Inputs: []graph.Input{{Name: "x", Width: in, Sequence: true}},
		Layers: []graph.Layer{
			{Name: "rnn", Op: &graph.RNN{Cells: cells}},
			{Name: "both", From: []string{"rnn", "x"}, Op: &graph.Concat{}},
			{Name: "mid", Op: &graph.Dense{Units: 1}},
			{Name: "gaps", From: []string{"rnn"}, Op: &graph.Dense{Units: out - 1, Activation: "softplus"}},
			{Name: "parts", From: []string{"mid", "gaps"}, Op: &graph.Concat{}},
			{Name: "quantiles", Op: &graph.Dense{Units: out, NoBias: true}},
		},
	}, nil)
	if err != nil {
		return nil, err
	}
	head := n.Head.W.Value
	mid, gaps := tensor.New(hidden+in, 1), tensor.New(hidden, out-1)
	for i := range hidden {
		mid.Data[i] = head.Data[i*out]
		copy(gaps.At(i).Data, head.Data[i*out+1:(i+1)*out])
	}
	copy(mid.Data[hidden:], n.Skip.W.Value.Data)
	bias := tensor.FromSlice([]tensor.Float{n.Head.B.Value.Data[0] + n.Skip.B.Value.Data[0]}, 1)
	values := graph.Values{"mid.w": mid, "mid.b": bias, "gaps.w": gaps, "gaps.b": n.Head.B.Value.Slice(1, out), "quantiles.w": ladder}
	values.Add("rnn", n.Cell)
	return g, g.Fill(values)
}
