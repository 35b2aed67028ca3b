package hdf5

import (
	"math"
	"math/bits"
)

// Kinds of B-trees of version 1.
const (
	groupTree = 0
	chunkTree = 1
)

// tree visits the leaves of a B-tree of version 1 in order, each with its key and
// the address that belongs to it. rank is that of the array, for chunks.
func (f *File) tree(addr uint64, kind, rank int, visit func(key, child *cursor)) {
	keySize := f.sizeL
	if kind == chunkTree {
		keySize = 8 + 8*(rank+1)
	}
	f.treeNode(addr, kind, keySize, -1, visit)
}

// treeNode visits a node, which must be of the given level unless that is negative:
// levels fall to 0, so that a tree that points to itself ends.
func (f *File) treeNode(addr uint64, kind, keySize, level int, visit func(key, child *cursor)) {
	c := f.block(addr, uint64(8+2*f.sizeO))
	pos := c.pos
	if got := string(c.bytes(4)); got != "TREE" {
		corrupt(pos, "%q where TREE should be", got)
	}
	if got := c.u8(); got != kind {
		corrupt(pos, "a B-tree of kind %d, want %d", got, kind)
	}
	own := c.u8()
	if level >= 0 && own != level {
		corrupt(pos, "a node of level %d where level %d should be", own, level)
	}
	n := c.u16()
	c.skip(2 * f.sizeO) // siblings
	c = f.cursor(c.pos, n*(keySize+f.sizeO))
	for range n {
		key, child := c.sub(keySize), c.sub(f.sizeO)
		if own == 0 {
			visit(key, child)
		} else {
			f.treeNode(child.offset(), kind, keySize, own-1, visit)
		}
	}
}

// Kinds of B-trees of version 2.
const (
	treeOfHuge       = 1 // objects of a heap too large for it
	treeOfLinks      = 5
	treeOfAttributes = 8
	treeOfChunks     = 10
	treeOfFiltered   = 11 // chunks that went through filters
)

// tree2 visits the records of a B-tree of version 2 in order.
func (f *File) tree2(addr uint64, kind int, visit func(record *cursor)) {
	c := f.block(addr, uint64(16+f.sizeO+2+f.sizeL+4))
	f.verify(c)
	c.magic("BTHD", 0)
	pos := c.pos
	if got := c.u8(); got != kind {
		corrupt(pos, "a B-tree of kind %d, want %d", got, kind)
	}
	t := tree2{f: f, kind: kind, nodeSize: c.u32(), recordSize: c.u16(), visit: visit}
	depth := c.u16()
	c.skip(2) // when to split and merge
	root, n := c.offset(), c.u16()
	if t.recordSize == 0 || t.nodeSize < 10 || int64(t.nodeSize) > f.size {
		corrupt(pos, "a B-tree with nodes of %d and records of %d bytes", t.nodeSize, t.recordSize)
	}
	if depth > 32 {
		corrupt(pos, "a B-tree %d deep", depth)
	}
	if root != undefined {
		t.limits(depth)
		t.node(root, depth, n)
	}
}

type tree2 struct {
	f                          *File
	kind, nodeSize, recordSize int
	leaf                       int      // bytes that count the records of a node
	below                      []uint64 // records that a subtree of each depth may hold
	visit                      func(*cursor)
}

// limits computes how many records nodes may hold, by which their counts are as wide
// as they are.
func (t *tree2) limits(depth int) {
	most := uint64(t.nodeSize-10) / uint64(t.recordSize)
	t.leaf = width(most)
	t.below = []uint64{most}
	for d := 1; d <= depth; d++ {
		pointer := t.pointer(d)
		if t.nodeSize < 10+pointer {
			corrupt(-1, "a B-tree with nodes of %d bytes is %d deep", t.nodeSize, depth)
		}
		n := uint64(t.nodeSize-10-pointer) / uint64(t.recordSize+pointer)
		hi, lo := bits.Mul64(n+1, t.below[d-1])
		if hi != 0 || lo > math.MaxUint64-n {
			corrupt(-1, "a B-tree %d deep holds more records than can be counted", depth)
		}
		t.below = append(t.below, lo+n)
	}
}

// pointer is the bytes of a pointer from a node of depth d.
func (t *tree2) pointer(d int) int {
	n := t.f.sizeO + t.leaf
	if d > 1 {
		n += width(t.below[d-1])
	}
	return n
}

func (t *tree2) node(addr uint64, depth, n int) {
	f, magic, size := t.f, "BTLF", 6+n*t.recordSize
	if depth > 0 {
		magic, size = "BTIN", size+(n+1)*t.pointer(depth)
	}
	c := f.block(addr, uint64(size)+4)
	f.verify(c)
	c.magic(magic, 0)
	pos := c.pos
	if got := c.u8(); got != t.kind {
		corrupt(pos, "a B-tree of kind %d, want %d", got, t.kind)
	}
	records := c.sub(n * t.recordSize)
	for i := 0; i <= n; i++ {
		if depth > 0 {
			p := c.sub(t.pointer(depth))
			t.node(p.offset(), depth-1, int(p.uint(t.leaf)))
		}
		if i < n {
			t.visit(records.sub(t.recordSize))
		}
	}
}

// width is the bytes in which the library counts to limit.
func width(limit uint64) int {
	if limit == 0 {
		return 1
	}
	return (bits.Len64(limit)-1)/8 + 1
}
