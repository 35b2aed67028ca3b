package hdf5

import "math/bits"

// chunk is a piece of an array where it lies in the file.
type chunk struct {
	at   []int // place of its first element in the array
	addr uint64
	size uint64 // bytes in the file
	mask uint32 // filters that were left out
}

// index is how chunks are found, from layout version 4 on.
type index struct {
	kind int // 0 for the B-tree of version 1
	size uint64
	mask uint32
}

// Kinds of indexes of chunks.
const (
	oneChunk        = 1
	implicitIndex   = 2
	fixedArray      = 3
	extensibleArray = 4
	chunkTree2      = 5
)

// index reads the index of chunks of layout version 4.
func (c *cursor) index(flags int, filtered bool) (x index) {
	pos := c.pos
	switch x.kind = c.u8(); x.kind {
	case oneChunk:
		if flags&2 != 0 {
			x.size, x.mask = c.length(), uint32(c.u32())
		}
	case implicitIndex:
	case fixedArray:
		c.skip(1)
	case extensibleArray:
		c.skip(5)
	case chunkTree2:
		c.skip(6)
	default:
		corrupt(pos, "an index of chunks of kind %d is unknown", x.kind)
	}
	return x
}

// chunkSize is the bytes of a chunk before filters.
func (d *Dataset) chunkSize() int {
	n, ok := product(d.layout.chunk, d.DType.size)
	if !ok {
		d.fault("chunks of shape %v hold more values than can be counted", d.layout.chunk)
	}
	return int(n)
}

// chunks lists the chunks that are in the file, and checks that they lie in the
// array and in the file and are no trap.
func (d *Dataset) chunks() (list []chunk) {
	size := d.chunkSize()
	grid := make([]int, len(d.Shape)) // chunks along each dimension
	total := uint64(1)
	for i, n := range d.Shape {
		grid[i] = (n + d.layout.chunk[i] - 1) / d.layout.chunk[i]
		hi, lo := bits.Mul64(total, uint64(grid[i]))
		if total = lo; hi != 0 {
			d.fault("it has more chunks than can be counted")
		}
	}
	var stored uint64
	add := func(c chunk) {
		if c.addr == undefined {
			return
		}
		d.f.at(c.addr, c.size)
		if len(d.filters) == 0 && c.size < uint64(size) {
			d.fault("a chunk of %d bytes, want %d", c.size, size)
		}
		if stored += c.size; stored > uint64(d.f.size) {
			d.fault("its chunks have more bytes than the file; they overlap")
		}
		list = append(list, c)
	}
	nth := func(n uint64, addr, size uint64, mask uint32) { // chunk n in order
		if addr == undefined || n >= total {
			return
		}
		at := make([]int, len(grid))
		for i := len(grid) - 1; i >= 0; i-- {
			at[i] = int(n%uint64(grid[i])) * d.layout.chunk[i]
			n /= uint64(grid[i])
		}
		add(chunk{at, addr, size, mask})
	}
	if d.layout.addr != undefined {
		d.visitChunks(total, uint64(size), add, nth)
	}
	d.limit(stored)
	if size > 1<<20 && uint64(size)/200 > stored {
		d.fault("a chunk of %d bytes, the file has %d for all of them", size, stored)
	}
	return list
}

func (d *Dataset) visitChunks(total, size uint64, add func(chunk), nth func(n, addr, size uint64, mask uint32)) {
	f, addr, rank := d.f, d.layout.addr, len(d.Shape)
	filtered := len(d.filters) > 0
	place := func(c *cursor, scale func(i int) uint64) []int {
		at := make([]int, rank)
		for i := range at {
			hi, v := bits.Mul64(c.uint(8), scale(i))
			if hi != 0 || v >= uint64(d.Shape[i]) || v%uint64(d.layout.chunk[i]) != 0 {
				corrupt(c.pos, "a chunk begins at %d of dimension %d, which is %d long with chunks of %d", v, i, d.Shape[i], d.layout.chunk[i])
			}
			at[i] = int(v)
		}
		return at
	}
	// element reads an entry of an array of chunks, of so many bytes.
	element := func(c *cursor, width int, n uint64) {
		e := c.sub(width)
		addr, n0, mask := e.offset(), size, uint32(0)
		if filtered {
			if width < f.sizeO+5 || width > f.sizeO+12 {
				corrupt(e.pos, "entries of %d bytes in an array of chunks", width)
			}
			n0 = e.uint(width - f.sizeO - 4)
			mask = uint32(e.u32())
		}
		nth(n, addr, n0, mask)
	}
	switch x := d.layout.index; x.kind {
	case 0:
		f.tree(addr, chunkTree, rank, func(key, child *cursor) {
			n, mask := uint64(key.u32()), uint32(key.u32())
			add(chunk{place(key, func(int) uint64 { return 1 }), child.offset(), n, mask})
		})
	case oneChunk:
		if filtered {
			size = x.size
		}
		nth(0, addr, size, x.mask)
	case implicitIndex:
		hi, n := bits.Mul64(total, size)
		if hi != 0 {
			d.fault("it has more chunks than can be counted")
		}
		f.at(addr, n)
		for n := range total {
			nth(n, addr+n*size, size, 0)
		}
	case fixedArray:
		f.fixedArray(addr, total, element)
	case extensibleArray:
		f.extensibleArray(addr, total, element)
	case chunkTree2:
		kind := treeOfChunks
		if filtered {
			kind = treeOfFiltered
		}
		f.tree2(addr, kind, func(r *cursor) {
			c := chunk{addr: r.offset(), size: size}
			if filtered {
				n := len(r.b) - 4 - 8*rank
				if n < 1 || n > 8 {
					corrupt(r.pos, "records of %d bytes in a tree of chunks", len(r.b)+f.sizeO)
				}
				c.size, c.mask = r.uint(n), uint32(r.u32())
			}
			c.at = place(r, func(i int) uint64 { return uint64(d.layout.chunk[i]) })
			add(c)
		})
	}
}

// fixedArray visits the total elements of an array whose size never changes.
func (f *File) fixedArray(addr, total uint64, visit func(c *cursor, width int, n uint64)) {
	c := f.block(addr, uint64(8+f.sizeL+f.sizeO+4))
	f.verify(c)
	c.magic("FAHD", 0)
	c.skip(1)
	width, pageBits := c.u8(), c.u8()
	pos := c.pos
	n, data := c.length(), c.offset()
	if width < f.sizeO || n < total || pageBits > 32 {
		corrupt(pos, "an array of %d entries of %d bytes for %d chunks", n, width, total)
	}
	if data == undefined {
		return
	}
	head, page := uint64(6+f.sizeO), uint64(1)<<pageBits
	if n <= page {
		c = f.block(data, f.entries(head, n, width))
		f.verify(c)
		c.magic("FADB", 0)
		c.skip(1 + f.sizeO)
		for i := range total {
			visit(c, width, i)
		}
		return
	}
	pages := (n + page - 1) / page
	f.at(data, pages/8)
	c = f.block(data, head+(pages+7)/8+4)
	f.verify(c)
	c.magic("FADB", 0)
	c.skip(1 + f.sizeO)
	f.pages(data+head+(pages+7)/8+4, c.b, 0, n, page, width, func(c *cursor, i uint64) {
		if i < total {
			visit(c, width, i)
		}
	})
}

// entries is the bytes of a block of n entries with a head and a checksum.
func (f *File) entries(head, n uint64, width int) uint64 {
	hi, lo := bits.Mul64(n, uint64(width))
	if hi != 0 || lo > uint64(f.size) {
		corrupt(-1, "an array of %d chunks in a file of %d bytes", n, f.size)
	}
	return head + lo + 4
}

// pages visits n entries that lie in pages from addr on. A page whose bit, from bit
// first of used on, is not set has no values.
func (f *File) pages(addr uint64, used []byte, first, n, page uint64, width int, visit func(c *cursor, i uint64)) {
	for p := uint64(0); p*page < n; p++ {
		k := min(page, n-p*page)
		size := f.entries(0, k, width)
		if used[(first+p)/8]&(0x80>>((first+p)%8)) != 0 {
			c := f.block(addr, size)
			f.verify(c)
			for i := range k {
				visit(c, p*page+i)
			}
		}
		addr += size
	}
}

// extensibleArray visits the total elements of an array that grows: some in its
// index, then in blocks of entries that grow as in a list of superblocks, superblock
// u having 2^⌊u/2⌋ blocks of least·2^⌈u/2⌉ entries.
func (f *File) extensibleArray(addr, total uint64, visit func(c *cursor, width int, n uint64)) {
	c := f.block(addr, uint64(12+6*f.sizeL+f.sizeO+4))
	f.verify(c)
	c.magic("EAHD", 0)
	c.skip(1)
	pos := c.pos
	width, maxBits, inIndex, least, pointers, pageBits := c.u8(), c.u8(), c.u8(), c.u8(), c.u8(), c.u8()
	c.skip(6 * f.sizeL)
	index := c.offset()
	if width < f.sizeO || maxBits > 64 || pageBits > 32 || bits.OnesCount(uint(least)) != 1 || bits.OnesCount(uint(pointers)) != 1 || maxBits < bits.Len(uint(least)) {
		corrupt(pos, "an array of chunks with entries of %d bytes, blocks of %d and %d pointers", width, least, pointers)
	}
	if index == undefined {
		return
	}
	supers := 1 + maxBits - (bits.Len(uint(least)) - 1)
	direct := min(2*(bits.Len(uint(pointers))-1), supers) // superblocks whose blocks the index points to
	blocks := 2 * (pointers - 1)
	offset := (maxBits + 7) / 8
	c = f.block(index, uint64(6+f.sizeO+inIndex*width+(blocks+supers-direct)*f.sizeO+4))
	f.verify(c)
	c.magic("EAIB", 0)
	c.skip(1 + f.sizeO)
	i := uint64(0)
	for range inIndex {
		e := c.sub(width)
		if i < total {
			visit(e, width, i)
		}
		i++
	}
	page := uint64(1) << pageBits
	// block visits a block of n entries.
	block := func(addr, n uint64, used []byte, first uint64) {
		begin := i
		i += n
		if addr == undefined || begin >= total {
			return
		}
		head := uint64(6 + f.sizeO + offset)
		if n <= page {
			c := f.block(addr, f.entries(head, n, width))
			f.verify(c)
			c.magic("EADB", 0)
			c.skip(1 + f.sizeO + offset)
			for k := range min(n, total-begin) {
				visit(c, width, begin+k)
			}
			return
		}
		f.pages(addr+head+4, used, first, n, page, width, func(c *cursor, k uint64) {
			if begin+k < total {
				visit(c, width, begin+k)
			}
		})
	}
	for u := 0; u < supers && i < total; u++ {
		n, entries := uint64(1)<<(u/2), uint64(least)<<((u+1)/2)
		at, used := c, []byte(nil)
		if u < direct && entries > page {
			corrupt(pos, "an array of chunks whose index points to blocks of %d entries, in pages of %d", entries, page)
		}
		if u >= direct {
			addr := c.offset()
			if addr == undefined {
				i += n * entries
				continue
			}
			bitmap := uint64(0)
			if entries > page {
				bitmap = n * ((entries/page + 7) / 8)
			}
			at = f.block(addr, f.entries(uint64(6+f.sizeO+offset)+bitmap, n, f.sizeO))
			f.verify(at)
			at.magic("EASB", 0)
			at.skip(1 + f.sizeO + offset)
			used = at.bytes(int(bitmap))
		}
		for k := uint64(0); k < n && i < total; k++ {
			block(at.offset(), entries, used, k*8*((entries/page+7)/8))
		}
	}
}
