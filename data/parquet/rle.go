package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

var errShort = errors.New("a page is cut short")

// unpack is the number of width bits, at most 64, that begins at bit at of b, whose bits
// are in order from the lowest.
func unpack(b []byte, at, width int) (v uint64) {
	if i, from := at/8, at%8; i+8 <= len(b) && from+width <= 64 {
		return binary.LittleEndian.Uint64(b[i:]) >> from & (1<<width - 1)
	}
	for got := 0; got < width; {
		i, from := (at+got)/8, (at+got)%8
		n := min(8-from, width-got)
		v |= uint64(b[i]>>from&(1<<n-1)) << got
		got += n
	}
	return v
}

// runs decodes n numbers of width bits in Parquet's hybrid of runs of one number and of
// packed ones, into the memory of out.
func runs(out []uint32, b []byte, width, n int) ([]uint32, error) {
	if width > 32 {
		return nil, fmt.Errorf("numbers of %d bits", width)
	}
	out = slices.Grow(out[:0], n)
	for len(out) < n {
		head, k := binary.Uvarint(b)
		if k <= 0 {
			return nil, errShort
		}
		b = b[k:]
		left := n - len(out)
		if head&1 == 0 {
			size := (width + 7) / 8
			if len(b) < size {
				return nil, errShort
			}
			if head>>1 > uint64(left) {
				return nil, fmt.Errorf("a run of %d values where %d are left", head>>1, left)
			}
			v := uint32(unpack(b, 0, 8*size))
			for range head >> 1 {
				out = append(out, v)
			}
			b = b[size:]
			continue
		}
		groups := head >> 1 // of 8; what fills the last one up is not read
		if groups == 0 || groups > uint64(left+7)/8 {
			return nil, fmt.Errorf("%d groups of 8 values where %d values are left", groups, left)
		}
		count := min(left, 8*int(groups))
		if (count*width+7)/8 > len(b) {
			return nil, errShort
		}
		for i := range count {
			out = append(out, uint32(unpack(b, i*width, width)))
		}
		b = b[min(int(groups)*width, len(b)):]
	}
	return out, nil
}

// deltas decodes DELTA_BINARY_PACKED numbers, of which there are to be n, and returns what
// follows them.
func deltas(b []byte, n int) (out []int64, rest []byte, err error) {
	number := func() uint64 {
		v, k := binary.Uvarint(b)
		if k <= 0 {
			err, b = errShort, nil
			return 0
		}
		b = b[k:]
		return v
	}
	signed := func() int64 {
		v := number()
		return int64(v>>1) ^ -int64(v&1)
	}
	block, minis, total, last := number(), number(), number(), signed()
	switch {
	case err != nil:
		return nil, nil, err
	case total != uint64(n):
		return nil, nil, fmt.Errorf("%d values where there are to be %d", total, n)
	case minis == 0 || block%minis != 0 || block/minis%8 != 0 || block == 0 || block > 1<<20:
		return nil, nil, fmt.Errorf("blocks of %d values in %d parts", block, minis)
	}
	if n == 0 {
		return nil, b, nil
	}
	each := int(block / minis)
	out = append(make([]int64, 0, n), last)
	for len(out) < n {
		least := signed()
		if err != nil || uint64(len(b)) < minis {
			return nil, nil, errShort
		}
		widths := b[:minis]
		b = b[minis:]
		for _, w := range widths {
			if len(out) == n {
				break
			}
			width := int(w)
			size, count := each/8*width, min(each, n-len(out))
			if width > 64 || (count*width+7)/8 > len(b) {
				return nil, nil, errShort
			}
			for i := range count {
				last += least + int64(unpack(b, i*width, width))
				out = append(out, last)
			}
			b = b[min(size, len(b)):]
		}
	}
	return out, b, nil
}
