package safetensors

import (
	"encoding/binary"

	"github.com/recur-go/recur/internal/ieee"
)

// Read fills dst, of length t.Len(), with the values of t, which must be of a
// floating-point type. Values are converted; F64 rounds to float32. Values of
// dst's own type are read straight into it.
func Read[F float32 | float64](t *Tensor, dst []F) error {
	if !t.DType.IsFloat() {
		return t.fail("its values are %s, not floating-point: read them with Ints", t.DType)
	}
	if len(dst) != t.Len() {
		return t.fail("its %d values do not fill %d", t.Len(), len(dst))
	}
	if b, d := littleEndian(dst); d == t.DType && b != nil {
		return t.readAt(b, 0)
	}
	return t.chunks(func(at int, b []byte) error {
		ieee.Decode(dst[at:], b, ieee.Form(t.DType))
		return nil
	})
}

// Float32s reads the values of t, as Read does, into a new slice.
func (t *Tensor) Float32s() ([]float32, error) {
	dst := make([]float32, t.Len())
	return dst, Read(t, dst)
}

// Float64s reads the values of t, as Read does, into a new slice.
func (t *Tensor) Float64s() ([]float64, error) {
	dst := make([]float64, t.Len())
	return dst, Read(t, dst)
}

// Ints reads the values of t, which must be of a whole-number type or BOOL.
func (t *Tensor) Ints() ([]int64, error) {
	if t.DType.IsFloat() {
		return nil, t.fail("its values are %s, not whole numbers: read them with Float32s", t.DType)
	}
	dst := make([]int64, t.Len())
	size := t.DType.Size()
	err := t.chunks(func(at int, b []byte) error {
		for i := 0; i < len(b); i, at = i+size, at+1 {
			n := decodeInt(b[i:], t.DType)
			if t.DType == U64 && n < 0 || t.DType == Bool && n&^1 != 0 {
				return t.fail("value %d is not in the range of its type, %s", at, t.DType)
			}
			dst[at] = n
		}
		return nil
	})
	return dst, err
}

// chunks reads t piece by piece, each with the index of its first value.
func (t *Tensor) chunks(f func(at int, b []byte) error) error {
	size := t.DType.Size()
	buf := make([]byte, min(t.Size(), 64<<10))
	for off := int64(0); off < t.Size(); off += int64(len(buf)) {
		b := buf[:min(int64(len(buf)), t.Size()-off)]
		if err := t.readAt(b, off); err != nil {
			return err
		}
		if err := f(int(off)/size, b); err != nil {
			return err
		}
	}
	return nil
}

func decodeInt(b []byte, d DType) int64 {
	le := binary.LittleEndian
	switch d {
	case I64, U64:
		return int64(le.Uint64(b))
	case I32:
		return int64(int32(le.Uint32(b)))
	case U32:
		return int64(le.Uint32(b))
	case I16:
		return int64(int16(le.Uint16(b)))
	case U16:
		return int64(le.Uint16(b))
	case I8:
		return int64(int8(b[0]))
	}
	return int64(b[0]) // U8, BOOL
}

// Value lists the Go types of the types of the format.
type Value interface {
	float32 | float64 | int64 | int32 | int16 | int8 | uint64 | uint32 | uint16 | uint8 | bool
}

// littleEndian views v as the bytes of a file, without a copy, and names their
// type. The bytes are nil on a machine whose own order is the other.
func littleEndian[T Value](v []T) ([]byte, DType) {
	var zero T
	d := dtypeOf(zero)
	if !ieee.LittleEndian && d.Size() > 1 {
		return nil, d
	}
	return ieee.Memory(v), d // which lives no longer than its users
}

func dtypeOf(zero any) DType {
	switch zero.(type) {
	case float64:
		return F64
	case float32:
		return F32
	case int64:
		return I64
	case int32:
		return I32
	case int16:
		return I16
	case int8:
		return I8
	case uint64:
		return U64
	case uint32:
		return U32
	case uint16:
		return U16
	case uint8:
		return U8
	}
	return Bool
}
