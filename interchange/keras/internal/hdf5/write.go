package hdf5

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/recur-go/recur/internal/ieee"
)

// An Array is a float32 array to be written.
type Array struct {
	Path  string // such as layers/dense/vars/0
	Shape []int  // nil for a scalar
	Data  []float32
}

// Write writes a file that holds the arrays, in groups by their paths. It has
// the form of HDF5 1.8: superblock 2, object headers 2, links in the headers, values
// contiguous, so that the library from 2008 on reads it. Nothing but the headers is
// held in memory.
func Write(w io.Writer, arrays []Array) error {
	root := &node{}
	for i, a := range arrays {
		if n, ok := product(a.Shape, 1); !ok || n != uint64(len(a.Data)) {
			return fmt.Errorf("hdf5: %q has %d values, shape %v needs %d", a.Path, len(a.Data), a.Shape, n)
		}
		if err := root.insert(strings.Split(a.Path, "/"), &arrays[i]); err != nil {
			return fmt.Errorf("hdf5: %q: %w", a.Path, err)
		}
	}
	// Places first: all headers, then all values.
	at := uint64(superblockSize)
	root.walk(func(n *node) { n.addr = at; at += uint64(len(n.header())) })
	at = align(at)
	values := at
	root.walk(func(n *node) {
		if n.array != nil && len(n.array.Data) > 0 {
			n.data = at
			at = align(at + 4*uint64(len(n.array.Data)))
		}
	})
	out := &writer{w: w}
	out.write(superblock(at, root.addr))
	root.walk(func(n *node) { out.write(n.header()) })
	out.pad(values)
	root.walk(func(n *node) {
		if n.data != 0 {
			out.floats(n.array.Data)
			out.pad(align(out.n))
		}
	})
	return out.err
}

const superblockSize = 48

func align(n uint64) uint64 { return (n + 7) &^ 7 }

// A node is a group, or an array if it has one.
type node struct {
	name  string
	below []*node // sorted by name
	array *Array
	addr  uint64 // address of the header
	data  uint64 // address of the values
}

func (n *node) insert(path []string, a *Array) error {
	if n.array != nil {
		return fmt.Errorf("%q is an array, not a group", n.name)
	}
	name := path[0]
	if name == "" || len(name) > 1<<10 {
		return fmt.Errorf("%q cannot be a name", name)
	}
	i, found := slices.BinarySearchFunc(n.below, name, func(n *node, s string) int { return strings.Compare(n.name, s) })
	if !found {
		n.below = slices.Insert(n.below, i, &node{name: name})
	}
	child := n.below[i]
	if len(path) > 1 {
		return child.insert(path[1:], a)
	}
	if found {
		return fmt.Errorf("it appears twice")
	}
	child.array = a
	return nil
}

func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, c := range n.below {
		c.walk(visit)
	}
}

var le = binary.LittleEndian

// header is the object header, whose length does not depend on addresses.
func (n *node) header() []byte {
	var body []byte
	message := func(kind byte, data ...byte) {
		body = append(body, kind, byte(len(data)), byte(len(data)>>8), 0)
		body = append(body, data...)
	}
	if n.array == nil {
		message(msgLinkInfo, append([]byte{0, 0}, slices.Repeat([]byte{0xff}, 16)...)...)
		message(0x0a, 0, 0) // group info
		for _, c := range n.below {
			link := []byte{1, 0x10 | 1, 1} // two bytes of length; UTF-8
			link = le.AppendUint16(link, uint16(len(c.name)))
			link = append(link, c.name...)
			message(msgLink, le.AppendUint64(link, c.addr)...)
		}
	} else {
		simple := byte(1)
		if len(n.array.Shape) == 0 {
			simple = 0
		}
		space := []byte{2, byte(len(n.array.Shape)), 0, simple}
		for _, d := range n.array.Shape {
			space = le.AppendUint64(space, uint64(d))
		}
		message(msgDataspace, space...)
		// float32: version 1, class 1, little-endian with an implied leading 1, sign in
		// bit 31, 4 bytes; 32 bits, exponent of 8 at 23, fraction of 23 at 0, bias 127.
		message(msgDatatype, 0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0)
		message(0x05, 3, 0x09) // fill value: none set, space set aside late, written if set
		addr := n.data
		if len(n.array.Data) == 0 {
			addr = undefined
		}
		layout := le.AppendUint64([]byte{3, contiguousLayout}, addr)
		message(msgLayout, le.AppendUint64(layout, 4*uint64(len(n.array.Data)))...)
	}
	h := append([]byte("OHDR"), 2, 0x02)
	h = le.AppendUint32(h, uint32(len(body)))
	h = append(h, body...)
	return le.AppendUint32(h, lookup3(h))
}

func superblock(end, root uint64) []byte {
	b := append([]byte(Magic), 2, 8, 8, 0)
	for _, v := range []uint64{0, undefined, end, root} {
		b = le.AppendUint64(b, v)
	}
	return le.AppendUint32(b, lookup3(b))
}

// A writer counts what it writes and keeps the first error.
type writer struct {
	w   io.Writer
	n   uint64
	err error
}

func (w *writer) write(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
	w.n += uint64(len(b))
}

func (w *writer) pad(to uint64) { w.write(make([]byte, to-w.n)) }

func (w *writer) floats(v []float32) {
	b := ieee.Memory(v)
	if !ieee.LittleEndian {
		b = slices.Clone(b)
		ieee.Flip(b, 4)
	}
	w.write(b)
}
