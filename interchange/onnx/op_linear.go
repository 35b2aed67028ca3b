package onnx

import (
	"math"
	"slices"
)

func init() {
	register("",
		version{"LinearAttention", 27, 3, 6, 2, linearAttention},
		version{"CausalConvWithState", 27, 2, 4, 2, causalConv},
	)
}

// A linearRule is a recurrence of matrices S [d_k, d_v], one for each head of keys
// and values. With g the decay and β the rate of a step,
//
//	S = exp(g)·S + β·k⊗(v - Sᵀk)   where the rule has a decay, a rate and a correction
//	o = scale·qᵀS
type linearRule struct {
	gated, delta  bool
	heads, shared int // number of heads of queries, and of keys and values
	scale         float64
}

func linearAttention(n *nodeDef) op {
	n.must("q_num_heads")
	n.must("kv_num_heads")
	n.ignore("chunk_size")
	rule := n.oneOf("update_rule", "gated_delta", "linear", "gated", "delta")
	l := &linearRule{
		gated: rule == "gated" || rule == "gated_delta", delta: rule == "delta" || rule == "gated_delta",
		heads: n.int("q_num_heads", 0), shared: n.int("kv_num_heads", 0), scale: n.float("scale", 0),
	}
	if l.shared < 1 || l.heads < 1 || l.heads%l.shared != 0 || l.gated != n.given(4) || l.delta != n.given(5) {
		fail("update_rule %s with %d and %d heads", rule, l.heads, l.shared)
	}
	return opFunc(l.run)
}

func (l *linearRule) run(c *call) {
	query := c.tensor(0)
	q, k, v := splitHeads(query, l.heads), splitHeads(c.tensor(1), l.shared), splitHeads(c.tensor(2), l.shared)
	B, T, K, V := q.Shape[0], q.Shape[2], q.Shape[3], v.Shape[3]
	if !slices.Equal(k.Shape, []int{B, l.shared, T, K}) || !slices.Equal(v.Shape, []int{B, l.shared, T, V}) {
		fail("query %v, key %v and value %v", query.Shape, c.tensor(1).Shape, c.tensor(2).Shape)
	}
	shape := []int{B, l.shared, K, V}
	state, d := make([]float64, product(shape)), query.DType
	if past := c.opt(3); past != nil {
		if !slices.Equal(past.Shape, shape) {
			fail("past_state is %v, want %v", past.Shape, shape)
		}
		copy(state, past.doubles())
		d = past.DType
	}
	decay, rate := l.perStep(c.opt(4), B, T, K), l.perStep(c.opt(5), B, T, 1)
	scale := l.scale
	if scale == 0 {
		scale = 1 / math.Sqrt(float64(K))
	}
	qd, kd, vd := q.doubles(), k.doubles(), v.doubles()
	y := make([]float64, B*l.heads*T*V)
	group := l.heads / l.shared
	for b := range B {
		for h := range l.shared {
			S := state[(b*l.shared+h)*K*V:][:K*V]
			for t := range T {
				row := (b*l.shared+h)*T + t
				key, value := kd[row*K:][:K], vd[row*V:][:V]
				if l.gated {
					for i := range K {
						e := math.Exp(decay[row*K+i])
						for j := range V {
							S[i*V+j] *= e
						}
					}
				}
				for j := range V {
					u := value[j]
					if l.delta {
						for i := range K {
							u -= S[i*V+j] * key[i]
						}
						u *= rate[row]
					}
					for i := range K {
						S[i*V+j] += key[i] * u
					}
				}
				for k := range group {
					at := (b*l.heads+h*group+k)*T + t
					for j := range V {
						for i := range K {
							y[at*V+j] += scale * qd[at*K+i] * S[i*V+j]
						}
					}
				}
			}
		}
	}
	c.set(0, joinHeads(fromDoubles(query.DType, []int{B, l.heads, T, V}, y)))
	c.set(1, fromDoubles(d, shape, state))
}

// perStep is a decay or rate, [batch, time, heads·width], or less where it is the
// same for all, as [batch, heads, time, width].
func (l *linearRule) perStep(t *Tensor, B, T, width int) []float64 {
	if t == nil {
		return nil
	}
	if len(t.Shape) != 3 || t.Shape[0] != B || t.Shape[1] != T {
		fail("decay or beta is %v for a batch of %d and %d steps", t.Shape, B, T)
	}
	switch t.Shape[2] {
	case l.shared * width:
		t = t.view([]int{B, T, l.shared, width})
	case l.shared:
		t = t.view([]int{B, T, l.shared, 1})
	case 1:
		t = t.view([]int{B, T, 1, 1})
	default:
		fail("decay or beta is %v for %d heads of %d", t.Shape, l.shared, width)
	}
	return expand(transpose(t, []int{0, 2, 1, 3}), []int{B, l.shared, T, width}).doubles()
}

// causalConv convolves every channel with its own filter [channels, 1, k]. The last
// k-1 inputs are the state.
func causalConv(n *nodeDef) op {
	act := n.oneOf("activation", "none", "silu", "swish")
	return opFunc(func(c *call) {
		x, w := c.tensor(0), c.tensor(1)
		if len(x.Shape) != 3 || len(w.Shape) != 3 || w.Shape[0] != x.Shape[1] || w.Shape[1] != 1 || w.Shape[2] < 1 {
			fail("%v with filters %v", x.Shape, w.Shape)
		}
		B, C, T, K := x.Shape[0], x.Shape[1], x.Shape[2], w.Shape[2]
		shape := []int{B, C, K - 1}
		past := c.opt(3)
		if past == nil {
			past = newTensor(x.DType, shape)
		}
		if !slices.Equal(past.Shape, shape) {
			fail("past_state is %v, want %v", past.Shape, shape)
		}
		all := concat([]*Tensor{past, x}, 2)
		d, f := all.doubles(), w.doubles()
		bias := make([]float64, C)
		if b := c.opt(2); b != nil {
			bias = perChannel(x, b)
		}
		y := make([]float64, B*C*T)
		for r := range B * C {
			row := d[r*(T+K-1):]
			for t := range T {
				s := bias[r%C]
				for i := range K {
					s += f[r%C*K+i] * row[t+i]
				}
				if act != "none" {
					s *= sigmoid(s)
				}
				y[r*T+t] = s
			}
		}
		c.set(0, fromDoubles(x.DType, x.Shape, y))
		c.set(1, part(all, 2, T, T+K-1))
	})
}
