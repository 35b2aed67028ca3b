package hdf5

import "math/bits"

// lookup3 is the checksum of structures of version 2: hashlittle of Bob Jenkins's
// lookup3 (2006) with the initial value 0.
func lookup3(k []byte) uint32 {
	a := 0xdeadbeef + uint32(len(k))
	b, c := a, a
	word := func(i int) (w uint32) { // of four bytes, or those that are left
		for j := min(i+4, len(k)) - 1; j >= i; j-- {
			w = w<<8 | uint32(k[j])
		}
		return w
	}
	for len(k) > 12 {
		a, b, c = a+word(0), b+word(4), c+word(8)
		for _, r := range [...]int{4, 6, 8, 16, 19, 4} { // a, b, c take turns
			a = (a - c) ^ bits.RotateLeft32(c, r)
			c += b
			a, b, c = b, c, a
		}
		k = k[12:]
	}
	if len(k) == 0 {
		return c
	}
	a, b, c = a+word(0), b+word(4), c+word(8)
	for _, r := range [...]int{14, 11, 25, 16, 4, 14, 24} {
		c = (c ^ b) - bits.RotateLeft32(b, r)
		a, b, c = b, c, a
	}
	return b
}
