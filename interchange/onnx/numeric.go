package onnx

import (
	"slices"

	"github.com/recur-go/recur/tensor"
)

// What the operators share: the kinds of numbers, axes, strides, and conversions.

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

type floating interface{ float32 | float64 }

type number interface{ integer | floating }

// axisOf counts a negative axis from the end.
func axisOf(axis, rank int) int {
	a := axis
	if a < 0 {
		a += rank
	}
	if a < 0 || a >= rank {
		fail("axis %d is not one of %d dimensions", axis, rank)
	}
	return a
}

// axesOf is axisOf for a list without repetition, sorted.
func axesOf(axes []int, rank int) []int {
	list := make([]int, len(axes))
	for i, a := range axes {
		list[i] = axisOf(a, rank)
	}
	slices.Sort(list)
	if len(slices.Compact(slices.Clone(list))) < len(list) {
		fail("axes %v name a dimension twice", axes)
	}
	return list
}

// stridesOf is how far neighbours lie apart in each dimension.
func stridesOf(shape []int) []int {
	s := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= shape[i]
	}
	return s
}

// broadcast is the shape that a and b both stretch to.
func broadcast(a, b []int) []int {
	out := make([]int, max(len(a), len(b)))
	for i := range out {
		x, y := 1, 1
		if k := i - len(out) + len(a); k >= 0 {
			x = a[k]
		}
		if k := i - len(out) + len(b); k >= 0 {
			y = b[k]
		}
		switch {
		case x == y || y == 1:
			out[i] = x
		case x == 1:
			out[i] = y
		default:
			fail("%v and %v do not broadcast", a, b)
		}
	}
	return out
}

// stretched is the strides with which a tensor of the given shape is read as one of
// the shape out: 0 where it is repeated.
func stretched(shape, out []int) []int {
	s := make([]int, len(out))
	own := stridesOf(shape)
	for i, d := range shape {
		if k := i + len(out) - len(shape); d == out[k] {
			s[k] = own[i]
		}
	}
	return s
}

// expand repeats t to the shape out.
func expand(t *Tensor, out []int) *Tensor {
	if slices.Equal(t.Shape, out) {
		return t
	}
	y := newTensor(t.DType, out)
	copyStrided(y, 0, stridesOf(out), t, 0, stretched(t.Shape, out), out)
	return y
}

// transpose permutes the dimensions: dimension i of the result is perm[i] of t.
func transpose(t *Tensor, perm []int) *Tensor {
	if slices.IsSorted(perm) {
		return t
	}
	shape, from, own := make([]int, len(perm)), make([]int, len(perm)), stridesOf(t.Shape)
	for i, p := range perm {
		shape[i], from[i] = t.Shape[p], own[p]
	}
	y := newTensor(t.DType, shape)
	copyStrided(y, 0, stridesOf(shape), t, 0, from, shape)
	return y
}

// lanes gives t with axis as its last dimension, and back, which undoes that.
func lanes(t *Tensor, axis int) (last *Tensor, back func(*Tensor) *Tensor) {
	rank := len(t.Shape)
	if axis == rank-1 {
		return t, func(y *Tensor) *Tensor { return y }
	}
	perm := make([]int, 0, rank)
	inverse := make([]int, 0, rank)
	for i := range rank {
		if i != axis {
			perm = append(perm, i)
		}
		switch {
		case i < axis:
			inverse = append(inverse, i)
		case i == axis:
			inverse = append(inverse, rank-1)
		default:
			inverse = append(inverse, i-1)
		}
	}
	perm = append(perm, axis)
	return transpose(t, perm), func(y *Tensor) *Tensor { return transpose(y, inverse) }
}

// indices calls visit for every index of a shape, in order. The index is reused.
func indices(shape []int, visit func(at []int)) {
	if product(shape) == 0 {
		return
	}
	at := make([]int, len(shape))
	for {
		visit(at)
		i := len(at) - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] < shape[i] {
				break
			}
			at[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// list is the elements of a tensor of whole numbers, for shapes, axes and the like.
func (t *Tensor) list() []int {
	k, ok := kinds[t.DType].(wholeKind)
	if !ok {
		fail("%v is not a list of whole numbers", t)
	}
	return k.list(t.data)
}

func (wholes[T]) list(data any) []int {
	d := data.([]T)
	v := make([]int, len(d))
	for i, x := range d {
		v[i] = int(x)
	}
	return v
}

// one is the only element of t as a whole number.
func (t *Tensor) one() int {
	l := t.list()
	if len(l) != 1 {
		fail("%v has to be one number", t)
	}
	return l[0]
}

// oneFloat is the only element of t as a number.
func (t *Tensor) oneFloat() float64 {
	if t.Len() != 1 {
		fail("%v has to be one number", t)
	}
	return t.doubles()[0]
}

// oneBool is the only element of t as a truth value.
func (t *Tensor) oneBool() bool {
	d, ok := t.data.([]bool)
	if !ok || len(d) != 1 {
		fail("%v has to be one bool", t)
	}
	return d[0]
}

// doubles is the elements of t as float64, not to be changed.
func (t *Tensor) doubles() []float64 { return convert[float64](t.data) }

// floats is the elements of t as the kernels take them, not to be changed.
func (t *Tensor) floats() []tensor.Float { return convert[tensor.Float](t.data) }

// fromFloats makes a tensor of type d of what kernels gave.
func fromFloats(d DType, shape []int, v []tensor.Float) *Tensor {
	return &Tensor{d, shape, fit(d, v)}
}

// fromDoubles makes a tensor of type d.
func fromDoubles(d DType, shape []int, v []float64) *Tensor {
	return &Tensor{d, shape, fit(d, v)}
}

// fit converts data to what holds d, if it is not that already.
func fit(d DType, data any) any {
	if d == Bool {
		return truth(data)
	}
	k, ok := kinds[d].(numberKind)
	if !ok {
		fail("%T does not convert to %v", data, d)
	}
	return k.convert(data)
}

func (numbers[T]) convert(data any) any { return convert[T](data) }

// convert gives numbers another type; data of that type are returned as they are.
func convert[D number](data any) []D {
	switch s := data.(type) {
	case []D:
		return s
	case []float32:
		return converted[D](s)
	case []float64:
		return converted[D](s)
	case []int8:
		return converted[D](s)
	case []int16:
		return converted[D](s)
	case []int32:
		return converted[D](s)
	case []int64:
		return converted[D](s)
	case []uint8:
		return converted[D](s)
	case []uint16:
		return converted[D](s)
	case []uint32:
		return converted[D](s)
	case []uint64:
		return converted[D](s)
	case []bool:
		d := make([]D, len(s))
		for i, v := range s {
			d[i] = choose[D](v, 1, 0)
		}
		return d
	}
	fail("%T are not numbers", data)
	return nil
}

func converted[D, S number](s []S) []D {
	d := make([]D, len(s))
	for i, v := range s {
		d[i] = D(v)
	}
	return d
}

// truth is which elements are not zero.
func truth(data any) []bool {
	if b, ok := data.([]bool); ok {
		return b
	}
	v := convert[float64](data)
	b := make([]bool, len(v))
	for i, x := range v {
		b[i] = x != 0
	}
	return b
}

// cast is t as type d.
func cast(t *Tensor, d DType) *Tensor {
	y := &Tensor{d, t.Shape, fit(d, t.data)}
	if d == Float16 || d == BFloat16 {
		if x, ok := t.data.([]float32); ok {
			y.data = slices.Clone(x)
		}
		y.roundTo()
	}
	return y
}
