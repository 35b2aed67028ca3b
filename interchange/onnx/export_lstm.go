package onnx

import (
	"cmp"

	"github.com/recur-go/recur/rnn"
)

func init() { exports((*cellExport).lstm) }

func (e *cellExport) lstm(o rnn.LSTMOptions) string {
	if o.Projection > 0 || o.CellClip > 0 || o.ProjClip > 0 || o.LayerNorm {
		return e.scan(func(x string, s []string) (string, []string) { return e.lstmStep(o, x, s) })
	}
	attrs := e.activations([]rnn.Activation{o.Gate, o.Cand, o.Out}, rnn.Sigmoid, rnn.Tanh, rnn.Tanh)
	if o.Clip > 0 {
		attrs = append(attrs, attr{"clip", o.Clip})
	}
	order, gates := []int{0, 3, 1, 2}, 4 // i o f c of i f c o
	if o.Coupled {
		attrs = append(attrs, attr{"input_forget", 1})
		order, gates = []int{0, 2, -1, 1}, 3 // of i c o; f is not read
	}
	w := e.gates(gates, !o.NoBias, "", order...)
	peep := ""
	if o.Peepholes { // i o f of i f o
		peep = e.constant(NewTensor(blocks(e.weights(e.prefix+".p"), e.hidden, 0, 2, 1), 1, 3*e.hidden))
	}
	return e.fused("LSTM", w, peep, attrs...)
}

// lstmStep is one step of an rnn.LSTM with all of its options, as its equations have it.
func (e *cellExport) lstmStep(o rnn.LSTMOptions, x string, s []string) (string, []string) {
	add, mul := e.add, e.mul
	clip := func(x string, limit float64) string {
		if limit <= 0 {
			return x
		}
		return e.node("Clip", []string{x, e.scalar(-limit), e.scalar(limit)})
	}
	eps := cmp.Or(o.NormEps, 1e-12)
	h, c := s[0], s[1]
	a := add(e.dot(x, "wx"), e.dot(h, "wh"))
	if !o.NoBias && !o.LayerNorm {
		a = add(a, e.weight("b"))
	}
	n := 4
	if o.Coupled {
		n = 3
	}
	gates := e.split(a, n)
	if o.LayerNorm {
		for k := range gates {
			gates[k] = e.node("LayerNormalization", []string{gates[k], e.row("norm.gain", k), e.row("norm.shift", k)}, attr{"axis", -1}, attr{"epsilon", eps})
		}
	}
	peep := func(x string, k int, c string) string {
		if o.Peepholes {
			x = add(x, mul(c, e.row("p", k)))
		}
		return clip(x, o.Clip)
	}
	i := e.activate(o.Gate, rnn.Sigmoid, peep(gates[0], 0, c))
	var f string
	if o.Coupled {
		f = e.node("Sub", []string{e.scalar(1), i})
	} else {
		f = e.activate(o.Gate, rnn.Sigmoid, peep(gates[1], 1, c))
	}
	u := e.activate(o.Cand, rnn.Tanh, clip(gates[n-2], o.Clip))
	c = clip(add(mul(f, c), mul(i, u)), o.CellClip)
	if o.LayerNorm {
		c = e.node("LayerNormalization", []string{c, e.weight("norm.cellgain"), e.weight("norm.cellshift")}, attr{"axis", -1}, attr{"epsilon", eps})
	}
	h = mul(e.activate(o.Gate, rnn.Sigmoid, peep(gates[n-1], 2, c)), e.activate(o.Out, rnn.Tanh, c))
	if o.Projection > 0 {
		h = clip(e.dot(h, "wp"), o.ProjClip)
	}
	return h, []string{h, c}
}
