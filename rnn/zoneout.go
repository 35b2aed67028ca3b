package rnn

import "github.com/recur-go/recur/grad"

// Zoneout keeps each value of the state from the step before with probability H,
// and for memory cells, such as an LSTM's c, with probability C (Krueger et al.
// 2017). Outside training it blends old and new by these probabilities, which is
// the expectation.
//
// The output is the cell's own, as the TensorFlow code of the paper's authors has it.
// With Output it is entry 0 of the state that is handed on, as the paper's equations
// have it for cells whose output is their h, such as Basic, LSTM and GRU.
//
// At each step one mask is drawn from the tape's Rand for each entry of the state whose
// probability is above 0, in their order.
type Zoneout struct {
	Cell
	H, C   float64
	Output bool
}

// Unwrap returns the cell.
func (z *Zoneout) Unwrap() Cell { return z.Cell }

// With returns the same wrapper around cell.
func (z *Zoneout) With(cell Cell) Cell { return &Zoneout{cell, z.H, z.C, z.Output} }

// Step computes one step.
func (z *Zoneout) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	y, next := z.Cell.Step(g, x, s)
	kept := State(g.List(next...))
	for i, v := range next {
		p := z.H
		if IsCellState(z.Cell, i) {
			p = z.C
		}
		switch {
		case p <= 0:
		case g.Train:
			// The mask is 1 where the value is new.
			fresh := g.Scale(g.Mask(p, v.Dim(0), v.Dim(1)), 1-p)
			kept[i] = g.Lerp(s[i], v, fresh)
		default:
			kept[i] = g.Add(g.Scale(s[i], p), g.Scale(v, 1-p))
		}
	}
	if z.Output {
		y = kept[0]
	}
	return y, kept
}
