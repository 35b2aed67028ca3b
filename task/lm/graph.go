package lm

import (
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// Graph is the model as a graph of layers, for export: ids in, the scores of the next
// id out. Dropout, which does nothing after training, is not in it.
func (n *net) Graph() (*graph.Net, error) {
	cells, err := rnn.ConfigsOf(n.Cells)
	if err != nil {
		return nil, err
	}
	vocab, width := n.Embed.W.Dim(0), n.Embed.W.Dim(1)
	g, err := graph.New(&graph.Config{
		Inputs: []graph.Input{{Name: "ids", Width: 1, Sequence: true, IDs: true}},
		Layers: []graph.Layer{
			{Name: "embed", Op: &graph.Embedding{Vocab: vocab, Width: width}},
			{Name: "rnn", Op: &graph.RNN{Cells: cells}},
			{Name: "scores", Op: &graph.Dense{Units: vocab}},
		},
	}, nil)
	if err != nil {
		return nil, err
	}
	values := graph.Values{}
	values.Add("embed", n.Embed)
	values.Add("rnn", n.Cells)
	if n.Out != nil {
		values.Add("scores", n.Out)
	} else {
		w := tensor.New(width, vocab)
		kernel.Transpose(vocab, width, n.Embed.W.Value.Data, w.Data, vocab)
		values["scores.w"], values["scores.b"] = w, n.Bias.Value
	}
	return g, g.Fill(values)
}
