package hdf5

import (
	"bytes"
	"strings"

	"github.com/recur-go/recur/internal/format"
)

// attribute is an attribute of a group or an array.
type attribute struct {
	name  string
	dtype DType
	shape []int
	data  *cursor
}

// attributes visits all attributes of an object.
func (o *object) attributes(visit func(a attribute)) {
	for _, m := range o.messages {
		switch c := *m.cursor; m.kind {
		case msgAttribute:
			visit(c.attribute())
		case msgAttributeInfo:
			heap, index := o.f.heapInfo(&c, 2)
			if heap == undefined {
				continue
			}
			h := o.f.fractalHeap(heap)
			o.f.tree2(index, treeOfAttributes, func(r *cursor) {
				visit(h.get(r.bytes(h.idSize)).attribute())
			})
		}
	}
}

// attribute reads an attribute message.
func (c *cursor) attribute() (a attribute) {
	pos := c.pos
	version, flags := c.u8(), c.u8()
	nameSize, typeSize, spaceSize := c.u16(), c.u16(), c.u16()
	pad := func(n int) int { return n }
	switch version {
	case 1:
		flags = 0
		pad = func(n int) int { return (n + 7) &^ 7 }
	case 2:
	case 3:
		c.skip(1) // character set of the name
	default:
		corrupt(pos, "attribute version %d is unknown", version)
	}
	name, _, _ := bytes.Cut(c.bytes(pad(nameSize)), []byte{0})
	a.name = string(name)
	if flags&3 != 0 {
		corrupt(pos, "attribute %q shares its type with other objects, which is not supported", a.name)
	}
	a.dtype = c.sub(pad(typeSize)).datatype()
	a.shape = c.sub(pad(spaceSize)).dataspace()
	a.data = c
	return a
}

// Strings reads an attribute that is a string or a list of strings; ok is false if
// the group has none of that name.
func (g *Group) Strings(name string) (list []string, ok bool, err error) {
	defer format.Catch(&err, g.Path)
	g.obj.attributes(func(a attribute) {
		if a.name == name && !ok {
			list, ok = a.strings(), true
		}
	})
	return list, ok, nil
}

// Text reads an attribute that is one string.
func (g *Group) Text(name string) (s string, ok bool, err error) {
	list, ok, err := g.Strings(name)
	if err != nil || !ok {
		return "", false, err
	}
	if len(list) != 1 {
		return "", false, bad("attribute %q has %d strings, not one", name, len(list)).In(g.Path)
	}
	return list[0], true, nil
}

func (a attribute) strings() []string {
	c := *a.data
	size, ok := product(a.shape, a.dtype.size)
	if !ok || size > uint64(len(c.b)) {
		corrupt(c.pos, "attribute %q of shape %v has %d bytes", a.name, a.shape, len(c.b))
	}
	n, _ := product(a.shape, 1)
	if n == 0 { // NumPy's empty list is one of numbers
		return []string{}
	}
	if a.dtype.class != classString && !a.dtype.text || a.dtype.text && a.dtype.size != 8+c.f.sizeO || n > uint64(len(c.b)) {
		corrupt(c.pos, "attribute %q holds %v, not strings", a.name, a.dtype)
	}
	list := make([]string, n)
	for i := range list {
		if a.dtype.class == classString {
			s, _, _ := strings.Cut(string(c.bytes(a.dtype.size)), "\x00")
			list[i] = strings.TrimRight(s, " ")
			continue
		}
		n, heap, index := c.u32(), c.offset(), c.u32()
		if n > 0 {
			list[i] = string(c.f.global(heap, index, n))
		}
	}
	return list
}

// global reads n bytes of object index of the global heap at an address.
func (f *File) global(heap uint64, index, n int) []byte {
	c := f.block(heap, uint64(8+f.sizeL))
	c.magic("GCOL", 1)
	c.skip(3)
	size := c.length()
	if size < uint64(8+f.sizeL) {
		corrupt(c.pos, "a heap of %d bytes", size)
	}
	at, end := heap+uint64(8+f.sizeL), heap+size
	f.at(heap, size)
	for head := uint64(8 + f.sizeL); at+head <= end; {
		c := f.block(at, head)
		i := c.u16()
		c.skip(6)
		size := c.length()
		if i == index && i > 0 {
			if uint64(n) > size || size > end-at-head {
				corrupt(c.pos, "%d bytes are wanted of an object of %d in the heap", n, size)
			}
			return f.block(at+head, uint64(n)).b
		}
		if i == 0 || size > end-at-head { // the space that is left
			break
		}
		at += head + (size+7)&^7
	}
	corrupt(c.pos, "object %d is not in the heap", index)
	return nil
}
