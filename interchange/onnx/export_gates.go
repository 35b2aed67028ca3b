package onnx

import (
	"cmp"

	"github.com/recur-go/recur/rnn"
)

// The cells that ONNX has operators for.

func init() {
	exports(func(e *cellExport, o rnn.BasicOptions) string {
		return e.fused("RNN", e.gates(1, !o.NoBias, "", 0), "", e.activations([]rnn.Activation{o.Activation}, rnn.Tanh)...)
	})
	exports(func(e *cellExport, o rnn.GRUOptions) string {
		recurrentBias, after := "", 0
		if !o.ResetBefore {
			recurrentBias, after = ".bn", 1
		}
		attrs := append([]attr{{"linear_before_reset", after}}, e.activations([]rnn.Activation{o.Gate, o.Cand}, rnn.Sigmoid, rnn.Tanh)...)
		if o.Clip > 0 {
			attrs = append(attrs, attr{"clip", o.Clip})
		}
		return e.fused("GRU", e.gates(3, !o.NoBias, recurrentBias, 1, 0, 2), "", attrs...) // z r h of r z n
	})
}

// activations are the attributes for activations other than the usual ones, which stand
// for those that are not given.
func (e *exporter) activations(list []rnn.Activation, usual ...rnn.Activation) []attr {
	var names []string
	var alphas, betas []float64
	plain := true
	for i, a := range list {
		a = cmp.Or(a, usual[i])
		plain = plain && a == usual[i]
		name, alpha, beta := cut(a.String())
		names = append(names, operators[name])
		switch name {
		case "leakyrelu", "thresholdedrelu", "elu":
			alphas = append(alphas, alpha)
		case "scaledtanh", "hardsigmoid", "affine":
			alphas, betas = append(alphas, alpha), append(betas, beta)
		case "identity":
			alphas, betas = append(alphas, 1), append(betas, 0)
		}
	}
	if plain {
		return nil
	}
	attrs := []attr{{"activations", names}}
	if alphas != nil {
		attrs = append(attrs, attr{"activation_alpha", alphas})
	}
	if betas != nil {
		attrs = append(attrs, attr{"activation_beta", betas})
	}
	return attrs
}

// normal is an activation with its parameters, as rnn writes it.
func (e *exporter) normal(a string) string {
	p, err := rnn.ParseActivation(a)
	if err != nil {
		panic(&ExportError{e.layer, err.Error()})
	}
	return p.String()
}

// gates are W [1, gates·hidden, in], R [1, gates·hidden, hidden] and B, with the gates of
// the parameters wx, wh and b in another order; -1 is a gate of zeros. recurrentBias is
// a bias of the last gate that belongs to R.
func (e *cellExport) gates(have int, bias bool, recurrentBias string, order ...int) []string {
	hidden := e.hidden
	n := len(order) * hidden
	matrix := func(name string, in int) string {
		w := e.weights(e.prefix + name) // [in, have·hidden]
		t := make([]float32, n*in)
		for to, from := range order {
			for h := 0; h < hidden && from >= 0; h++ {
				for c := range in {
					t[(to*hidden+h)*in+c] = w[c*have*hidden+from*hidden+h]
				}
			}
		}
		return e.constant(NewTensor(t, 1, n, in))
	}
	w := []string{matrix(".wx", e.in), matrix(".wh", hidden), ""}
	if bias || recurrentBias != "" {
		both := make([]float32, 2*n)
		if bias {
			b := e.weights(e.prefix + ".b")
			for to, from := range order {
				if from >= 0 {
					copy(both[to*hidden:(to+1)*hidden], b[from*hidden:(from+1)*hidden])
				}
			}
		}
		if recurrentBias != "" {
			copy(both[2*n-hidden:], e.weights(e.prefix+recurrentBias))
		}
		w[2] = e.constant(NewTensor(both, 1, 2*n))
	}
	return w
}

// fused is a node RNN, GRU or LSTM in one direction.
func (e *cellExport) fused(op string, w []string, peep string, attrs ...attr) string {
	direction := "forward"
	if e.backwards {
		direction = "reverse"
	}
	attrs = append([]attr{{"direction", direction}, {"hidden_size", e.hidden}}, attrs...)
	in := []string{e.x, w[0], w[1], w[2], e.lens}
	for _, s := range e.states {
		first := ""
		if s.first != "" {
			first = e.node("Unsqueeze", []string{s.first, e.ints(0)})
		}
		in = append(in, first)
	}
	if op == "LSTM" {
		in = append(in, peep)
	}
	out := e.nodeN(op, in, 1+len(e.states), attrs...)
	for i, s := range e.states {
		s.last = e.node("Squeeze", []string{out[1+i], e.ints(0)})
		if e.lens != "" && s.first != "" { // runtimes forget the first state of a row without steps
			some := e.node("Greater", []string{e.lens, e.constant(NewTensor([]int32{0}))})
			s.last = e.where(some, s.last, s.first)
		}
	}
	return e.node("Squeeze", []string{out[0], e.ints(1)})
}
