package onnx

import (
	"math"
	"slices"
)

func init() {
	for _, since := range []int{23, 24} {
		register("", version{"Attention", since, 3, 7, 4, attention})
	}
	register("", version{"SwiGLU", 28, 2, 2, 1, swiGLU})
}

func swiGLU(n *nodeDef) op {
	alpha := n.float("alpha", 1)
	return opFunc(func(c *call) {
		a, b := c.tensor(0), c.tensor(1)
		if !slices.Equal(a.Shape, b.Shape) {
			fail("%v and %v", a.Shape, b.Shape)
		}
		gate := mapped(cast(a, Float64), func(x float64) float64 { return x * sigmoid(alpha*x) })
		c.set(0, cast(calculate("Mul", gate, cast(b, Float64)), a.DType))
	})
}

// An attend is scaled dot-product attention: softmax(Q·Kᵀ·scale + mask)·V.
type attend struct {
	causal         bool
	heads, kvHeads int
	scale, softcap float64
	left, right    int
	mode           int
}

func attention(n *nodeDef) op {
	a := &attend{
		causal: n.bool("is_causal", false), heads: n.int("q_num_heads", 0), kvHeads: n.int("kv_num_heads", 0),
		scale: n.float("scale", 0), softcap: n.float("softcap", 0),
		left: n.int("left_window_size", -1), right: n.int("right_window_size", -1),
		mode: n.int("qk_matmul_output_mode", 0),
	}
	n.ignore("softmax_precision") // double precision
	return opFunc(a.run)
}

// split gives x [batch, time, heads·width] as [batch, heads, time, width].
func splitHeads(x *Tensor, heads int) *Tensor {
	if len(x.Shape) == 4 {
		return x
	}
	if len(x.Shape) != 3 || heads < 1 || x.Shape[2]%heads != 0 {
		fail("%v of %d heads", x.Shape, heads)
	}
	return transpose(x.view([]int{x.Shape[0], x.Shape[1], heads, x.Shape[2] / heads}), []int{0, 2, 1, 3})
}

func joinHeads(y *Tensor) *Tensor {
	y = transpose(y, []int{0, 2, 1, 3})
	return y.view([]int{y.Shape[0], y.Shape[1], y.Shape[2] * y.Shape[3]})
}

func (a *attend) run(c *call) {
	flat := len(c.tensor(0).Shape) == 3
	q, k, v := splitHeads(c.tensor(0), a.heads), splitHeads(c.tensor(1), a.kvHeads), splitHeads(c.tensor(2), a.kvHeads)
	before := slices.Repeat([]int{0}, q.Shape[0])
	if past := c.opt(4); past != nil {
		before = slices.Repeat([]int{past.dim(2)}, q.Shape[0])
		k, v = concat([]*Tensor{past, k}, 2), concat([]*Tensor{c.tensor(5), v}, 2)
	}
	c.set(1, k)
	c.set(2, v)
	B, H, T, D := q.Shape[0], q.Shape[1], q.Shape[2], q.Shape[3]
	S, W := k.Shape[2], v.Shape[3]
	if k.Shape[0] != B || v.Shape[0] != B || k.Shape[3] != D || v.Shape[2] != S || k.Shape[1] != v.Shape[1] || H%max(1, k.Shape[1]) != 0 {
		fail("Q %v, K %v and V %v", q.Shape, k.Shape, v.Shape)
	}
	valid := slices.Repeat([]int{S}, B)
	if t := c.opt(6); t != nil {
		if valid = t.list(); len(valid) != B {
			fail("nonpad_kv_seqlen %v of a batch of %d", t.Shape, B)
		}
		for b, n := range valid {
			before[b] = n - T
		}
	}
	mask := a.mask(c.opt(3), []int{B, H, T, S})
	scale := a.scale
	if scale == 0 {
		scale = 1 / math.Sqrt(float64(D))
	}
	qd, kd, vd := q.doubles(), k.doubles(), v.doubles()
	y, shown := make([]float64, B*H*T*W), make([]float64, B*H*T*S)
	row := make([]float64, S)
	for r := range B * H * T {
		b, h, t := r/(H*T), r/T%H, r%T
		kv := b*k.Shape[1] + h/(H/k.Shape[1])
		for s := range S {
			x := 0.0
			for i := range D {
				x += qd[r*D+i] * kd[(kv*S+s)*D+i]
			}
			x *= scale
			show := func(mode int) {
				if a.mode == mode {
					shown[r*S+s] = x
				}
			}
			show(0)
			if a.softcap > 0 {
				x = a.softcap * math.Tanh(x/a.softcap)
			}
			show(1)
			p := before[b] + t
			if s >= valid[b] || a.causal && s > p || a.left >= 0 && s < p-a.left || a.right >= 0 && s > p+a.right {
				x = math.Inf(-1)
			}
			x += mask[r*S+s]
			show(2)
			row[s] = x
		}
		weights := softmaxOrNone(row)
		if a.mode == 3 {
			copy(shown[r*S:], weights)
		}
		for s, w := range weights {
			for i := range W {
				y[r*W+i] += w * vd[(kv*S+s)*W+i]
			}
		}
	}
	out := fromDoubles(q.DType, []int{B, H, T, W}, y)
	if flat {
		out = joinHeads(out)
	}
	c.set(0, out)
	c.set(3, fromDoubles(q.DType, []int{B, H, T, S}, shown))
}

// softmaxOrNone is all zeros if everything is masked.
func softmaxOrNone(x []float64) []float64 {
	if len(x) == 0 || math.IsInf(slices.Max(x), -1) {
		return make([]float64, len(x))
	}
	return softmaxRows(x, len(x), false)
}

// mask is what is added to each score: minus infinity where a bool mask forbids.
func (a *attend) mask(t *Tensor, shape []int) []float64 {
	if t == nil {
		return make([]float64, product(shape))
	}
	m := fromDoubles(Float64, t.Shape, slices.Clone(t.doubles()))
	if allowed, ok := t.data.([]bool); ok {
		for i, yes := range allowed {
			m.data.([]float64)[i] = choose(yes, 0, math.Inf(-1))
		}
	}
	if n := len(m.Shape); n > 0 && m.Shape[n-1] < shape[3] && m.Shape[n-1] > 1 {
		pads := make([]int, 2*n)
		pads[2*n-1] = shape[3] - m.Shape[n-1]
		m = pad(m, pads, "constant", scalar(math.Inf(-1)))
	}
	if !slices.Equal(broadcast(m.Shape, shape), shape) {
		fail("mask %v for scores %v", t.Shape, shape)
	}
	return expand(m, shape).doubles()
}
