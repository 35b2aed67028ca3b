package onnx

import (
	"fmt"

	"github.com/recur-go/recur/model/graph"
)

// tf1Step makes one step of the cells of TensorFlow 1 that package rnn/tf1 has, as their
// equations have it; nil if c is none of them.
func (e *exporter) tf1Step(prefix string, c graph.Cell, in int) func(x string, s []string) (string, []string) {
	one := func(op, x string) string { return e.node(op, []string{x}) }
	add := func(a, b string) string { return e.two("Add", a, b) }
	mul := func(a, b string) string { return e.two("Mul", a, b) }
	param := func(name string) string { return e.param(prefix + "." + name) }
	dot := func(x, w string) string { return e.two("MatMul", x, param(w)) }
	affine := func(x, w, b string) string { return add(dot(x, w), param(b)) }
	join := func(list ...string) string { return e.node("Concat", list, attr{"axis", -1}) }
	gate := func(x string, bias float64) string {
		if bias != 0 {
			x = add(x, e.scalar(bias))
		}
		return one("Sigmoid", x)
	}
	remember := func(p []string, c string, forget float64) (h, next string) { // of i, j, f, o
		next = add(mul(gate(p[2], forget), c), mul(gate(p[0], 0), one("Tanh", p[1])))
		return mul(gate(p[3], 0), one("Tanh", next)), next
	}
	switch o := c.(type) {
	case *graph.UGRNN:
		return func(x string, s []string) (string, []string) {
			p := e.split(affine(join(x, s[0]), "kernel", "bias"), 2)
			h := e.blend(gate(p[0], o.ForgetBias), one("Tanh", p[1]), s[0])
			return h, []string{h}
		}
	case *graph.Intersection:
		return func(x string, s []string) (string, []string) {
			if in != o.Hidden {
				x = affine(x, "in", "inbias")
			}
			p := e.split(affine(join(x, s[0]), "kernel", "bias"), 4)
			h := e.blend(gate(p[0], o.ForgetBias), one("Tanh", p[1]), s[0])
			return e.blend(gate(p[2], o.ForgetBias), one("Relu", p[3]), x), []string{h}
		}
	case *graph.NAS:
		return func(x string, s []string) (string, []string) {
			b := dot(s[0], "recurrent")
			if !o.NoBias {
				b = add(b, param("bias"))
			}
			pa, pb := e.split(dot(x, "kernel"), 8), e.split(b, 8)
			sum := func(i int) string { return add(pa[i], pb[i]) }
			l1 := one("Tanh", add(one("Tanh", mul(gate(sum(0), 0), one("Relu", sum(1)))), s[1]))
			l2 := one("Tanh", add(gate(sum(2), 0), one("Relu", mul(pa[3], pb[3]))))
			l3 := one("Tanh", mul(one("Tanh", sum(4)), gate(sum(5), 0)))
			l4 := gate(add(one("Tanh", sum(6)), gate(sum(7), 0)), 0)
			next := mul(l1, l2)
			h := one("Tanh", mul(next, one("Tanh", add(l3, l4))))
			if o.Projection > 0 {
				h = dot(h, "projection")
			}
			return h, []string{h, next}
		}
	case *graph.Minimal:
		return func(x string, s []string) (string, []string) {
			w, H := e.weights(prefix+".kernel"), o.Hidden
			z := one("Tanh", e.two("MatMul", x, e.constant(NewTensor(w[:in*H], in, H))))
			u := gate(add(e.two("MatMul", join(z, s[0]), e.constant(NewTensor(w[in*H:], 2*H, H))), param("bias")), 0)
			h := e.blend(u, z, s[0])
			return h, []string{h}
		}
	case *graph.CFN:
		return func(x string, s []string) (string, []string) {
			v, u := e.split(dot(x, "kernel"), 3), e.split(affine(s[0], "recurrent", "bias"), 2)
			theta, eta := gate(add(v[0], u[0]), 0), gate(add(v[1], u[1]), 0)
			h := add(mul(theta, one("Tanh", s[0])), mul(e.two("Sub", e.scalar(1), eta), one("Tanh", v[2])))
			return h, []string{h}
		}
	case *graph.IndyGRU:
		return func(x string, s []string) (string, []string) {
			p := e.split(gate(add(affine(x, "gatekernel", "gatebias"), mul(join(s[0], s[0]), param("gateu"))), 0), 2)
			h := e.blend(p[1], one("Tanh", add(affine(x, "kernel", "bias"), mul(mul(p[0], s[0]), param("u")))), s[0])
			return h, []string{h}
		}
	case *graph.IndyLSTM:
		return func(x string, s []string) (string, []string) {
			p := e.split(add(affine(x, "kernel", "bias"), mul(join(s[0], s[0], s[0], s[0]), param("u"))), 4)
			h, next := remember(p, s[1], o.ForgetBias)
			return h, []string{h, next}
		}
	case *graph.GLSTM:
		return func(x string, s []string) (string, []string) {
			xs, hs := []string{x}, []string{s[0]}
			if o.Groups > 1 {
				xs, hs = e.split(x, o.Groups), e.split(s[0], o.Groups)
			}
			var gates [4][]string // i, j, f, o of each group
			for k := range o.Groups {
				for i, p := range e.split(dot(join(xs[k], hs[k]), fmt.Sprintf("kernels.%d", k)), 4) {
					gates[i] = append(gates[i], p)
				}
			}
			all := join(join(gates[0]...), join(gates[1]...), join(gates[2]...), join(gates[3]...))
			h, next := remember(e.split(add(all, param("bias")), 4), s[1], o.ForgetBias)
			if o.Projection > 0 {
				h = dot(h, "projection")
			}
			return h, []string{h, next}
		}
	case *graph.Phased:
		return func(x string, s []string) (string, []string) {
			t := e.node("Slice", []string{x, e.ints(0), e.ints(1), e.ints(1)})
			x = join(e.node("Slice", []string{x, e.ints(1), e.ints(int64(in)), e.ints(1)}), s[0])
			see := func(memory string) string {
				if !o.Peepholes {
					return x
				}
				return join(x, memory)
			}
			p := e.split(gate(affine(see(s[1]), "mask", "maskbias"), 0), 2)
			memory := add(mul(p[1], s[1]), mul(p[0], one("Tanh", affine(x, "new", "newbias"))))
			h := mul(gate(affine(see(memory), "out", "outbias"), 0), one("Tanh", memory))
			cycles := e.two("Div", e.two("Sub", t, param("phase")), param("period"))
			phi := e.two("Sub", cycles, one("Floor", cycles))
			up := mul(e.two("Div", phi, param("on")), e.scalar(2))
			choose := func(yes, a, b string) string { return e.node("Where", []string{yes, a, b}) }
			falling := choose(e.two("Less", phi, param("on")), e.two("Sub", e.scalar(2), up), mul(phi, e.scalar(o.Leak)))
			k := choose(e.two("Less", phi, mul(param("on"), e.scalar(0.5))), up, falling)
			h, memory = e.blend(k, s[0], h), e.blend(k, s[1], memory)
			return h, []string{h, memory}
		}
	}
	return nil
}
