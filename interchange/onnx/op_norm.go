package onnx

import (
	"math"
	"slices"

	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

func init() {
	for _, k := range []string{"Softmax", "LogSoftmax"} {
		register("", version{k, 1, 1, 1, 1, softmax}, version{k, 13, 1, 1, 1, softmax})
	}
	register("",
		version{"LayerNormalization", 17, 2, 3, 3, layerNorm},
		version{"RMSNormalization", 23, 2, 2, 1, rmsNorm},
		version{"BatchNormalization", 7, 5, 5, 5, batchNorm},
		version{"InstanceNormalization", 6, 3, 3, 1, instanceNorm},
		version{"GroupNormalization", 18, 3, 3, 1, groupNorm},
		version{"MeanVarianceNormalization", 9, 1, 1, 1, meanVariance},
		version{"LpNormalization", 1, 1, 1, 1, lpNorm},
		version{"Dropout", 7, 1, 1, 2, dropoutInference}, version{"Dropout", 12, 1, 3, 2, dropoutTraining},
	)
}

func softmax(n *nodeDef) op {
	rows, log := rowsOf(n), n.op == "LogSoftmax"
	return opFunc(func(c *call) {
		x, back := rows(c.tensor(0))
		c.set(0, back(realsOf(x).softmax(x, log)))
	})
}

func (reals[T]) softmax(x *Tensor, log bool) *Tensor {
	return made(x.DType, x.Shape, softmaxRows(x.data.([]T), x.dim(-1), log))
}

func softmaxRows[T floating](x []T, n int, log bool) []T {
	y := make([]T, len(x))
	for lo := 0; lo < len(x); lo += n {
		row, out := x[lo:lo+n], y[lo:lo+n]
		m, s := float64(slices.Max(row)), 0.0
		for i, v := range row {
			e := math.Exp(float64(v) - m)
			out[i] = T(e)
			s += e
		}
		for i, v := range row {
			if log {
				out[i] = T(float64(v) - m - math.Log(s))
			} else {
				out[i] = T(float64(out[i]) / s)
			}
		}
	}
	return y
}

// layerNorm normalises over the dimensions from axis on.
func layerNorm(n *nodeDef) op {
	axis, eps := n.int("axis", -1), n.float("epsilon", 1e-5)
	n.ignore("stash_type") // sums are in double precision
	return opFunc(func(c *call) {
		x, gain, bias := c.tensor(0), c.tensor(1), c.opt(2)
		a := axisOf(axis, len(x.Shape))
		width := product(x.Shape[a:])
		rows := x.Len() / max(1, width)
		stat := slices.Clone(x.Shape)
		for i := a; i < len(stat); i++ {
			stat[i] = 1
		}
		g := expand(gain, x.Shape[a:]).floats()
		b := make([]tensor.Float, width)
		if bias != nil {
			b = expand(bias, x.Shape[a:]).floats()
		}
		mean, inv := make([]float64, rows), make([]float64, rows)
		if x.DType == Float64 {
			d := x.doubles()
			y := make([]float64, len(d))
			for r := range rows {
				mean[r], inv[r] = normalise(y[r*width:(r+1)*width], d[r*width:(r+1)*width], eps)
				for i := range width {
					y[r*width+i] = y[r*width+i]*float64(g[i]) + float64(b[i])
				}
			}
			c.set(0, fromDoubles(x.DType, x.Shape, y))
		} else {
			d := x.floats()
			y, scratch := make([]tensor.Float, len(d)), make([]tensor.Float, width)
			for r := range rows {
				row := d[r*width : (r+1)*width]
				inv[r] = float64(kernel.LayerNorm(y[r*width:(r+1)*width], scratch, row, g, b, eps))
				if c.wants(1) {
					mean[r] = kernel.Sum(row) / float64(width)
				}
			}
			c.set(0, fromFloats(x.DType, x.Shape, y))
		}
		c.set(1, fromDoubles(Float32, stat, mean))
		c.set(2, fromDoubles(Float32, stat, inv))
	})
}

// normalise sets y = (x-μ)/√(σ²+eps) and returns μ and what it multiplied by.
func normalise(y, x []float64, eps float64) (mean, inv float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	variance := 0.0
	for _, v := range x {
		variance += (v - mean) * (v - mean)
	}
	inv = 1 / math.Sqrt(variance/float64(len(x))+eps)
	for i, v := range x {
		y[i] = (v - mean) * inv
	}
	return mean, inv
}

// rmsNorm divides by the root of the mean square over the dimensions from axis on.
func rmsNorm(n *nodeDef) op {
	axis, eps := n.int("axis", -1), n.float("epsilon", 1e-5)
	n.ignore("stash_type")
	return opFunc(func(c *call) {
		x, gain := c.tensor(0), c.tensor(1)
		a := axisOf(axis, len(x.Shape))
		width := product(x.Shape[a:])
		g, d := expand(gain, x.Shape[a:]).doubles(), x.doubles()
		y := make([]float64, len(d))
		for lo := 0; lo < len(d); lo += width {
			s := 0.0
			for _, v := range d[lo : lo+width] {
				s += v * v
			}
			inv := 1 / math.Sqrt(s/float64(width)+eps)
			for i := range width {
				y[lo+i] = d[lo+i] * inv * g[i]
			}
		}
		c.set(0, fromDoubles(x.DType, x.Shape, y))
	})
}

// channels calls visit for every run of elements of one channel of x [N, C, ...].
func channels(x *Tensor, visit func(channel, lo, hi int)) {
	if len(x.Shape) < 2 {
		fail("%v has no channels", x.Shape)
	}
	C, size := x.Shape[1], product(x.Shape[2:])
	for i := range x.Shape[0] * C {
		visit(i%C, i*size, (i+1)*size)
	}
}

// perChannel is a vector of one number a channel.
func perChannel(x, v *Tensor) []float64 {
	if len(x.Shape) < 2 || v.Len() != x.Shape[1] {
		fail("%v and %v for its channels", x.Shape, v.Shape)
	}
	return v.doubles()
}

func batchNorm(n *nodeDef) op {
	eps, momentum, training := n.float("epsilon", 1e-5), n.float("momentum", 0.9), n.bool("training_mode", false)
	n.ignore("spatial")
	if n.int("spatial", 1) != 1 {
		n.refuse("spatial 0")
	}
	return opFunc(func(c *call) {
		x := c.tensor(0)
		if len(x.Shape) == 1 {
			x = x.view([]int{x.Shape[0], 1})
		}
		gain, bias := perChannel(x, c.tensor(1)), perChannel(x, c.tensor(2))
		mean, variance := perChannel(x, c.tensor(3)), perChannel(x, c.tensor(4))
		d := x.doubles()
		if training {
			m, v := moments(x, d)
			blend := func(old, now []float64) *Tensor {
				b := make([]float64, len(old))
				for i := range b {
					b[i] = old[i]*momentum + now[i]*(1-momentum)
				}
				return fromDoubles(c.tensor(3).DType, []int{len(b)}, b)
			}
			c.set(1, blend(mean, m))
			c.set(2, blend(variance, v))
			mean, variance = m, v
		}
		y := make([]float64, len(d))
		channels(x, func(k, lo, hi int) {
			scale := gain[k] / math.Sqrt(variance[k]+eps)
			for i := lo; i < hi; i++ {
				y[i] = (d[i]-mean[k])*scale + bias[k]
			}
		})
		c.set(0, fromDoubles(x.DType, c.tensor(0).Shape, y))
	})
}

// moments is the mean and variance of each channel over the whole batch.
func moments(x *Tensor, d []float64) (mean, variance []float64) {
	mean, variance = make([]float64, x.Shape[1]), make([]float64, x.Shape[1])
	count := float64(len(d)) / float64(max(1, x.Shape[1]))
	channels(x, func(k, lo, hi int) {
		for _, v := range d[lo:hi] {
			mean[k] += v / count
		}
	})
	channels(x, func(k, lo, hi int) {
		for _, v := range d[lo:hi] {
			variance[k] += (v - mean[k]) * (v - mean[k]) / count
		}
	})
	return mean, variance
}

func instanceNorm(n *nodeDef) op {
	eps := n.float("epsilon", 1e-5)
	return opFunc(func(c *call) {
		x := c.tensor(0)
		gain, bias := perChannel(x, c.tensor(1)), perChannel(x, c.tensor(2))
		d := x.doubles()
		y := make([]float64, len(d))
		channels(x, func(k, lo, hi int) {
			normalise(y[lo:hi], d[lo:hi], eps)
			for i := lo; i < hi; i++ {
				y[i] = y[i]*gain[k] + bias[k]
			}
		})
		c.set(0, fromDoubles(x.DType, x.Shape, y))
	})
}

// groupNorm normalises groups of channels; before opset 21 gain and bias are those
// of the groups.
func groupNorm(n *nodeDef) op {
	n.must("num_groups")
	groups, eps := n.int("num_groups", 1), n.float("epsilon", 1e-5)
	n.ignore("stash_type")
	ofGroups := n.opset < 21
	return opFunc(func(c *call) {
		x, gain, bias := c.tensor(0), c.tensor(1), c.tensor(2)
		if len(x.Shape) < 2 || groups < 1 || x.Shape[1]%groups != 0 {
			fail("%v in %d groups", x.Shape, groups)
		}
		per := x.Shape[1] / groups
		if want := choose(ofGroups, groups, x.Shape[1]); gain.Len() != want || bias.Len() != want {
			fail("scale %v and bias %v, want %d of each", gain.Shape, bias.Shape, want)
		}
		d, g, b := x.doubles(), gain.doubles(), bias.doubles()
		y := make([]float64, len(d))
		width := per * product(x.Shape[2:])
		for lo := 0; lo < len(d); lo += width {
			normalise(y[lo:lo+width], d[lo:lo+width], eps)
		}
		channels(x, func(k, lo, hi int) {
			if ofGroups {
				k /= per
			}
			for i := lo; i < hi; i++ {
				y[i] = y[i]*g[k] + b[k]
			}
		})
		c.set(0, fromDoubles(x.DType, x.Shape, y))
	})
}

func meanVariance(n *nodeDef) op {
	axes := n.ints("axes")
	if axes == nil {
		axes = []int{0, 2, 3}
	}
	return opFunc(func(c *call) {
		x := c.tensor(0)
		list := axesOf(axes, len(x.Shape))
		var perm []int
		for i := range x.Shape {
			if !slices.Contains(list, i) {
				perm = append(perm, i)
			}
		}
		perm = append(perm, list...)
		inverse := make([]int, len(perm))
		for i, p := range perm {
			inverse[p] = i
		}
		rows := transpose(x, perm)
		d, width := rows.doubles(), 1
		for _, a := range list {
			width *= x.Shape[a]
		}
		y := make([]float64, len(d))
		for lo := 0; lo < len(d); lo += width {
			normalise(y[lo:lo+width], d[lo:lo+width], 0)
		}
		c.set(0, transpose(fromDoubles(x.DType, rows.Shape, y), inverse))
	})
}

func lpNorm(n *nodeDef) op {
	axis, p := n.int("axis", -1), n.int("p", 2)
	if p != 1 && p != 2 {
		fail("p is %d, want 1 or 2", p)
	}
	return opFunc(func(c *call) {
		x := c.tensor(0)
		x, back := lanes(x, axisOf(axis, len(x.Shape)))
		d, n := x.doubles(), x.dim(-1)
		y := make([]float64, len(d))
		for lo := 0; lo < len(d); lo += n {
			s := 0.0
			for _, v := range d[lo : lo+n] {
				s += choose(p == 1, math.Abs(v), v*v)
			}
			if p == 2 {
				s = math.Sqrt(s)
			}
			for i := lo; i < lo+n && s != 0; i++ {
				y[i] = d[i] / s
			}
		}
		c.set(0, back(fromDoubles(x.DType, x.Shape, y)))
	})
}

func dropoutInference(n *nodeDef) op {
	n.ignore("ratio")
	return opFunc(dropout)
}

// dropout is inference: nothing is dropped.
func dropout(c *call) {
	x := c.tensor(0)
	c.set(0, x)
	if c.wants(1) {
		mask := make([]bool, x.Len())
		for i := range mask {
			mask[i] = true
		}
		c.set(1, made(Bool, x.Shape, mask))
	}
}

func dropoutTraining(n *nodeDef) op {
	n.ignore("seed")
	refused := UnsupportedOp{n.op, n.domain, n.opset, n.name, "dropout in training, which is random"}
	return opFunc(func(c *call) {
		ratio := 0.5
		if t := c.opt(1); t != nil {
			ratio = t.oneFloat()
		}
		if t := c.opt(2); t != nil && t.oneBool() && ratio != 0 {
			panic(&UnsupportedError{[]UnsupportedOp{refused}})
		}
		dropout(c)
	})
}
