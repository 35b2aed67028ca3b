package hdf5

import (
	"math"
	"unsafe"

	"github.com/recur-go/recur/internal/format"
	"github.com/recur-go/recur/internal/ieee"
)

// A Dataset is an array of a file.
type Dataset struct {
	Path  string
	Shape []int // empty for a scalar
	DType DType

	f       *File
	obj     *object
	layout  layout
	filters []filter
	size    uint64 // bytes of all values
}

// layout reads where the values are.
type layout struct {
	class   int
	compact *cursor
	addr    uint64
	n       uint64 // bytes, if contiguous
	chunk   []int  // shape of a chunk
	index   index
}

// Classes of layouts.
const (
	compactLayout    = 0
	contiguousLayout = 1
	chunkedLayout    = 2
)

// Dataset opens the array called name. Its values are read by Read.
func (g *Group) Dataset(name string) (d *Dataset, err error) {
	o, err := g.child(name)
	if err != nil {
		return nil, err
	}
	defer format.Catch(&err, o.path)
	return o.dataset(), nil
}

func (o *object) dataset() *Dataset {
	f := o.f
	d := &Dataset{Path: o.path, f: f, obj: o}
	space, ok1 := o.find(msgDataspace)
	dtype, ok2 := o.find(msgDatatype)
	place, ok3 := o.find(msgLayout)
	if !ok1 || !ok2 || !ok3 {
		corrupt(-1, "it is no array")
	}
	if c, ok := o.find(msgExternal); ok {
		corrupt(c.pos, "its values are in another file, which is not read")
	}
	d.Shape, d.DType = space.dataspace(), dtype.datatype()
	var fits bool
	if d.size, fits = product(d.Shape, d.DType.size); !fits {
		corrupt(space.pos, "shape %v holds more values than can be counted", d.Shape)
	}
	if c, ok := o.find(msgFilters); ok {
		d.filters = c.filters()
	}
	d.layout = place.layout(len(d.Shape), d.DType.size, len(d.filters) > 0)
	return d
}

func (c *cursor) layout(rank, element int, filtered bool) (l layout) {
	pos := c.pos
	version := c.u8()
	switch version {
	case 1, 2:
		n := c.u8()
		l.class = c.u8()
		c.skip(5)
		if l.class != compactLayout {
			l.addr = c.offset()
		}
		if l.class == chunkedLayout {
			l.dims(c, n, 4, rank, element)
			break
		}
		c.skip(4 * n)
		l.n = math.MaxUint64 // as many bytes as the shape says
		if l.class == compactLayout {
			l.compact = c.sub(c.u32())
		}
	case 3, 4, 5:
		switch l.class = c.u8(); l.class {
		case compactLayout:
			l.compact = c.sub(c.u16())
		case contiguousLayout:
			l.addr, l.n = c.offset(), c.length()
		case chunkedLayout:
			if version == 3 {
				n := c.u8()
				l.addr = c.offset()
				l.dims(c, n, 4, rank, element)
				break
			}
			flags, n := c.u8(), c.u8()
			l.dims(c, n, c.u8(), rank, element)
			l.index = c.index(flags, filtered)
			l.addr = c.offset()
		}
	default:
		corrupt(pos, "layout version %d is unknown", version)
	}
	if l.class > chunkedLayout {
		corrupt(pos, "layout class %d, such as that of a virtual array, is not supported", l.class)
	}
	return l
}

// dims reads the shape of a chunk: n numbers of so many bytes, the last of which is
// the size of an element.
func (l *layout) dims(c *cursor, n, bytes, rank, element int) {
	pos := c.pos
	if n != rank+1 || bytes < 1 || bytes > 8 {
		corrupt(pos, "chunks of %d dimensions in an array of %d", n-1, rank)
	}
	for range rank {
		d := c.uint(bytes)
		if d == 0 || d > math.MaxInt32 {
			corrupt(pos, "a chunk that is %d long", d)
		}
		l.chunk = append(l.chunk, int(d))
	}
	if got := c.uint(bytes); got != uint64(element) {
		corrupt(pos, "chunks of elements of %d bytes, want %d", got, element)
	}
}

// Len is the number of values.
func (d *Dataset) Len() int { return int(d.size) / d.DType.size }

// Read fills dst, of length d.Len(), with the values of d, which must be numbers;
// float64 rounds to float32. Values of dst's own type are read straight into it.
func Read[F float32 | float64](d *Dataset, dst []F) (err error) {
	defer format.Catch(&err, d.Path)
	switch {
	case d.DType.class != classFloat && d.DType.class != classInt && d.DType.class != classEnum:
		corrupt(-1, "its values are of type %v, not numbers", d.DType)
	case len(dst) != d.Len():
		corrupt(-1, "its %d values do not fill %d", d.Len(), len(dst))
	case d.size == 0:
		return nil
	}
	var zero F
	if ieee.LittleEndian && d.DType.isFloat() && !d.DType.big && d.DType.size == int(unsafe.Sizeof(zero)) {
		d.bytes(ieee.Memory(dst))
		return nil
	}
	if d.layout.class != contiguousLayout || d.layout.addr == undefined {
		b := d.whole()
		decode(d.DType, dst, b)
		return nil
	}
	pos := d.contiguous() // piece by piece
	buf := make([]byte, min(d.size, 64<<10))
	for len(dst) > 0 {
		n := min(len(buf)/d.DType.size, len(dst))
		part := buf[:n*d.DType.size]
		d.f.read(part, pos)
		decode(d.DType, dst[:n], part)
		dst, pos = dst[n:], pos+int64(n*d.DType.size)
	}
	return nil
}

// Check reports whether the file has the bytes that the values need.
func (d *Dataset) Check() (err error) {
	defer format.Catch(&err, d.Path)
	d.check()
	return nil
}

// whole returns all bytes of d.
func (d *Dataset) whole() []byte {
	d.check()
	b := make([]byte, d.size)
	d.bytes(b)
	return b
}

// contiguous is the position of contiguous values.
func (d *Dataset) contiguous() int64 {
	if d.layout.n < d.size {
		corrupt(-1, "its shape %v of %v needs %d bytes, it has %d", d.Shape, d.DType, d.size, d.layout.n)
	}
	return d.f.at(d.layout.addr, d.size)
}

// check compares the size with the bytes that are in the file.
func (d *Dataset) check() {
	switch l := &d.layout; {
	case d.size == 0:
	case l.class == compactLayout:
		if uint64(len(l.compact.b)) < d.size {
			corrupt(l.compact.pos, "its shape %v of %v needs %d bytes, it has %d", d.Shape, d.DType, d.size, len(l.compact.b))
		}
	case l.addr == undefined: // never written: all zero
		d.limit(0)
	case l.class == contiguousLayout:
		d.contiguous()
	default:
		d.chunks()
	}
}

// limit refuses values that are far more than the stored bytes, which are a trap
// rather than weights.
func (d *Dataset) limit(stored uint64) {
	const most, free = 200, 1 << 20
	if d.size > free && d.size/most > stored {
		corrupt(-1, "shape %v of %v needs %d bytes, the file has %d for it", d.Shape, d.DType, d.size, stored)
	}
}

// bytes fills b with all values as they are in the file.
func (d *Dataset) bytes(b []byte) {
	switch l := &d.layout; {
	case l.class == compactLayout:
		d.check()
		copy(b, l.compact.b)
	case l.addr == undefined:
		clear(b)
	case l.class == contiguousLayout:
		d.f.read(b, d.contiguous())
	default:
		clear(b)
		for _, c := range d.chunks() {
			d.place(b, c.at, d.unfilter(c))
		}
	}
}

// place copies a chunk, whose first element is at the given place, into b.
func (d *Dataset) place(b []byte, at []int, chunk []byte) {
	rank, size := len(d.Shape), d.DType.size
	if rank == 0 {
		copy(b, chunk)
		return
	}
	last := rank - 1
	row := d.layout.chunk[last] * size
	n := min(d.layout.chunk[last], d.Shape[last]-at[last]) * size
	in := make([]int, rank) // place in the chunk
	for ; len(chunk) >= row; chunk = chunk[row:] {
		to, inside := 0, true
		for i := range rank {
			p := at[i] + in[i]
			inside = inside && p < d.Shape[i]
			to = to*d.Shape[i] + p
		}
		if inside {
			copy(b[to*size:to*size+n], chunk)
		}
		for i := last - 1; i >= 0; i-- { // the next row
			if in[i]++; in[i] < d.layout.chunk[i] {
				break
			}
			in[i] = 0
		}
	}
}

// fault is an error about d.
func (d *Dataset) fault(reason string, args ...any) {
	format.Throw(bad(reason, args...).In(d.Path))
}
