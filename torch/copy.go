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
// what is written stays near.
func transposed(n int) func(p *grad.Var, at int, values []float32) {
	const tile = 16
	return func(p *grad.Var, at int, values []float32) {
		rows, first := p.Dim(1), at/n
		for r0 := 0; r0*n < len(values); r0 += 4 * tile {
			r1 := min(r0+4*tile, len(values)/n)
			for c0 := 0; c0 < n; c0 += tile {
				c1 := min(c0+tile, n)
				for r := r0; r < r1; r++ {
					to := p.Value.Data[c0*rows+first+r:]
					for c, v := range values[r*n+c0 : r*n+c1] {
						to[c*rows] = grad.Float(v)
					}
				}
			}
		}
	}
}
