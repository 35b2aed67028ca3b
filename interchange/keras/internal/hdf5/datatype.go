package hdf5

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/recur-go/recur/internal/ieee"
)

// A DType is the type of the elements of an array.
type DType struct {
	class  int
	size   int  // bytes of an element
	signed bool // whether whole numbers have a sign
	big    bool // whether it is big-endian
	brain  bool // whether it is bfloat16
	text   bool // whether it is a variable-length string, not another sequence
}

// Classes of types.
const (
	classInt      = 0
	classFloat    = 1
	classString   = 3
	classEnum     = 8
	classSequence = 9
)

var classNames = [...]string{"int", "float", "time", "string", "bits", "opaque", "compound", "reference", "enum", "sequence", "array"}

// isFloat reports whether values are floating-point.
func (d DType) isFloat() bool { return d.class == classFloat }

// String names the type as NumPy does, where it can.
func (d DType) String() string {
	switch {
	case d.brain:
		return "bfloat16"
	case d.class == classInt && !d.signed:
		return fmt.Sprintf("uint%d", 8*d.size)
	case d.class == classFloat || d.class == classInt:
		return fmt.Sprintf("%s%d", classNames[d.class], 8*d.size)
	case d.text:
		return "string"
	}
	return classNames[d.class]
}

// datatype reads a datatype message.
func (c *cursor) datatype() DType {
	pos := c.pos
	head := c.u8()
	flags := c.u8()
	c.skip(2)
	d := DType{class: head & 15, size: c.u32(), big: flags&1 != 0}
	version := head >> 4
	if version < 1 || version > 5 || d.class >= len(classNames) {
		corrupt(pos, "a type of version %d and class %d is unknown", version, d.class)
	}
	if d.size == 0 {
		corrupt(pos, "a type whose values have no bytes")
	}
	switch d.class {
	case classInt:
		d.signed = flags&8 != 0
		offset, precision := c.u16(), c.u16()
		if offset != 0 || precision != 8*d.size || bits.OnesCount(uint(d.size)) != 1 || d.size > 8 {
			corrupt(pos, "whole numbers of %d of %d bits are not supported", precision, 8*d.size)
		}
	case classFloat:
		offset, precision := c.u16(), c.u16()
		exponentAt, exponent, fractionAt, fraction, bias := c.u8(), c.u8(), c.u8(), c.u8(), c.u32()
		form := [...]int{d.size, exponent, fraction, bias}
		switch form {
		case [...]int{2, 8, 7, 127}:
			d.brain = true
		case [...]int{2, 5, 10, 15}, [...]int{4, 8, 23, 127}, [...]int{8, 11, 52, 1023}:
		default:
			corrupt(pos, "floating-point numbers of %d bytes, with %d bits of exponent and %d of fraction, are not supported", d.size, exponent, fraction)
		}
		if offset != 0 || precision != 8*d.size || fractionAt != 0 || exponentAt != fraction || flags&0x40 != 0 {
			corrupt(pos, "floating-point numbers whose bits lie in an unusual order are not supported")
		}
	case classEnum: // what h5py makes of bool
		d.signed = true
		if base := c.datatype(); base.class != classInt || base.size != d.size {
			corrupt(pos, "an enumeration of other things than whole numbers")
		} else {
			d.big = base.big
		}
	case classSequence:
		d.text = flags&15 == 1
	}
	return d
}

// decode turns the bytes b of numbers, which it may turn around, into dst.
func decode[F float32 | float64](d DType, dst []F, b []byte) {
	if d.class != classFloat {
		for i := range dst {
			dst[i] = F(d.int(b[i*d.size:]))
		}
		return
	}
	if d.big {
		ieee.Flip(b, d.size)
	}
	form := map[int]ieee.Form{2: ieee.F16, 4: ieee.F32, 8: ieee.F64}[d.size]
	if d.brain {
		form = ieee.BF16
	}
	ieee.Decode(dst, b, form)
}

// int is the whole number that b begins with.
func (d DType) int(b []byte) int64 {
	var v uint64
	for i := range d.size {
		j := d.size - 1 - i
		if d.big {
			j = i
		}
		v = v<<8 | uint64(b[j])
	}
	if shift := 64 - 8*d.size; d.signed {
		return int64(v<<shift) >> shift
	}
	return int64(v)
}

// dataspace reads the dimensions of a dataspace message. A scalar has none, and a
// null dataspace, which has no values, is one of dimension 0.
func (c *cursor) dataspace() []int {
	pos := c.pos
	version, rank := c.u8(), c.u8()
	flags := c.u8()
	switch version {
	case 1:
		c.skip(5)
	case 2:
		const null = 2
		if c.u8() == null {
			return []int{0}
		}
	default:
		corrupt(pos, "dataspace version %d is unknown", version)
	}
	const maxRank = 32
	if rank > maxRank {
		corrupt(pos, "%d dimensions are more than %d", rank, maxRank)
	}
	shape := make([]int, rank)
	for i := range shape {
		n := c.length()
		if n > math.MaxInt {
			corrupt(pos, "a dimension of %d", n)
		}
		shape[i] = int(n)
	}
	if flags&1 != 0 {
		c.skip(rank * c.f.sizeL)
	}
	return shape
}

// product is the values of a shape times the bytes of one.
func product(shape []int, size int) (uint64, bool) {
	n := uint64(size)
	for _, d := range shape {
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > math.MaxInt {
			return 0, false
		}
		n = lo
	}
	return n, true
}
