package hdf5

import "github.com/recur-go/recur/internal/format"

// An object is what an object header describes: its messages.
type object struct {
	f        *File
	path     string
	messages []message
}

// A message is one part of an object header.
type message struct {
	kind int
	*cursor
}

// Kinds of messages.
const (
	msgDataspace     = 0x01
	msgLinkInfo      = 0x02
	msgDatatype      = 0x03
	msgLink          = 0x06
	msgExternal      = 0x07
	msgLayout        = 0x08
	msgFilters       = 0x0b
	msgAttribute     = 0x0c
	msgContinuation  = 0x10
	msgSymbolTable   = 0x11
	msgAttributeInfo = 0x15
)

// find returns the first message of a kind; ok is false if there is none.
func (o *object) find(kind int) (c cursor, ok bool) {
	for _, m := range o.messages {
		if m.kind == kind {
			return *m.cursor, true
		}
	}
	return c, false
}

// maxParts bounds the continuations of an object header, and so their loops.
const maxParts = 4096

func (f *File) object(addr uint64, path string) *object {
	o := &object{f: f, path: path}
	if first := f.block(addr, 4); string(first.b) == "OHDR" {
		o.version2(addr)
	} else {
		o.version1(addr)
	}
	return o
}

func (o *object) version1(addr uint64) {
	head := o.f.block(addr, 16)
	pos := head.pos
	if v := head.u8(); v != 1 {
		corrupt(pos, "no object header begins here: version %d is neither 1 nor OHDR", v)
	}
	head.skip(1)
	count := head.u16()
	head.skip(4) // reference count
	parts := []*cursor{o.f.block(addr+16, uint64(head.u32()))}
	for i := 0; i < len(parts) && count > 0; i++ {
		for c := parts[i]; len(c.b) >= 8 && count > 0; count-- {
			kind, size, flags := c.u16(), c.u16(), c.u8()
			c.skip(3)
			o.add(kind, flags, c.sub(size), &parts)
		}
	}
}

func (o *object) version2(addr uint64) {
	f := o.f
	head := f.block(addr, 6)
	head.magic("OHDR", 2)
	flags := head.u8()
	n := uint64(6)
	if flags&0x20 != 0 {
		n += 16 // times
	}
	if flags&0x10 != 0 {
		n += 4 // limits of compact attributes
	}
	width := 1 << (flags & 3)
	size := f.block(addr+n, uint64(width)).uint(width)
	n += uint64(width)
	if size > uint64(f.size) {
		corrupt(head.pos, "an object header of %d bytes in a file of %d", size, f.size)
	}
	first := f.block(addr, n+size+4)
	f.verify(first)
	first.skip(int(n))
	parts := []*cursor{first}
	for i := 0; i < len(parts); i++ {
		c := parts[i]
		if i > 0 {
			f.verify(c)
			pos := c.pos
			if got := string(c.bytes(4)); got != "OCHK" {
				corrupt(pos, "%q where OCHK should be", got)
			}
		}
		prefix := 4
		if flags&0x04 != 0 {
			prefix += 2 // order of creation
		}
		for len(c.b) >= prefix {
			kind, size, flags := c.u8(), c.u16(), c.u8()
			c.skip(prefix - 4)
			o.add(kind, flags, c.sub(size), &parts)
		}
	}
}

// add enters a message, or the part of the header where a continuation leads.
func (o *object) add(kind, flags int, c *cursor, parts *[]*cursor) {
	const shared = 0x02
	switch {
	case kind == msgContinuation:
		if len(*parts) >= maxParts {
			corrupt(c.pos, "its header has more than %d parts; they form a loop", maxParts)
		}
		addr, n := c.offset(), c.length()
		*parts = append(*parts, o.f.block(addr, n))
	case flags&shared != 0 && (kind == msgDatatype || kind == msgDataspace || kind == msgFilters || kind == msgAttribute):
		format.Throw(badAt(c.pos, "it shares a description with other objects, which is not supported").WithHint("write the file again without committed types"))
	default:
		o.messages = append(o.messages, message{kind, c})
	}
}
