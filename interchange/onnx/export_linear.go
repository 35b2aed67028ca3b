package onnx

import (
	"github.com/recur-go/recur/model/graph"
)

// linearStep makes one step of the cells whose gates do not see h, and of the IndRNN, as
// their equations have it; nil if c is none of them.
func (e *exporter) linearStep(prefix string, c graph.Cell, in int) func(x string, s []string) (string, []string) {
	sigmoid := func(x string) string { return e.node("Sigmoid", []string{x}) }
	affine := func(x string, bias bool) string {
		y := e.two("MatMul", x, e.param(prefix+".w"))
		if bias {
			y = e.two("Add", y, e.param(prefix+".b"))
		}
		return y
	}
	positive := func(u string, ask bool) string {
		if !ask {
			return u
		}
		return e.two("Add", e.node("Relu", []string{u}), sigmoid(e.two("Min", u, e.scalar(0))))
	}
	row := func(param string, k, hidden int) string {
		return e.constant(NewTensor(e.weights(prefix + param)[k*hidden:(k+1)*hidden], hidden))
	}
	or := func(a, usual string) string {
		if a == "" {
			return usual
		}
		return a
	}
	switch o := c.(type) {
	case *graph.IndRNN:
		return func(x string, s []string) (string, []string) {
			h := e.activation(or(o.Activation.String(), "relu"), e.two("Add", affine(x, !o.NoBias), e.two("Mul", s[0], e.param(prefix+".u"))))
			return h, []string{h}
		}
	case *graph.MinGRU:
		return func(x string, s []string) (string, []string) {
			p := e.split(affine(x, !o.NoBias), 2)
			h := e.blend(sigmoid(p[0]), s[0], positive(p[1], o.Positive))
			return h, []string{h}
		}
	case *graph.MinLSTM:
		return func(x string, s []string) (string, []string) {
			p := e.split(affine(x, !o.NoBias), 3)
			f, i := sigmoid(p[0]), sigmoid(p[1])
			h := e.blend(e.two("Div", i, e.two("Add", i, f)), s[0], positive(p[2], o.Positive))
			return h, []string{h}
		}
	case *graph.SRU:
		return func(x string, s []string) (string, []string) {
			n := o.Parts(in)
			p := e.split(e.two("MatMul", x, e.param(prefix+".w")), n)
			gate := func(x string, k int) string {
				x = e.two("Add", x, row(".b", k, o.Hidden))
				if o.SeesState {
					x = e.two("Add", x, e.two("Mul", s[0], row(".v", k, o.Hidden)))
				}
				return sigmoid(x)
			}
			f, r := gate(p[1], 0), gate(p[2], 1)
			if n == 4 {
				x = p[3]
			}
			if o.Scale != 0 {
				x = e.two("Mul", x, e.scalar(o.Scale))
			}
			c := e.blend(f, p[0], s[0])
			return e.blend(r, x, e.activation(or(o.Activation.String(), "tanh"), c)), []string{c}
		}
	}
	return nil
}
