package classify

import (
	"errors"
	"fmt"

	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
)

// Graph is the model as a graph of layers, for export: ids, or the values of a series,
// in, and the scores of the labels out, of each sequence or of each step. What it reads
// besides ids has no plain form.
func (n *net) Graph() (*graph.Net, error) {
	if n.Case != nil || n.NGrams != nil {
		return nil, errors.New("classify: a model that reads capitals or n-grams beside the tokens is not a plain graph of layers; train one with --set case=false --set ngrams=0")
	}
	c, values := &graph.Config{}, graph.Values{}
	add := func(name string, op graph.Op, from ...string) string {
		c.Layers = append(c.Layers, graph.Layer{Name: name, From: from, Op: op})
		return name
	}
	x := "x"
	c.Inputs = []graph.Input{{Name: x, Width: n.cfg.input(), Sequence: true}}
	if n.Embed != nil {
		c.Inputs = []graph.Input{{Name: "ids", Width: 1, Sequence: true, IDs: true}}
		x = add("embed", &graph.Embedding{Vocab: n.Embed.W.Dim(0), Width: n.Embed.W.Dim(1)})
		values.Add(x, n.Embed)
	}
	y, last := x, []string(nil)
	for i, l := range n.Layers {
		name := fmt.Sprintf("layer%d", i)
		fwd, err := rnn.ConfigsOf(l.Fwd)
		if err != nil {
			return nil, err
		}
		if l.Bwd == nil {
			add(name, &graph.RNN{Cells: fwd}, y)
			values.Add(name, l.Fwd)
			last = []string{name + ":1"} // an output is the state h
		} else {
			bwd, err := rnn.ConfigsOf(l.Bwd)
			if err != nil {
				return nil, err
			}
			add(name, &graph.Bidirectional{Fwd: fwd, Bwd: bwd, Merge: rnn.Concat}, y)
			values.Add(name+".fwd", l.Fwd)
			values.Add(name+".bwd", l.Bwd)
			last = []string{name + ":1", fmt.Sprintf("%s:%d", name, 1+len(l.Fwd.StateSize()))}
		}
		y = name
	}
	if n.cfg.Target != Steps {
		var parts []string
		for _, p := range n.cfg.pools() {
			switch p {
			case "last":
				parts = append(parts, last...)
			case "mean":
				parts = append(parts, add("mean", &graph.GlobalPool{By: "average"}, y))
			case "max":
				parts = append(parts, add("max", &graph.GlobalPool{By: "max"}, y))
			case "attention":
				add("look", &graph.Dense{Units: attentionWidth, Activation: "tanh"}, y)
				values.Add("look", n.Attend.Look)
				values["weights.w"] = n.Attend.V.Value
				parts = append(parts, add("attention", &graph.AttentionPool{}, y, add("weights", &graph.Dense{Units: 1, NoBias: true})))
			case "bag":
				parts = append(parts, add("bag", &graph.GlobalPool{By: "average"}, x))
			default:
				return nil, fmt.Errorf("classify: pooling by %s is not a plain graph of layers; train with another, such as --set pool=mean", p)
			}
		}
		if y = parts[0]; len(parts) > 1 {
			y = add("pooled", &graph.Concat{}, parts...)
		}
	}
	values.Add(add("scores", &graph.Dense{Units: n.Out.W.Dim(1)}, y), n.Out)
	g, err := graph.New(c, nil)
	if err != nil {
		return nil, err
	}
	return g, g.Fill(values)
}
