package onnx

import (
	"math"
	"slices"
)

func init() {
	register("",
		version{"MaxPool", 1, 1, 1, 2, maxPool},
		version{"AveragePool", 1, 1, 1, 1, averagePool},
		version{"LpPool", 2, 1, 1, 1, lpPool},
		version{"GlobalAveragePool", 1, 1, 1, 1, globalPool}, version{"GlobalMaxPool", 1, 1, 1, 1, globalPool},
		version{"GlobalLpPool", 2, 1, 1, 1, globalPool},
	)
}

// pooled is the windows over x [N, C, ...].
func (s *sliding) pooled(x *Tensor) *windows {
	if s.kernel == nil || len(x.Shape) != len(s.kernel)+2 {
		fail("%v with kernel_shape %v", x.Shape, s.kernel)
	}
	return s.over(x.Shape[2:], s.kernel)
}

// pool calls f for each window with the places of its elements in x.
func pool(x *Tensor, w *windows, f func(o int, window []int)) (shape []int) {
	shape = slices.Concat(x.Shape[:2], w.out)
	sized(x.DType, shape)
	table := w.table()
	in, out, size := product(w.in), product(w.out), product(w.kernel)
	window := make([]int, 0, size)
	for plane := range product(x.Shape[:2]) {
		for o := range out {
			window = window[:0]
			for k := range size {
				if at := table[k*out+o]; at >= 0 {
					window = append(window, plane*in+at)
				}
			}
			f(plane*out+o, window)
		}
	}
	return shape
}

func maxPool(n *nodeDef) op {
	s, columns := slidingOf(n), n.bool("storage_order", false)
	return opFunc(func(c *call) {
		x := c.tensor(0)
		w, compare := s.pooled(x), order(x)
		var from []int
		shape := pool(x, w, func(o int, window []int) {
			best := -1
			for _, i := range window {
				if best < 0 || compare(i, best) > 0 {
					best = i
				}
			}
			from = append(from, best)
		})
		if slices.Contains(from, -1) {
			fail("a window of kernel %v lies in the padding", s.kernel)
		}
		c.set(0, pick(x, shape, from, 1))
		if c.wants(1) {
			at := make([]int64, len(from))
			for i, k := range from {
				at[i] = int64(k)
				if columns {
					at[i] = int64(columnMajor(k, x.Shape))
				}
			}
			c.set(1, made(Int64, shape, at))
		}
	})
}

// columnMajor is the place of element k if the dimensions after the first two were
// laid out the other way round.
func columnMajor(k int, shape []int) int {
	size := product(shape[2:])
	plane, rest := k/size, k%size
	at := make([]int, len(shape)-2)
	for i := len(at) - 1; i >= 0; i-- {
		at[i], rest = rest%shape[i+2], rest/shape[i+2]
	}
	p := 0
	for i := len(at) - 1; i >= 0; i-- {
		p = p*shape[i+2] + at[i]
	}
	return plane*size + p
}

func averagePool(n *nodeDef) op {
	s, padding := slidingOf(n), n.bool("count_include_pad", false)
	return opFunc(func(c *call) {
		x := c.tensor(0)
		w, d := s.pooled(x), x.doubles()
		counts := w.counts(padding)
		var y []float64
		shape := pool(x, w, func(o int, window []int) {
			total := 0.0
			for _, i := range window {
				total += d[i]
			}
			y = append(y, total/float64(counts[o%len(counts)]))
		})
		c.set(0, fromDoubles(x.DType, shape, y))
	})
}

// counts is the elements of each window that lie inside, or inside the padding too,
// but never those beyond it, which windows reach when sizes are rounded up.
func (w *windows) counts(padding bool) []int {
	var list []int
	indices(w.out, func(out []int) {
		n := 1
		for i, o := range out {
			lo, hi := 0, w.in[i]
			if padding {
				lo, hi = -w.before[i], w.in[i]+w.after[i]
			}
			inside := 0
			for k := range w.kernel[i] {
				if p := o*w.stride[i] - w.before[i] + k*w.dilation[i]; p >= lo && p < hi {
					inside++
				}
			}
			n *= inside
		}
		list = append(list, n)
	})
	return list
}

func lpPool(n *nodeDef) op {
	s, p := slidingOf(n), float64(n.int("p", 2))
	return opFunc(func(c *call) {
		x := c.tensor(0)
		d := x.doubles()
		var y []float64
		shape := pool(x, s.pooled(x), func(_ int, window []int) {
			total := 0.0
			for _, i := range window {
				total += math.Pow(math.Abs(d[i]), p)
			}
			y = append(y, math.Pow(total, 1/p))
		})
		c.set(0, fromDoubles(x.DType, shape, y))
	})
}

func globalPool(n *nodeDef) op {
	name, p := n.op, 0.0
	if name == "GlobalLpPool" {
		p = float64(n.int("p", 2))
	}
	return opFunc(func(c *call) {
		x := c.tensor(0)
		if len(x.Shape) < 2 || product(x.Shape[2:]) == 0 {
			fail("%v", x.Shape)
		}
		shape := slices.Clone(x.Shape)
		for i := 2; i < len(shape); i++ {
			shape[i] = 1
		}
		d := x.doubles()
		var y []float64
		channels(x, func(_, lo, hi int) {
			row := d[lo:hi]
			switch name {
			case "GlobalMaxPool":
				y = append(y, slices.Max(row))
			case "GlobalAveragePool":
				y = append(y, sum(row, identity)/float64(len(row)))
			default:
				y = append(y, math.Pow(sum(row, func(v float64) float64 { return math.Pow(math.Abs(v), p) }), 1/p))
			}
		})
		c.set(0, fromDoubles(x.DType, shape, y))
	})
}
