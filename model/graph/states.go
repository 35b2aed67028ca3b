package graph

import (
	"fmt"

	"github.com/recur-go/recur/rnn"
)

// A StateEntry is one entry of the state of a Net.
type StateEntry struct {
	Name  string // name of its layer, and h, or c for a memory cell, as in lstm.h; in a stack, the number of the cell between
	Width int
}

// States lists the entries of the state of all layers, in the order of StateSize.
func (n *Net) States() (list []StateEntry) {
	for _, l := range n.Layers {
		switch node := l.Node.(type) {
		case *rnnNode:
			list = append(list, entries(l.Name, node.Cell)...)
		case *biNode:
			list = append(list, entries(l.Name+".fwd", node.Fwd)...)
			list = append(list, entries(l.Name+".bwd", node.Bwd)...)
		}
	}
	return list
}

func entries(name string, c rnn.Cell) (list []StateEntry) {
	if k, ok := c.(rnn.Stack); ok {
		for i, c := range k {
			list = append(list, entries(fmt.Sprintf("%s.%d", name, i), c)...)
		}
		return list
	}
	m, ok := c.(rnn.CellStater)
	for i, width := range c.StateSize() {
		e := StateEntry{name + ".h", width}
		switch {
		case ok && i < 2 && m.IsCellState(i): // later ones are of cells inside a wrapper
			e.Name = name + ".c"
		case i > 0:
			e.Name = fmt.Sprintf("%s.h%d", name, i)
		}
		list = append(list, e)
	}
	return list
}
