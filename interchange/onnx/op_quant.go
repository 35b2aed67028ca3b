package onnx

import (
	"math"
	"slices"

	"github.com/recur-go/recur/tensor"
)

func init() {
	for _, since := range []int{10, 13, 21} {
		register("",
			version{"QuantizeLinear", since, 2, 3, 1, quantizeLinear},
			version{"DequantizeLinear", since, 2, 3, 1, dequantizeLinear},
		)
	}
	register("",
		version{"DynamicQuantizeLinear", 11, 1, 1, 3, plain(dynamicQuantize)},
		version{"MatMulInteger", 10, 2, 4, 1, plain(matMulInteger)},
		version{"QLinearMatMul", 10, 8, 8, 1, plain(qLinearMatMul)},
	)
	register("com.microsoft",
		version{"MatMulIntegerToFloat", 1, 4, 7, 1, plain(matMulIntegerToFloat)},
		version{"DynamicQuantizeMatMul", 1, 3, 5, 1, plain(dynamicQuantizeMatMul)},
	)
}

// A grain is how scales spread over a tensor: one for all, one for each entry of
// an axis, or one for each block of entries along it.
type grain struct{ axis, block int }

func grainOf(n *nodeDef) grain { return grain{n.int("axis", 1), n.int("block_size", 0)} }

// spread is s, a scale or a zero point, repeated to the shape of x.
func (g grain) spread(s, x *Tensor) []float64 {
	switch {
	case s.Len() == 1:
		return slices.Repeat(s.doubles(), x.Len())
	case len(s.Shape) == 1:
		axis := axisOf(g.axis, len(x.Shape))
		if s.Shape[0] != x.Shape[axis] {
			fail("%v of %v along axis %d", s.Shape, x.Shape, g.axis)
		}
		shape := slices.Repeat([]int{1}, len(x.Shape))
		shape[axis] = s.Shape[0]
		return expand(s.view(shape), x.Shape).doubles()
	}
	axis := axisOf(g.axis, len(x.Shape))
	if len(s.Shape) != len(x.Shape) || g.block < 1 || s.Shape[axis] != (x.Shape[axis]+g.block-1)/g.block {
		fail("%v of %v in blocks of %d along axis %d", s.Shape, x.Shape, g.block, g.axis)
	}
	at := make([]int, x.Shape[axis])
	for i := range at {
		at[i] = i / g.block
	}
	y := gatherAxis(s, axis, at, []int{len(at)})
	if !slices.Equal(y.Shape, x.Shape) {
		fail("%v of %v in blocks of %d along axis %d", s.Shape, x.Shape, g.block, g.axis)
	}
	return y.doubles()
}

func quantizeLinear(n *nodeDef) op {
	g, to, precision := grainOf(n), DType(0), DType(0)
	if n.int("output_dtype", 0) != 0 {
		to = n.dtype("output_dtype", 0)
	}
	if n.int("precision", 0) != 0 {
		precision = n.dtype("precision", 0)
	}
	n.ignore("saturate") // of float8
	return opFunc(func(c *call) {
		x, scale, zero := c.tensor(0), c.tensor(1), c.opt(2)
		d := to
		if zero != nil {
			d = zero.DType
		} else if d == 0 {
			d = Uint8
		}
		in := precision
		if in == 0 {
			in = choose(scale.DType.float(), scale.DType, Float32)
		}
		s, z := g.spread(scale, x), make([]float64, x.Len())
		if zero != nil {
			z = g.spread(zero, x)
		}
		y := make([]float64, x.Len())
		for i, v := range x.doubles() {
			q := v / s[i]
			if in != Float64 {
				q = float64(in.round(float32(v) / float32(s[i])))
			}
			y[i] = math.RoundToEven(q) + z[i]
		}
		c.set(0, saturated(d, x.Shape, y))
	})
}

// saturated limits whole numbers to the range of a type.
func saturated(d DType, shape []int, y []float64) *Tensor {
	if d.float() || d == Bool || d == String {
		fail("%v is not a type to quantize to", d)
	}
	lo, hi := limit[float64](d, -1), limit[float64](d, 1)
	for i, v := range y {
		y[i] = min(max(v, lo), hi)
	}
	return fromDoubles(d, shape, y)
}

func dequantizeLinear(n *nodeDef) op {
	g, to := grainOf(n), DType(0)
	if n.int("output_dtype", 0) != 0 {
		to = n.dtype("output_dtype", 0)
	}
	return opFunc(func(c *call) {
		x, scale, zero := c.tensor(0), c.tensor(1), c.opt(2)
		s := g.spread(scale, x)
		y := slices.Clone(x.doubles())
		if zero != nil {
			for i, z := range g.spread(zero, x) {
				y[i] -= z
			}
		}
		for i := range y {
			y[i] *= s[i]
		}
		d := choose(to == 0, scale.DType, to)
		c.set(0, fromDoubles(d, x.Shape, y))
	})
}

// quantization finds the scale and zero point with which 0 to 255 cover x and 0.
func quantization[T floating](x []T) (scale, zero float32) {
	lo, hi := float32(0), float32(0)
	for _, v := range x {
		lo, hi = min(lo, float32(v)), max(hi, float32(v))
	}
	if scale = (hi - lo) / 255; scale == 0 {
		return 1, 0
	}
	return scale, float32(math.RoundToEven(float64(min(max(-lo/scale, 0), 255))))
}

// step255 is x in steps of the scale, from 0 to 255.
func step255(x, scale, zero float32) float32 {
	return min(max(float32(math.RoundToEven(float64(x/scale)))+zero, 0), 255)
}

func dynamicQuantize(c *call) {
	x := c.tensor(0)
	d, ok := x.data.([]float32)
	if !ok {
		fail("%v, want float32", x)
	}
	scale, zero := quantization(d)
	y := make([]uint8, len(d))
	for i, v := range d {
		y[i] = uint8(step255(v, scale, zero))
	}
	c.set(0, made(Uint8, x.Shape, y))
	c.set(1, scalar(scale))
	c.set(2, scalar(uint8(zero)))
}

// centred is the numbers of a quantized matrix less their zero point, which is one
// for all, or one for each row or column.
func centred(x, zero *Tensor, rows bool) *Tensor {
	y := cast(x, Int32)
	if zero == nil {
		return y
	}
	z := cast(zero, Int32)
	if rows {
		z = column(z)
	}
	return calculate("Sub", y, single(z))
}

func matMulInteger(c *call) {
	c.set(0, matmul(centred(c.tensor(0), c.opt(2), true), centred(c.tensor(1), c.opt(3), false)))
}

func qLinearMatMul(c *call) {
	y := cast(matmul(centred(c.tensor(0), c.tensor(2), true), centred(c.tensor(3), c.tensor(5), false)), Float64)
	scale := calculate("Mul", column(cast(c.tensor(1), Float64)), cast(c.tensor(4), Float64))
	scale = calculate("Div", scale, cast(c.tensor(6), Float64))
	y = mapped(calculate("Mul", y, single(scale)), math.RoundToEven)
	y = calculate("Add", y, single(cast(c.tensor(7), Float64)))
	c.set(0, saturated(c.tensor(7).DType, y.Shape, slices.Clone(y.doubles())))
}

// matMulIntegerToFloat takes A, B, their scales, their zero points and a bias.
func matMulIntegerToFloat(c *call) {
	y := matmul(centred(c.tensor(0), c.opt(4), true), centred(c.tensor(1), c.opt(5), false))
	c.set(0, scaled(y, calculate("Mul", single(c.tensor(2)), single(c.tensor(3))), c.opt(6)))
}

// single makes a scalar of a tensor of one element.
func single(t *Tensor) *Tensor {
	if t.Len() == 1 {
		return t.view(nil)
	}
	return t
}

// column makes a column of a vector of several elements.
func column(t *Tensor) *Tensor {
	if len(t.Shape) == 1 && t.Shape[0] > 1 {
		return t.view([]int{t.Shape[0], 1})
	}
	return t
}

func scaled(y, scale, bias *Tensor) *Tensor {
	y = calculate("Mul", cast(y, Float32), scale)
	if bias != nil {
		y = calculate("Add", y, bias)
	}
	return y
}

// dynamicQuantizeMatMul takes A in floats, B, its scale, its zero point and a bias.
func dynamicQuantizeMatMul(c *call) {
	a := c.tensor(0)
	if a.DType != Float32 {
		fail("%v, want float32", a)
	}
	scale, zero := quantization(a.data.([]float32))
	q := make([]int32, a.Len())
	for i, v := range a.data.([]float32) {
		q[i] = int32(step255(v, scale, zero) - zero)
	}
	y := matmul(made(Int32, a.Shape, q), centred(c.tensor(1), c.opt(3), false))
	c.set(0, scaled(y, calculate("Mul", scalar(scale), single(c.tensor(2))), c.opt(4)))
}

// coarse rounds x to the 256 values that its quantization has.
func coarse(dst, x []tensor.Float) {
	scale, zero := quantization(x)
	for i, v := range x {
		dst[i] = tensor.Float((step255(float32(v), scale, zero) - zero) * scale)
	}
}
