// Package ieee has the forms of floating-point numbers in files.
package ieee

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"
)

// A Form is a form of floating-point numbers, by its name in safetensors.
type Form string

// The forms that Decode knows.
const (
	F16  Form = "F16"  // IEEE 754 binary16
	BF16 Form = "BF16" // bfloat16, the upper half of a float32
	F32  Form = "F32"
	F64  Form = "F64"

	F8E5M2 Form = "F8_E5M2" // the upper half of an F16
	F8E4M3 Form = "F8_E4M3" // an F16 whose exponent is 8 less, without infinities
)

// Decode turns the little-endian numbers of b into dst, which has room for them.
func Decode[F float32 | float64](dst []F, b []byte, f Form) {
	le := binary.LittleEndian
	switch f {
	case F64:
		for i := range len(b) / 8 {
			dst[i] = F(math.Float64frombits(le.Uint64(b[8*i:])))
		}
	case F32:
		for i := range len(b) / 4 {
			dst[i] = F(math.Float32frombits(le.Uint32(b[4*i:])))
		}
	case BF16:
		for i := range len(b) / 2 {
			dst[i] = F(FromBrain(le.Uint16(b[2*i:])))
		}
	case F16:
		for i := range len(b) / 2 {
			dst[i] = F(FromHalf(le.Uint16(b[2*i:])))
		}
	case F8E5M2:
		for i, c := range b {
			dst[i] = F(FromHalf(uint16(c) << 8))
		}
	case F8E4M3:
		for i, c := range b {
			if c := uint16(c); c&0x7f == 0x7f {
				dst[i] = F(math.NaN())
			} else {
				dst[i] = F(FromHalf(c&0x80<<8|c&0x7f<<7) * 256)
			}
		}
	default:
		panic(fmt.Sprintf("ieee: there is no form %q", f))
	}
}

// Native is the form of F in memory.
func Native[F float32 | float64]() Form {
	if unsafe.Sizeof(F(0)) == 8 {
		return F64
	}
	return F32
}

// Append adds the little-endian bytes of v to b, in their form in memory.
func Append[F float32 | float64](b []byte, v []F) []byte {
	start := len(b)
	b = append(b, Memory(v)...)
	if !LittleEndian {
		Flip(b[start:], int(unsafe.Sizeof(F(0))))
	}
	return b
}

// LittleEndian reports whether the machine is so.
var LittleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// Memory is the bytes of v, in the order of the machine.
func Memory[T bool | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64](v []T) []byte {
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(zero)))
}

// Flip turns the bytes of each number of b, of the given size, around.
func Flip(b []byte, size int) {
	for ; size > 1 && len(b) >= size; b = b[size:] {
		for i, j := 0, size-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
}

// FromHalf is the value of an IEEE 754 binary16. The smallest are multiples of 2^-24.
func FromHalf(h uint16) float32 {
	sign, e, m := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch e {
	case 0:
		return math.Float32frombits(sign | math.Float32bits(float32(m)*(1.0/(1<<24))))
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | m<<13)
	}
	return math.Float32frombits(sign | (e+112)<<23 | m<<13)
}

// ToHalf rounds to IEEE 754 binary16, to nearest even.
func ToHalf(x float32) uint16 {
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

// FromBrain is the value of a bfloat16.
func FromBrain(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// ToBrain rounds to bfloat16, to nearest even.
func ToBrain(x float32) uint16 {
	b := math.Float32bits(x)
	if b&0x7fffffff > 0x7f800000 {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}
