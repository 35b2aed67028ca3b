package onnx

import (
	"fmt"
	"math"
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
		return fromHalf(toHalf(x))
	case BFloat16:
		return fromBrain(toBrain(x))
	}
	return x
}

// toHalf rounds to IEEE 754 binary16, to nearest even.
func toHalf(x float32) uint16 {
	b := math.Float32bits(x)
	sign := uint16(b >> 16 & 0x8000)
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000:
		return sign | 0x7e00
	case b >= 0x477ff000: // 65520 and above
		return sign | 0x7c00
	case b < 0x38800000: // subnormal: adding 2^-1 leaves its bits at the end
		f := math.Float32frombits(b) + 0.5
		return sign | uint16(math.Float32bits(f)-0x3f000000)
	}
	b += 0xc8000fff + b>>13&1
	return sign | uint16(b>>13)
}

func fromHalf(h uint16) float32 {
	sign, exp, man := uint32(h&0x8000)<<16, uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exp {
	case 0:
		f := float32(man) / (1 << 24)
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | man<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | man<<13)
}

// toBrain rounds to bfloat16, to nearest even.
func toBrain(x float32) uint16 {
	b := math.Float32bits(x)
	if b&0x7fffffff > 0x7f800000 {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

func fromBrain(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }
