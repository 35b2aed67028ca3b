package onnx

import (
	"github.com/recur-go/recur/graph"
)

// linearStep makes one step of the cells whose gates do not see h, and of the IndRNN, as
// their equations have it; nil if c is none of them.
func (e *exporter) linearStep(prefix string, c graph.Cell, in int) func(x string, s []string) (string, []string) {
	two := func(op, a, b string) string { return e.node(op, []string{a, b}) }
	sigmoid := func(x string) string { return e.node("Sigmoid", []string{x}) }
	affine := func(x string, bias bool) string {
		y := two("MatMul", x, e.param(prefix+".w"))
		if bias {
			y = two("Add", y, e.param(prefix+".b"))
		}
		return y
	}
	parts := func(x string, n int) []string { return e.nodeN("Split", []string{x}, n, attr{"axis", -1}) }
	blend := func(w, a, b string) string { // a + w∘(b-a)
		return two("Add", a, two("Mul", w, two("Sub", b, a)))
	}
	positive := func(u string, ask bool) string {
		if !ask {
			return u
		}
		return two("Add", e.node("Relu", []string{u}), sigmoid(two("Min", u, e.scalar(0))))
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
			h := e.activation(or(o.Activation.String(), "relu"), two("Add", affine(x, !o.NoBias), two("Mul", s[0], e.param(prefix+".u"))))
			return h, []string{h}
		}
	case *graph.MinGRU:
		return func(x string, s []string) (string, []string) {
			p := parts(affine(x, !o.NoBias), 2)
			h := blend(sigmoid(p[0]), s[0], positive(p[1], o.Positive))
			return h, []string{h}
		}
	case *graph.MinLSTM:
		return func(x string, s []string) (string, []string) {
			p := parts(affine(x, !o.NoBias), 3)
			f, i := sigmoid(p[0]), sigmoid(p[1])
			h := blend(two("Div", i, two("Add", i, f)), s[0], positive(p[2], o.Positive))
			return h, []string{h}
		}
	case *graph.SRU:
		return func(x string, s []string) (string, []string) {
			n := o.Parts(in)
			p := parts(two("MatMul", x, e.param(prefix+".w")), n)
			gate := func(x string, k int) string {
				x = two("Add", x, row(".b", k, o.Hidden))
				if o.SeesState {
					x = two("Add", x, two("Mul", s[0], row(".v", k, o.Hidden)))
				}
				return sigmoid(x)
			}
			f, r := gate(p[1], 0), gate(p[2], 1)
			if n == 4 {
				x = p[3]
			}
			if o.Scale != 0 {
				x = two("Mul", x, e.scalar(o.Scale))
			}
			c := blend(f, p[0], s[0])
			return blend(r, x, e.activation(or(o.Activation.String(), "tanh"), c)), []string{c}
		}
	}
	return nil
}
