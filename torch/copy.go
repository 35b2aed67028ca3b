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

// transposed puts a matrix of rows of n values into p [n, rows].
func transposed(n int) func(p *grad.Var, at int, values []float32) {
	return func(p *grad.Var, at int, values []float32) {
		rows := p.Dim(1)
		r, c := at/n, at%n
		for _, v := range values {
			p.Value.Data[c*rows+r] = grad.Float(v)
			if c++; c == n {
				r, c = r+1, 0
			}
		}
	}
}
