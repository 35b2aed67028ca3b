package serve

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/recur-go/recur/internal/ieee"
	"github.com/recur-go/recur/tensor"
)

// Float is tensor.Float.
type Float = tensor.Float

// A Datatype is what the values of a tensor are, by its name in the Open Inference Protocol.
type Datatype string

// The datatypes.
const (
	BOOL   Datatype = "BOOL"
	UINT8  Datatype = "UINT8"
	UINT16 Datatype = "UINT16"
	UINT32 Datatype = "UINT32"
	UINT64 Datatype = "UINT64"
	INT8   Datatype = "INT8"
	INT16  Datatype = "INT16"
	INT32  Datatype = "INT32"
	INT64  Datatype = "INT64"
	FP16   Datatype = "FP16"
	BF16   Datatype = "BF16"
	FP32   Datatype = "FP32"
	FP64   Datatype = "FP64"
	BYTES  Datatype = "BYTES" // texts, each after its length as a uint32
)

// Size is the number of bytes of a value, 0 for BYTES and for what is no datatype.
func (d Datatype) Size() int {
	switch d {
	case BOOL, UINT8, INT8:
		return 1
	case UINT16, INT16, FP16, BF16:
		return 2
	case UINT32, INT32, FP32:
		return 4
	case UINT64, INT64, FP64:
		return 8
	}
	return 0
}

func (d Datatype) known() bool { return d == BYTES || d.Size() > 0 }

// datatype finds a datatype by its name without making a string of it.
func datatype(b []byte) (Datatype, bool) {
	for _, d := range [...]Datatype{FP32, BYTES, INT64, INT32, FP64, BOOL, FP16, BF16, UINT8, UINT16, UINT32, UINT64, INT8, INT16} {
		if string(b) == string(d) {
			return d, true
		}
	}
	return "", false
}

// A Value is a tensor of a request or of an answer.
type Value struct {
	Name     string
	Datatype Datatype
	Shape    []int64
	Data     []byte // the values one behind the other, little-endian
}

// Count is the number of values that shape has, and false if it has a negative dimension or
// more than fit in memory.
func Count(shape []int64) (int, bool) {
	n := uint64(1)
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > math.MaxInt32 {
			return 0, false
		}
		n = lo
	}
	return int(n), true
}

// Floats appends the numbers of v to dst. Integers beyond the precision of a Float are
// rounded. It panics for BYTES.
func (v *Value) Floats(dst []Float) []Float {
	n := len(v.Data) / v.Datatype.Size()
	at := len(dst)
	if cap(dst)-at < n {
		dst = append(dst, make([]Float, n)...)
	}
	dst = dst[:at+n]
	out, b, le := dst[at:], v.Data, binary.LittleEndian
	switch v.Datatype {
	case FP32:
		ieee.Decode(out, b, ieee.F32)
	case FP64:
		ieee.Decode(out, b, ieee.F64)
	case FP16:
		ieee.Decode(out, b, ieee.F16)
	case BF16:
		ieee.Decode(out, b, ieee.BF16)
	case BOOL, UINT8:
		for i := range out {
			out[i] = Float(b[i])
		}
	case INT8:
		for i := range out {
			out[i] = Float(int8(b[i]))
		}
	case UINT16:
		for i := range out {
			out[i] = Float(le.Uint16(b[2*i:]))
		}
	case INT16:
		for i := range out {
			out[i] = Float(int16(le.Uint16(b[2*i:])))
		}
	case UINT32:
		for i := range out {
			out[i] = Float(le.Uint32(b[4*i:]))
		}
	case INT32:
		for i := range out {
			out[i] = Float(int32(le.Uint32(b[4*i:])))
		}
	case UINT64:
		for i := range out {
			out[i] = Float(le.Uint64(b[8*i:]))
		}
	case INT64:
		for i := range out {
			out[i] = Float(int64(le.Uint64(b[8*i:])))
		}
	}
	return dst
}

// FloatValue makes a tensor of FP32.
func FloatValue(name string, shape []int64, x []Float) Value {
	return Value{name, FP32, shape, appendFloats(nil, FP32, x)}
}

// appendFloats appends numbers as values of d. Those that d cannot hold become its nearest.
func appendFloats(b []byte, d Datatype, x []Float) []byte {
	le := binary.LittleEndian
	switch d {
	case FP32:
		at := len(b)
		n := 4 * len(x)
		if cap(b)-at < n {
			b = append(b, make([]byte, n)...)
		}
		b = b[:at+n]
		out := b[at:]
		for i, v := range x {
			le.PutUint32(out[4*i:], math.Float32bits(float32(v)))
		}
	case FP64:
		for _, v := range x {
			b = le.AppendUint64(b, math.Float64bits(float64(v)))
		}
	case FP16:
		for _, v := range x {
			b = le.AppendUint16(b, ieee.ToHalf(float32(v)))
		}
	case BF16:
		for _, v := range x {
			b = le.AppendUint16(b, ieee.ToBrain(float32(v)))
		}
	case BOOL:
		for _, v := range x {
			if v != 0 {
				b = append(b, 1)
			} else {
				b = append(b, 0)
			}
		}
	default:
		for _, v := range x {
			b = appendInteger(b, d, float64(v))
		}
	}
	return b
}

// appendInteger appends the integer of d that is nearest to v, 0 for NaN.
func appendInteger(b []byte, d Datatype, v float64) []byte {
	v = math.RoundToEven(v)
	size := d.Size()
	bits := 8 * uint(size)
	var u uint64
	switch d {
	case UINT8, UINT16, UINT32, UINT64:
		switch {
		case !(v > 0):
		case v >= math.Ldexp(1, int(bits)):
			u = math.MaxUint64
		default:
			u = uint64(v)
		}
	default:
		limit := math.Ldexp(1, int(bits)-1)
		switch {
		case v != v:
		case v >= limit:
			u = 1<<(bits-1) - 1
		case v < -limit:
			u = -(1 << (bits - 1)) & math.MaxUint64
		default:
			u = uint64(int64(v))
		}
	}
	for range size {
		b = append(b, byte(u))
		u >>= 8
	}
	return b
}

// Strings returns the texts of a value of BYTES, in the memory of v, and an error if a
// length points beyond the end.
func (v *Value) Strings() ([][]byte, error) {
	var all [][]byte
	for b := v.Data; len(b) > 0; {
		if len(b) < 4 {
			return nil, errorf(Invalid, "input %s: %d bytes are left where the length of element %d should be", quoted(v.Name), len(b), len(all))
		}
		n := binary.LittleEndian.Uint32(b)
		if uint64(n) > uint64(len(b)-4) {
			return nil, errorf(Invalid, "input %s: element %d has %d bytes by its length, but %d are left", quoted(v.Name), len(all), n, len(b)-4)
		}
		all = append(all, b[4:4+n:4+n])
		b = b[4+n:]
	}
	return all, nil
}

// AppendString appends a text as an element of BYTES.
func AppendString(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(s))), s...)
}

// checkData checks that the bytes of v are as many values as its shape has.
func (v *Value) checkData() error {
	n, ok := Count(v.Shape)
	if !ok {
		return shapeError(v)
	}
	if v.Datatype == BYTES {
		have := 0
		for b := v.Data; len(b) > 0; have++ {
			if len(b) < 4 {
				return errorf(Invalid, "input %s: %d bytes are left where the length of element %d should be", quoted(v.Name), len(b), have)
			}
			k := binary.LittleEndian.Uint32(b)
			if uint64(k) > uint64(len(b)-4) {
				return errorf(Invalid, "input %s: element %d has %d bytes by its length, but %d are left", quoted(v.Name), have, k, len(b)-4)
			}
			b = b[4+k:]
		}
		if have != n {
			return errorf(Invalid, "input %s has %d elements, but its shape %v has %d", quoted(v.Name), have, v.Shape, n)
		}
		return nil
	}
	size := v.Datatype.Size()
	if len(v.Data) != n*size {
		return errorf(Invalid, "input %s has %d bytes of data, but its shape %v of %s has %d", quoted(v.Name), len(v.Data), v.Shape, v.Datatype, n*size)
	}
	if v.Datatype == BOOL {
		for i, c := range v.Data {
			if c > 1 {
				return errorf(Invalid, "input %s: element %d is %d, but a BOOL is 0 or 1", quoted(v.Name), i, c)
			}
		}
	}
	return nil
}

func shapeError(v *Value) error {
	for _, d := range v.Shape {
		if d < 0 {
			return errorf(Invalid, "input %s: the shape %v has a negative dimension", quoted(v.Name), v.Shape)
		}
	}
	return errorf(Invalid, "input %s: the shape %v has more elements than a request may have", quoted(v.Name), v.Shape)
}
