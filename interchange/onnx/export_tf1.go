package onnx

import (
	"fmt"

	"github.com/recur-go/recur/rnn/tf1"
)

// The cells of TensorFlow 1 that package rnn/tf1 has, as their equations have them.

func init() {
	exportsStep(func(e *cellExport, o tf1.UGRNNOptions, x string, s []string) (string, []string) {
		p := e.split(e.affine(e.join(x, s[0]), "kernel", "bias"), 2)
		h := e.blend(e.gate(p[0], o.ForgetBias), e.one("Tanh", p[1]), s[0])
		return h, []string{h}
	})
	exportsStep(func(e *cellExport, o tf1.IntersectionOptions, x string, s []string) (string, []string) {
		if e.in != e.hidden {
			x = e.affine(x, "in", "inbias")
		}
		p := e.split(e.affine(e.join(x, s[0]), "kernel", "bias"), 4)
		h := e.blend(e.gate(p[0], o.ForgetBias), e.one("Tanh", p[1]), s[0])
		return e.blend(e.gate(p[2], o.ForgetBias), e.one("Relu", p[3]), x), []string{h}
	})
	exportsStep((*cellExport).nas)
	exportsStep(func(e *cellExport, _ tf1.MinimalOptions, x string, s []string) (string, []string) {
		w, in, H := e.weights(e.prefix+".kernel"), e.in, e.hidden
		z := e.one("Tanh", e.two("MatMul", x, e.constant(NewTensor(w[:in*H], in, H))))
		u := e.gate(e.add(e.two("MatMul", e.join(z, s[0]), e.constant(NewTensor(w[in*H:], 2*H, H))), e.weight("bias")), 0)
		h := e.blend(u, z, s[0])
		return h, []string{h}
	})
	exportsStep(func(e *cellExport, _ tf1.CFNOptions, x string, s []string) (string, []string) {
		v, u := e.split(e.dot(x, "kernel"), 3), e.split(e.affine(s[0], "recurrent", "bias"), 2)
		theta, eta := e.gate(e.add(v[0], u[0]), 0), e.gate(e.add(v[1], u[1]), 0)
		h := e.add(e.mul(theta, e.one("Tanh", s[0])), e.mul(e.two("Sub", e.scalar(1), eta), e.one("Tanh", v[2])))
		return h, []string{h}
	})
	exportsStep(func(e *cellExport, _ tf1.IndyGRUOptions, x string, s []string) (string, []string) {
		p := e.split(e.gate(e.add(e.affine(x, "gatekernel", "gatebias"), e.mul(e.join(s[0], s[0]), e.weight("gateu"))), 0), 2)
		h := e.blend(p[1], e.one("Tanh", e.add(e.affine(x, "kernel", "bias"), e.mul(e.mul(p[0], s[0]), e.weight("u")))), s[0])
		return h, []string{h}
	})
	exportsStep(func(e *cellExport, o tf1.IndyLSTMOptions, x string, s []string) (string, []string) {
		p := e.split(e.add(e.affine(x, "kernel", "bias"), e.mul(e.join(s[0], s[0], s[0], s[0]), e.weight("u"))), 4)
		h, next := e.remember(p, s[1], o.ForgetBias)
		return h, []string{h, next}
	})
	exportsStep((*cellExport).glstm)
	exportsStep((*cellExport).phased)
}

// gate is σ(x + bias).
func (e *cellExport) gate(x string, bias float64) string {
	if bias != 0 {
		x = e.add(x, e.scalar(bias))
	}
	return e.sigmoid(x)
}

// remember is the end of an LSTM with the gates i, j, f, o.
func (e *cellExport) remember(p []string, c string, forget float64) (h, next string) {
	next = e.add(e.mul(e.gate(p[2], forget), c), e.mul(e.gate(p[0], 0), e.one("Tanh", p[1])))
	return e.mul(e.gate(p[3], 0), e.one("Tanh", next)), next
}

func (e *cellExport) nas(o tf1.NASOptions, x string, s []string) (string, []string) {
	b := e.dot(s[0], "recurrent")
	if !o.NoBias {
		b = e.add(b, e.weight("bias"))
	}
	pa, pb := e.split(e.dot(x, "kernel"), 8), e.split(b, 8)
	sum := func(i int) string { return e.add(pa[i], pb[i]) }
	l1 := e.one("Tanh", e.add(e.one("Tanh", e.mul(e.gate(sum(0), 0), e.one("Relu", sum(1)))), s[1]))
	l2 := e.one("Tanh", e.add(e.gate(sum(2), 0), e.one("Relu", e.mul(pa[3], pb[3]))))
	l3 := e.one("Tanh", e.mul(e.one("Tanh", sum(4)), e.gate(sum(5), 0)))
	l4 := e.gate(e.add(e.one("Tanh", sum(6)), e.gate(sum(7), 0)), 0)
	next := e.mul(l1, l2)
	h := e.one("Tanh", e.mul(next, e.one("Tanh", e.add(l3, l4))))
	if o.Projection > 0 {
		h = e.dot(h, "projection")
	}
	return h, []string{h, next}
}

func (e *cellExport) glstm(o tf1.GLSTMOptions, x string, s []string) (string, []string) {
	xs, hs := []string{x}, []string{s[0]}
	if o.Groups > 1 {
		xs, hs = e.split(x, o.Groups), e.split(s[0], o.Groups)
	}
	var gates [4][]string // i, j, f, o of each group
	for k := range o.Groups {
		for i, p := range e.split(e.dot(e.join(xs[k], hs[k]), fmt.Sprintf("kernels.%d", k)), 4) {
			gates[i] = append(gates[i], p)
		}
	}
	all := e.join(e.join(gates[0]...), e.join(gates[1]...), e.join(gates[2]...), e.join(gates[3]...))
	h, next := e.remember(e.split(e.add(all, e.weight("bias")), 4), s[1], o.ForgetBias)
	if o.Projection > 0 {
		h = e.dot(h, "projection")
	}
	return h, []string{h, next}
}

func (e *cellExport) phased(o tf1.PhasedOptions, x string, s []string) (string, []string) {
	t := e.node("Slice", []string{x, e.ints(0), e.ints(1), e.ints(1)})
	x = e.join(e.node("Slice", []string{x, e.ints(1), e.ints(int64(e.in)), e.ints(1)}), s[0])
	see := func(memory string) string {
		if !o.Peepholes {
			return x
		}
		return e.join(x, memory)
	}
	p := e.split(e.gate(e.affine(see(s[1]), "mask", "maskbias"), 0), 2)
	memory := e.add(e.mul(p[1], s[1]), e.mul(p[0], e.one("Tanh", e.affine(x, "new", "newbias"))))
	h := e.mul(e.gate(e.affine(see(memory), "out", "outbias"), 0), e.one("Tanh", memory))
	cycles := e.two("Div", e.two("Sub", t, e.weight("phase")), e.weight("period"))
	phi := e.two("Sub", cycles, e.one("Floor", cycles))
	up := e.mul(e.two("Div", phi, e.weight("on")), e.scalar(2))
	choose := func(yes, a, b string) string { return e.node("Where", []string{yes, a, b}) }
	falling := choose(e.two("Less", phi, e.weight("on")), e.two("Sub", e.scalar(2), up), e.mul(phi, e.scalar(o.Leak)))
	k := choose(e.two("Less", phi, e.mul(e.weight("on"), e.scalar(0.5))), up, falling)
	h, memory = e.blend(k, s[0], h), e.blend(k, s[1], memory)
	return h, []string{h, memory}
}
