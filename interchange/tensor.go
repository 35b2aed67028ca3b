package interchange

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/tensor"
)

// A DType is the type of the elements of a Tensor, by its name.
type DType string

// The types that tensors may have.
const (
	Float32  DType = "float32"
	Float64  DType = "float64"
	Float16  DType = "float16"
	BFloat16 DType = "bfloat16"
	Int8     DType = "int8"
	Int16    DType = "int16"
	Int32    DType = "int32"
	Int64    DType = "int64"
	Uint8    DType = "uint8"
	Uint16   DType = "uint16"
	Uint32   DType = "uint32"
	Uint64   DType = "uint64"
	Bool     DType = "bool"
	String   DType = "string"
)

// IsFloat reports whether the elements are floating-point numbers.
func (d DType) IsFloat() bool {
	return d == Float32 || d == Float64 || d == Float16 || d == BFloat16
}

// A Tensor is an input or an output of a Runner: an array in row-major order, which is
// not changed once it is made.
type Tensor struct {
	DType DType
	Shape []int // empty for a scalar
	Data  any   // a slice of the Go type that DType names; []float32 for Float16 and BFloat16
}

// NewTensor makes a tensor of data, a slice of float32, float64, int8 to int64, uint8 to
// uint64, bool or string, which it does not copy. It panics with a *tensor.ShapeError if
// data is no such slice or does not fill the shape.
func NewTensor(data any, shape ...int) *Tensor {
	t := &Tensor{Shape: slices.Clone(shape), Data: data}
	if v := reflect.TypeOf(data); v != nil && v.Kind() == reflect.Slice {
		t.DType = DType(v.Elem().Name())
	}
	if _, err := t.onnx(); err != nil {
		panic(&tensor.ShapeError{Op: "interchange.NewTensor", Detail: fmt.Sprintf("%T does not fill %v", data, shape)})
	}
	return t
}

// As returns t with its elements converted to the type d, floating-point numbers to
// integers by truncation. Strings do not convert. Without a conversion the data are
// shared.
func (t *Tensor) As(d DType) (*Tensor, error) {
	if t.DType == d {
		return t, nil
	}
	o, err := t.onnx()
	if err == nil {
		o, err = o.As(onnxTypes[d])
	}
	if err != nil {
		return nil, fmt.Errorf("%v does not convert to %s", t, d)
	}
	return FromONNX(o), nil
}

// Reshape returns t with other dimensions of the same size. It shares the data.
func (t *Tensor) Reshape(shape ...int) (*Tensor, error) {
	r := &Tensor{t.DType, slices.Clone(shape), t.Data}
	if _, err := r.onnx(); err != nil {
		return nil, fmt.Errorf("%v does not reshape to %v", t, shape)
	}
	return r, nil
}

func (t *Tensor) String() string { return fmt.Sprintf("%s %v", t.DType, t.Shape) }

// A TensorInfo describes an input or an output of a Runner.
type TensorInfo struct {
	Name     string
	DType    DType
	Shape    []Dim // nil if it is not known
	Optional bool  // true if the input may be left out
}

func (v TensorInfo) String() string {
	s := v.Name + " "
	if v.Optional {
		s += "optional "
	}
	s += string(v.DType)
	if v.Shape == nil {
		return s + " of any shape"
	}
	return s + " " + fmt.Sprint(v.Shape)
}

// A Dim is the size of a dimension, -1 if it is open, and then its name, such as batch or
// time, if it has one.
type Dim struct {
	Size int
	Name string
}

func (d Dim) String() string { return onnx.Dim(d).String() }

// An InputError names an input that a model does not take, and why.
type InputError struct {
	Input  string // its name, "" if it is not known
	Reason string
}

func (e *InputError) Error() string {
	if e.Input == "" {
		return "interchange: " + e.Reason
	}
	return fmt.Sprintf("interchange: input %q: %s", e.Input, e.Reason)
}

// Is reports whether target is fault.Data.
func (e *InputError) Is(target error) bool { return target == fault.Data }
