package graph

import (
	"fmt"
	"slices"
)

// Logits is the network without the softmax, log_softmax or sigmoid that its outputs end
// in, so that they are what nn.CrossEntropy and nn.BCE take: their gradients are exact
// where a probability has become 0 or 1. The parameters are those of n itself; to train
// one trains the other. It is an error if an output does not end in such an activation,
// or if another layer reads the layer that has it.
func (n *Net) Logits() (*Net, error) {
	c := *n.Config
	c.Layers = slices.Clone(c.Layers)
	m := &Net{Config: &c, Layers: slices.Clone(n.Layers), plan: n.plan}
	for i, out := range n.plan.out {
		name := n.OutputNames()[i]
		if out.layer < 0 {
			return nil, fmt.Errorf("graph: output %q is an input", name)
		}
		for j, from := range n.plan.from {
			if slices.Contains(from, out) {
				return nil, fmt.Errorf("graph: layer %q reads output %q", c.Layers[j].Name, name)
			}
		}
		l := &c.Layers[out.layer]
		switch node := n.Layers[out.layer].Node.(type) {
		case *denseNode:
			if node.op.Activation.isOfLogits() {
				o := *node.op
				o.Activation = ""
				l.Op, m.Layers[out.layer].Node = &o, &denseNode{&o, node.Linear, nil}
				continue
			}
		case *Activation:
			if node.Func.isOfLogits() {
				o := &Activation{}
				l.Op, m.Layers[out.layer].Node = o, o
				continue
			}
		}
		return nil, fmt.Errorf("graph: output %q does not end in a softmax, log_softmax or sigmoid", name)
	}
	return m, nil
}

func (f Func) isOfLogits() bool { return f == "softmax" || f == "log_softmax" || f == "sigmoid" }
