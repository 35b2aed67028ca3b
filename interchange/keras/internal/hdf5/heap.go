package hdf5

import "math/bits"

// fractalHeap is a heap of objects that are found by an ID. Its blocks grow in
// rows: the first two rows have blocks of the starting size, each row after that
// blocks of twice the size of the row before.
type fractalHeap struct {
	f          *File
	idSize     int
	checked    bool   // direct blocks have checksums
	start, max uint64 // sizes of the smallest and the largest direct block
	columns    int    // blocks in a row
	bits       int    // bits of the address space of the heap
	lenSize    int    // bytes of a length in an ID
	root       uint64
	rows       int // rows of the root, 0 if it is a direct block
	huge       uint64
	hugeAt     map[uint64]span
}

type span struct{ addr, n uint64 }

func (f *File) fractalHeap(addr uint64) *fractalHeap {
	c := f.block(addr, uint64(22+12*f.sizeL+3*f.sizeO+4))
	f.verify(c)
	pos := c.pos
	c.magic("FRHP", 0)
	h := &fractalHeap{f: f, idSize: c.u16()}
	filters := c.u16()
	h.checked = c.u8()&2 != 0
	limit := c.u32() // the largest object that is not huge
	c.length()       // next ID of a huge one
	h.huge = c.offset()
	c.length() // free space
	c.offset() // its manager
	c.skip(8 * f.sizeL)
	h.columns = c.u16()
	h.start, h.max = c.length(), c.length()
	h.bits = c.u16()
	c.skip(2) // rows at the start
	h.root = c.offset()
	h.rows = c.u16()
	switch {
	case filters != 0:
		corrupt(pos, "a heap with filters is not supported")
	case bits.OnesCount(uint(h.columns)) != 1 || bits.OnesCount64(h.start) != 1 || bits.OnesCount64(h.max) != 1 || h.start > h.max || h.max > 1<<32 || h.bits > 64:
		corrupt(pos, "a heap with %d blocks a row, from %d to %d bytes, of %d bits", h.columns, h.start, h.max, h.bits)
	}
	h.lenSize = min((bits.Len64(h.max)-1+7)/8, width(uint64(limit)))
	return h
}

// get finds an object by its ID.
func (h *fractalHeap) get(id []byte) *cursor {
	f := h.f
	c := &cursor{f: f, b: id}
	switch kind := c.u8(); kind >> 4 & 3 {
	case 0: // in a block
		offset := c.uint((h.bits + 7) / 8)
		return h.managed(offset, c.uint(h.lenSize))
	case 1: // too large for a block
		if f.sizeO+f.sizeL <= h.idSize-1 { // its place is the ID
			return f.block(c.offset(), c.length())
		}
		if h.hugeAt == nil {
			h.hugeAt = map[uint64]span{}
			f.tree2(h.huge, treeOfHuge, func(r *cursor) {
				addr, n := r.offset(), r.length()
				h.hugeAt[r.length()] = span{addr, n}
			})
		}
		at, ok := h.hugeAt[c.uint(min(h.idSize-1, 8))]
		if !ok {
			corrupt(-1, "a heap lacks an object that is asked of it")
		}
		return f.block(at.addr, at.n)
	case 2: // small enough to be the ID
		n := int(id[0]&15) + 1
		if h.idSize > 17 {
			n = int(id[0]&15)<<8 + c.u8() + 1
		}
		return c.sub(n)
	}
	corrupt(-1, "an object of a heap of an unknown kind")
	return nil
}

// managed finds n bytes from offset on in the address space of the heap.
func (h *fractalHeap) managed(offset, n uint64) *cursor {
	f := h.f
	addr, rows, base := h.root, h.rows, uint64(0)
	for rows > 0 { // down through indirect blocks
		row, size, first := 0, h.start, base
		for ; row < rows; row++ {
			if row > 1 {
				size <<= 1
			}
			if span := size * uint64(h.columns); size > 1<<40 || offset-first < span {
				break
			} else {
				first += span
			}
		}
		if row == rows || size > 1<<40 {
			corrupt(-1, "byte %d of a heap is past its end", offset)
		}
		column := (offset - first) / size
		direct := bits.Len64(h.max) - bits.Len64(h.start) + 2 // rows of direct blocks
		entry := uint64(row)*uint64(h.columns) + column
		head := uint64(5 + f.sizeO + (h.bits+7)/8)
		m := f.block(addr, 4)
		if string(m.b) != "FHIB" {
			corrupt(m.pos, "%q where FHIB should be", m.b)
		}
		addr = f.block(addr+head+entry*uint64(f.sizeO), uint64(f.sizeO)).offset()
		base = first + column*size
		rows = 0
		if row >= direct { // an indirect block as large as size
			rows = bits.Len64(size) - bits.Len64(h.start*uint64(h.columns)) + 1
			if rows <= 0 || rows > row {
				corrupt(m.pos, "an indirect block of %d bytes", size)
			}
		}
	}
	m := f.block(addr, 4)
	if string(m.b) != "FHDB" {
		corrupt(m.pos, "%q where FHDB should be", m.b)
	}
	if offset < base || n > h.max || offset-base > h.max {
		corrupt(m.pos, "%d bytes from byte %d of a heap do not lie in a block", n, offset)
	}
	return f.block(addr+offset-base, n)
}
