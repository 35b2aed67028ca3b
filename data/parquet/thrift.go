package parquet

import (
	"encoding/binary"
	"errors"
)

// soundThrift checks that a struct of Thrift's compact protocol lies in b, with all that
// its lists promise, for which a decoder takes memory before it reads them.
func soundThrift(b []byte) error {
	t := walker{b: b}
	t.object(0)
	if t.bad {
		return errors.New("its footer holds more than its bytes can, or is cut short")
	}
	return nil
}

// A walker passes over values; bad is set once there are too few bytes.
type walker struct {
	b   []byte
	bad bool
}

func (t *walker) skip(n uint64) {
	if t.bad = t.bad || n > uint64(len(t.b)); !t.bad {
		t.b = t.b[n:]
	}
}

func (t *walker) byte() byte {
	if t.bad || len(t.b) == 0 {
		t.bad = true
		return 0
	}
	c := t.b[0]
	t.b = t.b[1:]
	return c
}

func (t *walker) varint() uint64 {
	v, n := binary.Uvarint(t.b)
	if n <= 0 {
		t.bad = true
		return 0
	}
	t.skip(uint64(n))
	return v
}

// object passes over fields up to the byte that ends a struct.
func (t *walker) object(depth int) {
	for !t.bad {
		head := t.byte()
		if head == 0 {
			return
		}
		if head>>4 == 0 { // else the number of the field is a difference
			t.varint()
		}
		if kind := head & 15; kind > 2 { // the type of a truth value is its value
			t.value(kind, depth+1)
		}
	}
}

// value passes over one of the given type.
func (t *walker) value(kind byte, depth int) {
	if t.bad = t.bad || depth > 32; t.bad {
		return
	}
	switch kind {
	case 1, 2, 3: // truth values in a list, a byte
		t.skip(1)
	case 4, 5, 6: // whole numbers
		t.varint()
	case 7: // float64
		t.skip(8)
	case 8: // bytes
		t.skip(t.varint())
	case 9, 10: // list, set
		head := t.byte()
		n := uint64(head >> 4)
		if n == 15 {
			n = t.varint()
		}
		if n > uint64(len(t.b)) { // each takes a byte at least
			t.bad = true
		}
		for ; n > 0 && !t.bad; n-- {
			t.value(head&15, depth+1)
		}
	case 11: // map
		n := t.varint()
		if n == 0 {
			return
		}
		kinds := t.byte()
		if n > uint64(len(t.b)) {
			t.bad = true
		}
		for ; n > 0 && !t.bad; n-- {
			t.value(kinds>>4, depth+1)
			t.value(kinds&15, depth+1)
		}
	case 12:
		t.object(depth)
	default:
		t.bad = true
	}
}
