package onnx

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/recur-go/recur/tensor"
)

// A Value is what flows between nodes: a *Tensor, a *Sequence or an *Optional.
type Value interface{ kind() string }

// A Tensor is an array in row-major order. It has any number of dimensions and is
// not changed once it is made.
type Tensor struct {
	DType DType
	Shape []int // empty for a scalar
	data  any   // a slice; of float32 for Float16 and BFloat16
}

// A Sequence is a list of values of one type.
type Sequence struct{ Values []Value }

// An Optional is a value or, if Value is nil, its absence.
type Optional struct{ Value Value }

func (*Tensor) kind() string   { return "tensor" }
func (*Sequence) kind() string { return "sequence" }
func (*Optional) kind() string { return "optional" }

// An Element is a Go type that a tensor can be made of.
type Element interface {
	float32 | float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | bool | string
}

// NewTensor makes a tensor of data, which it does not copy. It panics with a
// *tensor.ShapeError if the data do not fill the shape.
func NewTensor[T Element](data []T, shape ...int) *Tensor {
	n, ok := volume(shape)
	if !ok || n != len(data) {
		panic(&tensor.ShapeError{Op: "onnx.NewTensor", Detail: fmt.Sprintf("%d values do not fill %v", len(data), shape)})
	}
	return &Tensor{dtypeOf(data), slices.Clone(shape), data}
}

// FromData makes a tensor of type d of data, a slice as Data returns, which it does not
// copy. The float32s of Float16 and BFloat16 must have the precision of the type.
func FromData(d DType, data any, shape ...int) (*Tensor, error) {
	want, sound := volume(shape)
	n, ok := 0, d.memory() > 0
	if ok {
		n, ok = kinds[d].length(data)
	}
	if !ok || !sound || n != want {
		return nil, fmt.Errorf("onnx: data of type %T do not fill a tensor %v %v", data, d, shape)
	}
	return &Tensor{d, slices.Clone(shape), data}, nil
}

// Data returns the elements of t as a slice of their Go type, []float32 for Float16 and
// BFloat16. They are shared and not to be changed.
func (t *Tensor) Data() any { return t.data }

// Values returns the elements of t, which are shared and not to be changed. T must
// be the type that holds them: float32 for Float16 and BFloat16. It returns nil
// for another T.
func Values[T Element](t *Tensor) []T {
	d, _ := t.data.([]T)
	return d
}

// As returns t with its elements converted to the type d, floating-point numbers
// to integers by truncation. Strings do not convert.
func (t *Tensor) As(d DType) (c *Tensor, err error) {
	if t.DType == d {
		return t, nil
	}
	if t.DType == String || d == String || d.memory() == 0 {
		return nil, fmt.Errorf("onnx: %v does not convert to %v", t.DType, d)
	}
	return cast(t, d), nil
}

// Len is the number of elements.
func (t *Tensor) Len() int { n, _ := volume(t.Shape); return n }

func (t *Tensor) String() string { return fmt.Sprintf("%v %v", t.DType, t.Shape) }

// view is t with another shape of the same size.
func (t *Tensor) view(shape []int) *Tensor { return &Tensor{t.DType, shape, t.data} }

// dim is dimension i, counted from the end if negative.
func (t *Tensor) dim(i int) int {
	if i < 0 {
		i += len(t.Shape)
	}
	return t.Shape[i]
}

// volume is the number of elements, and whether the shape makes sense at all.
func volume(shape []int) (int, bool) {
	n := uint64(1)
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		if d == 0 {
			n = 0
		}
	}
	if n == 0 {
		return 0, true
	}
	for _, d := range shape {
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > uint64(math.MaxInt)>>4 {
			return 0, false
		}
		n = lo
	}
	return int(n), true
}

// product is the number of elements of a shape that is known to make sense.
func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// maxBytes is the most that an operator may make at once.
var maxBytes = 2<<30 - 1

// sized checks a shape that an operator is about to make.
func sized(d DType, shape []int) int {
	n, ok := volume(shape)
	if !ok || n > maxBytes/max(d.memory(), 1) {
		fail("a result of %v %v is larger than %d bytes", d, shape, maxBytes)
	}
	return n
}

// newTensor makes a tensor of zeros.
func newTensor(d DType, shape []int) *Tensor {
	return &Tensor{d, shape, kinds[d].make(sized(d, shape))}
}

// made wraps data of a known size.
func made[T Element](d DType, shape []int, data []T) *Tensor { return &Tensor{d, shape, data} }

func scalar[T Element](v T) *Tensor {
	d := []T{v}
	return &Tensor{dtypeOf(d), nil, d}
}

func ints(v ...int) *Tensor {
	d := make([]int64, len(v))
	for i, x := range v {
		d[i] = int64(x)
	}
	return &Tensor{Int64, []int{len(v)}, d}
}

func dtypeOf(data any) DType {
	for d, k := range kinds {
		if k != nil {
			if _, ok := k.length(data); ok {
				return DType(d)
			}
		}
	}
	panic(fmt.Sprintf("onnx: %T is not a type of a tensor", data))
}

// roundTo gives the elements of t, which is held as float32, the precision of its
// type. Those that have it already are not written, as they may be shared.
func (t *Tensor) roundTo() {
	if t.DType != Float16 && t.DType != BFloat16 {
		return
	}
	data := t.data.([]float32)
	for i, x := range data {
		if r := t.DType.round(x); r != x && x == x {
			data[i] = r
		}
	}
}
