package onnx

import (
	"fmt"

	"github.com/recur-go/recur/internal/ieee"
)

// A DType is the type of the elements of a tensor, numbered as in ONNX.
type DType int32

// The types that tensors may have. Float16 and BFloat16 are held as float32 and
// rounded after every operator.
const (
	Float32  DType = 1
	Uint8    DType = 2
	Int8     DType = 3
	Uint16   DType = 4
	Int16    DType = 5
	Int32    DType = 6
	Int64    DType = 7
	String   DType = 8
	Bool     DType = 9
	Float16  DType = 10
	Float64  DType = 11
	Uint32   DType = 12
	Uint64   DType = 13
	BFloat16 DType = 16
)

var dtypes = map[DType]struct {
	name string
	size int // bytes in a file; 0 for strings
}{
	Float32: {"float32", 4}, Uint8: {"uint8", 1}, Int8: {"int8", 1}, Uint16: {"uint16", 2}, Int16: {"int16", 2},
	Int32: {"int32", 4}, Int64: {"int64", 8}, String: {"string", 0}, Bool: {"bool", 1}, Float16: {"float16", 2},
	Float64: {"float64", 8}, Uint32: {"uint32", 4}, Uint64: {"uint64", 8}, BFloat16: {"bfloat16", 2},
}

// foreign are ONNX's types that recur does not hold.
var foreign = map[DType]string{
	14: "complex64", 15: "complex128", 17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz",
	21: "uint4", 22: "int4", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2",
}

func (d DType) String() string {
	if t, ok := dtypes[d]; ok {
		return t.name
	}
	if name, ok := foreign[d]; ok {
		return name
	}
	return fmt.Sprintf("dtype %d", int32(d))
}

// MarshalText writes the name.
func (d DType) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Size is the bytes of an element in a file; 0 for strings and types that recur
// does not hold.
func (d DType) Size() int { return dtypes[d].size }

// memory is the bytes of an element as recur holds it.
func (d DType) memory() int {
	switch d {
	case Float16, BFloat16:
		return 4
	case String:
		return 16
	}
	return d.Size()
}

// float reports whether elements are floating-point numbers.
func (d DType) float() bool {
	return d == Float32 || d == Float64 || d == Float16 || d == BFloat16
}

// round gives x the precision of d, which is held as float32.
func (d DType) round(x float32) float32 {
	switch d {
	case Float16:
		return ieee.FromHalf(ieee.ToHalf(x))
	case BFloat16:
		return ieee.FromBrain(ieee.ToBrain(x))
	}
	return x
}
