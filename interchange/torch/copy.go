package torch

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
)

// A task copies a tensor of the file into a parameter.
type task struct {
	to   string // the parameter
	from *Tensor
	how  func(p *grad.Var, at int, values []grad.Float) // puts values of from, from the at-th on, into p
}

// straight copies values as they lie, over p from element to on.
func straight(to int) func(p *grad.Var, at int, values []grad.Float) {
	return func(p *grad.Var, at int, values []grad.Float) { copy(p.Value.Data[to+at:], values) }
}

// added adds values to what is there.
func added(p *grad.Var, at int, values []grad.Float) {
	kernel.AddTo(p.Value.Data[at:], values)
}

// transposed puts a matrix of rows of n values into p [n, rows].
func transposed(n int) func(p *grad.Var, at int, values []grad.Float) {
	return func(p *grad.Var, at int, values []grad.Float) {
		kernel.Transpose(len(values)/n, n, values, p.Value.Data[at/n:], p.Dim(1))
	}
}
