// Package crc computes CRC-32 sums of long runs of bytes in parts, so that several cores
// share the work, or the sum is of the bytes as they are read for another purpose.
package crc

import (
	"hash/crc32"
	"io"
	"sync"

	"github.com/recur-go/recur/internal/par"
)

// Join is the sum of bytes that lie in parts of n bytes each, but for the last, which has
// last. parts are their sums; poly is the polynomial, as of package hash/crc32.
//
// A sum is a polynomial over GF(2) modulo P, and what follows shifts it: the sum of A and B
// is A·x^8n + B, for a B of n bytes.
func Join(parts []uint32, n, last int64, poly uint32) uint32 {
	var sum uint32
	shift := power(8*uint64(n), poly)
	for i, part := range parts {
		if i == len(parts)-1 {
			shift = power(8*uint64(last), poly)
		}
		sum = times(sum, shift, poly) ^ part
	}
	return sum
}

// one is the polynomial 1: in a sum the highest bit is the coefficient of x^0.
const one = 1 << 31

// power is x^n modulo P, by squaring.
func power(n uint64, poly uint32) uint32 {
	p := uint32(one)
	for square := uint32(one >> 1); n > 0; n >>= 1 {
		if n&1 != 0 {
			p = times(p, square, poly)
		}
		square = times(square, square, poly)
	}
	return p
}

// times is a·b modulo P.
func times(a, b, poly uint32) (p uint32) {
	for bit := uint32(one); bit != 0; bit >>= 1 { // b is then b·x^i, for the i of the bit
		if a&bit != 0 {
			p ^= b
		}
		b = b>>1 ^ poly&-(b&1)
	}
	return p
}

// part is how many bytes are summed at a time: they find room in the cache.
const part = 256 << 10

// Of is the sum of the n bytes of r, of the polynomial IEEE.
func Of(r io.ReaderAt, n int64) (uint32, error) {
	if n == 0 {
		return 0, nil
	}
	k := int((n-1)/part) + 1
	sums, errs := make([]uint32, k), make([]error, k)
	buffers := sync.Pool{New: func() any { return new([part]byte) }}
	par.For(k, 1, func(i, _ int) {
		b := buffers.Get().(*[part]byte)
		defer buffers.Put(b)
		at := int64(i) * part
		p := b[:min(part, n-at)]
		if got, err := r.ReadAt(p, at); got < len(p) {
			errs[i] = err
		}
		sums[i] = crc32.ChecksumIEEE(p)
	})
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return Join(sums, part, n-int64(k-1)*part, crc32.IEEE), nil
}
