package graph

import (
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
)

// remembering is n for steps one by one, where a mask may leave steps out: there a layer
// that gives its last output, or repeats it, keeps it in an entry of the state of its own.
// Without masks it is n itself.
func (n *Net) remembering() *Net {
	if !slices.ContainsFunc(n.Layers, func(l NamedLayer) bool { return masks(l.Node) }) {
		return n
	}
	m, p := *n, *n.plan
	m.plan, p.layers, m.Layers = &p, slices.Clone(p.layers), slices.Clone(n.Layers)
	for i, l := range m.Layers {
		switch node := l.Node.(type) {
		case *rnnNode:
			if !node.op.Last && node.op.Masked != Repeat {
				continue
			}
		case *Last:
		default:
			continue
		}
		width := p.layers[i].Out[0].Width
		m.Layers[i].Node = &remember{l.Node, width}
		p.layers[i].State = append(slices.Clone(p.layers[i].State), width)
	}
	return &m
}

// masks reports whether a layer may mask steps.
func masks(node Node) bool {
	switch n := node.(type) {
	case *Masking:
		return true
	case *embeddingNode:
		return n.op.MaskZero
	}
	return false
}

// remember runs a layer on sequences of one step. Where the step is masked its output is
// the one before, zeros at first, which is the last entry of its state.
type remember struct {
	Node
	width int
}

// Start is the layer's first state, and zeros.
func (n *remember) Start(g *grad.Tape, batch int) (s rnn.State) {
	if st, ok := n.Node.(starter); ok {
		s = append(s, st.Start(g, batch)...)
	}
	return append(s, g.Zeros(batch, n.width))
}

// Run implements Node.
func (n *remember) Run(g *grad.Tape, in []Value, s rnn.State) ([]Value, rnn.State) {
	own, mask, rows := len(s)-1, in[0].Mask, in[0].X.Dim(1) // the layer may write over in
	out, last := n.Node.Run(g, in, s[:own:own])
	y := out[0].X
	if mask != nil && s[own] != nil {
		at := g.Ints(rows)
		for i := range at {
			if at[i] = i; !mask[i] {
				at[i] += rows // of those below
			}
		}
		kept := g.GatherRows(g.ConcatRows(g.Reshape(y, rows, n.width), s[own]), at)
		if y = kept; out[0].X.Shape().Rank() == 3 {
			y = g.Reshape(kept, 1, rows, n.width)
		}
		out[0].X = y
	}
	next := rnn.State(g.NewList(own + 1))
	copy(next, last)
	next[own] = g.Reshape(y, rows, n.width)
	return out, next
}
