package onnx

import "github.com/recur-go/recur/rnn"

// The cells whose gates do not see h, and the IndRNN, as their equations have them.

func init() {
	exportsStep(func(e *cellExport, o rnn.IndRNNOptions, x string, s []string) (string, []string) {
		h := e.activate(o.Activation, rnn.ReLU, e.add(e.linear(x, !o.NoBias), e.mul(s[0], e.weight("u"))))
		return h, []string{h}
	})
	exportsStep(func(e *cellExport, o rnn.MinGRUOptions, x string, s []string) (string, []string) {
		p := e.split(e.linear(x, !o.NoBias), 2)
		h := e.blend(e.sigmoid(p[0]), s[0], e.positive(p[1], o.Positive))
		return h, []string{h}
	})
	exportsStep(func(e *cellExport, o rnn.MinLSTMOptions, x string, s []string) (string, []string) {
		p := e.split(e.linear(x, !o.NoBias), 3)
		f, i := e.sigmoid(p[0]), e.sigmoid(p[1])
		h := e.blend(e.two("Div", i, e.add(i, f)), s[0], e.positive(p[2], o.Positive))
		return h, []string{h}
	})
	exportsStep((*cellExport).sru)
}

func (e *cellExport) sru(o rnn.SRUOptions, x string, s []string) (string, []string) {
	n := o.Parts(e.in, e.hidden)
	p := e.split(e.dot(x, "w"), n)
	gate := func(x string, k int) string {
		x = e.add(x, e.row("b", k))
		if o.Peepholes {
			x = e.add(x, e.mul(s[0], e.row("v", k)))
		}
		return e.sigmoid(x)
	}
	f, r := gate(p[1], 0), gate(p[2], 1)
	if n == 4 {
		x = p[3]
	}
	if o.Scale != 0 {
		x = e.mul(x, e.scalar(o.Scale))
	}
	c := e.blend(f, p[0], s[0])
	return e.blend(r, x, e.activate(o.Activation, rnn.Tanh, c)), []string{c}
}

// linear is x·W, with B joining it if there is one.
func (e *cellExport) linear(x string, bias bool) string {
	if bias {
		return e.affine(x, "w", "b")
	}
	return e.dot(x, "w")
}

// positive is g(u) of the minimal cells, if it is asked for.
func (e *cellExport) positive(u string, ask bool) string {
	if !ask {
		return u
	}
	return e.add(e.one("Relu", u), e.sigmoid(e.two("Min", u, e.scalar(0))))
}
