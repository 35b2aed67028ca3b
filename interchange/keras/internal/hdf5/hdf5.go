// Package hdf5 reads and writes the part of HDF5 that files of weights use.
//
// It follows version 3.0 of the HDF5 File Format Specification of The HDF Group:
// superblocks 0 to 3, object headers 1 and 2, groups as symbol tables, as link
// messages and as heaps of links, attributes likewise, and arrays of numbers that
// are compact, contiguous or in chunks, with the filters deflate, shuffle and
// fletcher32.
//
// A File is read where it lies: opening one reads its superblock, and each group,
// attribute and array is read when it is asked for. Nothing in a file is trusted:
// what is no sound HDF5 gives a *format.Error, no memory is set aside that the bytes
// of the file do not account for, and structures that point to themselves end in an
// error.
package hdf5

import (
	"io"
	"math/bits"
	"sync/atomic"

	"github.com/recur-go/recur/internal/format"
)

// bad makes an error of System "keras", whose files these are.
func bad(reason string, args ...any) *format.Error { return badAt(-1, reason, args...) }

func badAt(offset int64, reason string, args ...any) *format.Error {
	return format.Errorf("keras", offset, reason, args...)
}

// Magic is the first bytes of a file.
const Magic = "\x89HDF\r\n\x1a\n"

// undefined is an address that is none.
const undefined = ^uint64(0)

// A File is an HDF5 file that is being read. Its objects may be read by several
// goroutines at once, each object by one.
type File struct {
	r      io.ReaderAt
	size   int64
	base   int64 // address from which others count
	sizeO  int   // bytes of an address
	sizeL  int   // bytes of a length
	root   uint64
	budget atomic.Int64 // bytes of structure that may still be read: a sound file reads none of it many times over

	unchecked bool // checksums are not compared, so that a fuzzer gets past them
}

// Open reads the superblock of a file of size bytes.
func Open(r io.ReaderAt, size int64) (*File, error) { return open(r, size, false) }

func open(r io.ReaderAt, size int64, unchecked bool) (f *File, err error) {
	defer format.Catch(&err, "")
	f = &File{r: r, size: size, unchecked: unchecked}
	f.budget.Store(64*size + 4<<20)
	for at := int64(0); at+int64(len(Magic)) <= size; at = max(512, 2*at) { // a block of the user's may come first
		if string(f.raw(at, len(Magic))) == Magic {
			f.superblock(at)
			return f, nil
		}
	}
	corrupt(-1, "this is no HDF5 file")
	return nil, nil
}

func (f *File) superblock(at int64) {
	version := f.raw(at+8, 1)[0]
	f.base = at
	switch version {
	case 0, 1:
		head := f.raw(at, 24)
		f.sizeO, f.sizeL = int(head[13]), int(head[14])
		f.checkSizes(at + 13)
		n := 24
		if version == 1 {
			n = 28
		}
		c := f.cursor(at+int64(n), 4*f.sizeO+2*f.sizeO)
		base := c.offset()
		c.skip(3*f.sizeO + f.sizeO) // free space, end of file, driver; name of the root
		f.root = c.offset()
		f.rebase(base, at)
	case 2, 3:
		head := f.raw(at, 12)
		f.sizeO, f.sizeL = int(head[9]), int(head[10])
		f.checkSizes(at + 9)
		c := f.cursor(at, 12+4*f.sizeO+4)
		f.verify(c)
		c.skip(12)
		base := c.offset()
		c.skip(2 * f.sizeO) // extension, end of file
		f.root = c.offset()
		f.rebase(base, at)
	default:
		corrupt(at+8, "superblock version %d is not one of 0 to 3", version)
	}
}

// rebase sets where addresses count from: what the superblock at byte at has, or
// its own place if the file was moved behind a block of the user's.
func (f *File) rebase(base uint64, at int64) {
	switch {
	case base == 0 || base == uint64(at):
		f.base = int64(base)
	case base == undefined:
		f.base = at
	default:
		corrupt(at, "base address %d is neither 0 nor that of the superblock", base)
	}
}

func (f *File) checkSizes(at int64) {
	for _, n := range []int{f.sizeO, f.sizeL} {
		if n != 2 && n != 4 && n != 8 {
			corrupt(at, "addresses and lengths of %d and %d bytes; want 2, 4 or 8", f.sizeO, f.sizeL)
		}
	}
}

// raw reads n bytes at the absolute position pos.
func (f *File) raw(pos int64, n int) []byte {
	if pos < 0 || n < 0 || pos > f.size || int64(n) > f.size-pos {
		corrupt(pos, "%d bytes are wanted here, of a file of %d; was it cut short?", n, f.size)
	}
	if f.budget.Add(-int64(n)-64) < 0 {
		corrupt(pos, "its structure is read over and over; it points to itself")
	}
	b := make([]byte, n)
	f.read(b, pos)
	return b
}

func (f *File) read(b []byte, pos int64) {
	if err := format.ReadAt("keras", f.r, b, pos); err != nil {
		format.Throw(err)
	}
}

// at is the absolute position of an address, of which n bytes must be in the file.
func (f *File) at(addr uint64, n uint64) int64 {
	if addr == undefined {
		corrupt(-1, "an address is undefined where something should be")
	}
	end, over := bits.Add64(addr, n, 0)
	if over != 0 || end > uint64(f.size-f.base) {
		corrupt(f.base+int64(min(addr, uint64(f.size))), "%d bytes at address %d do not lie in a file of %d; was it cut short?", n, addr, f.size)
	}
	return f.base + int64(addr)
}

// block reads n bytes at an address as a cursor.
func (f *File) block(addr uint64, n uint64) *cursor {
	return f.cursor(f.at(addr, n), int(n))
}

func (f *File) cursor(pos int64, n int) *cursor {
	return &cursor{f: f, b: f.raw(pos, n), pos: pos}
}

// A cursor reads numbers from a piece of the file.
type cursor struct {
	f   *File
	b   []byte // what is left
	pos int64  // of b in the file
}

func (c *cursor) bytes(n int) []byte {
	if n < 0 || n > len(c.b) {
		corrupt(c.pos, "%d bytes are wanted of %d that are left in this part", n, len(c.b))
	}
	b := c.b[:n:n]
	c.b, c.pos = c.b[n:], c.pos+int64(n)
	return b
}

func (c *cursor) skip(n int) { c.bytes(n) }

// uint reads a little-endian number of n bytes, at most eight.
func (c *cursor) uint(n int) uint64 {
	var v uint64
	for i, b := range c.bytes(n) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

func (c *cursor) u8() int  { return int(c.uint(1)) }
func (c *cursor) u16() int { return int(c.uint(2)) }
func (c *cursor) u32() int { return int(c.uint(4)) }

// offset reads an address; all ones is undefined.
func (c *cursor) offset() uint64 {
	v := c.uint(c.f.sizeO)
	if v == undefined>>(64-8*c.f.sizeO) {
		return undefined
	}
	return v
}

func (c *cursor) length() uint64 { return c.uint(c.f.sizeL) }

// magic reads a signature of four bytes and a version.
func (c *cursor) magic(want string, version int) {
	pos := c.pos
	if got := string(c.bytes(4)); got != want {
		corrupt(pos, "%q where %s should be", got, want)
	}
	if v := c.u8(); v != version {
		corrupt(pos, "%s has version %d, want %d", want, v, version)
	}
}

// sub cuts n bytes off as a cursor of their own.
func (c *cursor) sub(n int) *cursor {
	pos := c.pos
	return &cursor{f: c.f, b: c.bytes(n), pos: pos}
}

// verify compares the checksum that ends c, which it cuts off.
func (f *File) verify(c *cursor) {
	if len(c.b) < 4 {
		corrupt(c.pos, "there is no room for a checksum")
	}
	body := c.b[:len(c.b)-4]
	tail := &cursor{f: f, b: c.b[len(body):], pos: c.pos}
	if want, got := uint32(tail.uint(4)), lookup3(body); want != got && !f.unchecked {
		corrupt(c.pos, "its checksum is %#x, not %#x as written; the file is damaged", got, want)
	}
	c.b = body
}

func corrupt(at int64, reason string, args ...any) { format.Throw(badAt(at, reason, args...)) }
