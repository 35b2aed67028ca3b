package hdf5

import (
	"bytes"
	"compress/zlib"
	"io"
)

// A filter is one that chunks went through when they were written.
type filter struct {
	id    int
	first int // its first parameter
}

// Filters by their numbers.
const (
	deflate    = 1
	shuffle    = 2
	fletcher32 = 3
)

var filterNames = map[int]string{4: "szip", 5: "nbit", 6: "scaleoffset", 32000: "lzf", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32015: "zstd"}

// filters reads a filter pipeline message.
func (c *cursor) filters() (list []filter) {
	pos := c.pos
	version, n := c.u8(), c.u8()
	if version == 1 {
		c.skip(6)
	} else if version != 2 {
		corrupt(pos, "filter pipeline version %d is unknown", version)
	}
	deflates := 0
	for range n {
		f := filter{id: c.u16()}
		name := 0
		if version == 1 || f.id >= 256 {
			name = c.u16()
		}
		c.skip(2) // flags
		params := c.u16()
		if version == 1 {
			name = (name + 7) &^ 7
		}
		c.skip(name)
		for i := range params {
			if v := c.u32(); i == 0 {
				f.first = v
			}
		}
		if version == 1 && params%2 == 1 {
			c.skip(4)
		}
		switch f.id {
		case shuffle, fletcher32:
		case deflate:
			deflates++
		default:
			corrupt(pos, "filter %d %s is not supported; only deflate, shuffle and fletcher32 are", f.id, filterNames[f.id])
		}
		list = append(list, f)
	}
	if deflates > 1 {
		corrupt(pos, "values that were compressed %d times are not supported", deflates)
	}
	return list
}

// unfilter reads a chunk and undoes its filters, the last one first.
func (d *Dataset) unfilter(c chunk) []byte {
	b := make([]byte, c.size)
	d.f.read(b, d.f.at(c.addr, c.size))
	for i := len(d.filters) - 1; i >= 0; i-- {
		if c.mask&(1<<i) != 0 { // the filter was left out
			continue
		}
		switch f := d.filters[i]; f.id {
		case fletcher32:
			if len(b) < 4 {
				d.fault("a chunk of %d bytes has no checksum", len(b))
			}
			sum := (&cursor{f: d.f, b: b[len(b)-4:]}).uint(4)
			b = b[:len(b)-4]
			if got := fletcher(b); uint64(got) != sum && !d.f.unchecked {
				d.fault("the checksum of a chunk is %#x, not %#x as written; the file is damaged", got, sum)
			}
		case deflate:
			want := d.chunkSize()
			r, err := zlib.NewReader(bytes.NewReader(b))
			if err != nil {
				d.fault("a chunk does not unpack: %v", err)
			}
			out := bytes.NewBuffer(make([]byte, 0, min(want+4, 1100*len(b)+64)))
			if _, err := io.Copy(out, io.LimitReader(r, int64(want)+5)); err != nil {
				d.fault("a chunk does not unpack: %v", err)
			}
			if b = out.Bytes(); len(b) > want+4 {
				d.fault("a chunk unpacks to more than its %d bytes", want)
			}
		case shuffle:
			b = unshuffle(b, d.DType.size)
		}
	}
	if len(b) < d.chunkSize() {
		d.fault("a chunk has %d bytes, want %d", len(b), d.chunkSize())
	}
	return b[:d.chunkSize()]
}

// unshuffle puts the bytes of elements together again, which lie as all first bytes,
// all second bytes and so on.
func unshuffle(b []byte, size int) []byte {
	n := len(b) / size
	out := make([]byte, len(b))
	for i := range size {
		for j := range n {
			out[j*size+i] = b[i*n+j]
		}
	}
	copy(out[n*size:], b[n*size:])
	return out
}

// fletcher is the checksum of Fletcher over big-endian words of 16 bits.
func fletcher(b []byte) uint32 {
	var s1, s2 uint32
	word := func(w uint32) {
		s1 = (s1 + w) % 65535
		s2 = (s2 + s1) % 65535
	}
	for ; len(b) >= 2; b = b[2:] {
		word(uint32(b[0])<<8 | uint32(b[1]))
	}
	if len(b) == 1 {
		word(uint32(b[0]) << 8)
	}
	return s2<<16 | s1
}
