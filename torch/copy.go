package torch

import (
	"github.com/recur-go/recur/grad"
)

// A task copies a tensor of the file into a parameter.
type task struct {
	to   string // the parameter
	from *Tensor
	how  func(p *grad.Var, at int, values []float32) // puts values of from, from the at-th on, into p
}

// straight copies values as they lie, over p from element to on.
func straight(to int) func(p *grad.Var, at int, values []float32) {
	return func(p *grad.Var, at int, values []float32) {
		dst := p.Value.Data[to+at:]
		for i, v := range values {
			dst[i] = grad.Float(v)
		}
	}
}

// added adds values to what is there.
func added(p *grad.Var, at int, values []float32) {
	for i, v := range values {
		p.Value.Data[at+i] += grad.Float(v)
	}
}

// transposed puts a matrix of rows of n values into p [n, rows], tile by tile, so that
// both what is read and what is written stay near.
func transposed(n int) func(p *grad.Var, at int, values []float32) {
	const high, wide = 64, 16
	return func(p *grad.Var, at int, values []float32) {
		rows, first, have := p.Dim(1), at/n, len(values)/n
		for r0 := 0; r0 < have; r0 += high {
			r1 := min(r0+high, have)
			for c0 := 0; c0 < n; c0 += wide {
				for c := c0; c < min(c0+wide, n); c++ {
					to, from := p.Value.Data[c*rows+first+r0:c*rows+first+r1], values[r0*n+c:]
					for r := range to {
						to[r] = grad.Float(from[r*n])
					}
				}
			}
		}
	}
}
