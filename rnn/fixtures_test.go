package rnn_test

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// array is a tensor in JSON.
type array struct {
	Name  string
	Shape []int
	Data  []float64
}

func (a *array) tensor() *tensor.Tensor {
	if a == nil {
		return nil
	}
	x := tensor.New(a.Shape...)
	for i, v := range a.Data {
		x.Data[i] = tensor.Float(v)
	}
	return x
}

func (a *array) ints() (n []int) {
	if a != nil {
		for _, v := range a.Data {
			n = append(n, int(v))
		}
	}
	return n
}

// constants makes a parameter of one value.
func constants(v float64, dims ...int) *grad.Var {
	x := tensor.New(dims...)
	for i := range x.Data {
		x.Data[i] = tensor.Float(v)
	}
	return grad.Leaf(x)
}
