package onnx

import (
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/recur-go/recur/internal/format"
)

// ONNX files are protocol buffers. They are read here straight from the file, a
// window at a time, so that the values of tensors go from the file to their slices
// with no copy between. Nothing is allocated whose size has not been compared with
// the bytes that are there. A fault ends the reader by format.Throw.

const (
	window   = 64 << 10
	maxDepth = 64 // messages in messages; graphs in graphs take four each
)

// A wire reads a file of size bytes.
type wire struct {
	r    io.ReaderAt
	size int64
	buf  []byte // the bytes from at on
	at   int64
}

// A message is the bytes pos to end of the file.
type message struct {
	w        *wire
	pos, end int64
	depth    int
}

// A field is one entry of a message.
type field struct {
	w     *wire
	num   int
	typ   protowire.Type
	at    int64  // position of its tag
	v     uint64 // value of a number
	pos   int64  // position of its bytes
	end   int64
	depth int
}

func newWire(r io.ReaderAt, size int64) *wire { return &wire{r: r, size: size} }

func (w *wire) root() message { return message{w, 0, w.size, 0} }

func corrupt(at int64, reason string, args ...any) { format.Throw(badAt(at, reason, args...)) }

// peek returns at least n bytes from pos on, fewer only at the end of the file.
func (w *wire) peek(pos int64, n int) []byte {
	n = int(min(int64(n), w.size-pos))
	if pos >= w.at && pos+int64(n) <= w.at+int64(len(w.buf)) {
		return w.buf[pos-w.at:]
	}
	want := int(min(int64(max(n, window)), w.size-pos))
	if cap(w.buf) < want {
		w.buf = make([]byte, want)
	}
	w.buf, w.at = w.buf[:want], pos
	w.read(w.buf, pos)
	return w.buf
}

// read fills p with the bytes from pos on.
func (w *wire) read(p []byte, pos int64) {
	if err := format.ReadAt("onnx", w.r, p, pos); err != nil {
		format.Throw(err)
	}
}

func (w *wire) varint(pos, end int64) (v uint64, next int64) {
	b := w.peek(pos, binaryMax)
	b = b[:min(int64(len(b)), binaryMax, end-pos)]
	v, n := protowire.ConsumeVarint(b)
	if n < 0 {
		corrupt(pos, "a number is cut short or longer than ten bytes")
	}
	return v, pos + int64(n)
}

const binaryMax = 10 // bytes of a number

// next returns the next field; ok is false at the end of the message.
func (m *message) next() (f field, ok bool) {
	if m.pos >= m.end {
		return f, false
	}
	w, start := m.w, m.pos
	tag, pos := w.varint(m.pos, m.end)
	num, typ := protowire.DecodeTag(tag)
	if !num.IsValid() {
		corrupt(start, "field number %d is not valid; is it an ONNX file?", num)
	}
	f = field{w: w, num: int(num), typ: typ, at: start, depth: m.depth}
	switch typ {
	case protowire.VarintType:
		f.v, pos = w.varint(pos, m.end)
	case protowire.Fixed32Type, protowire.Fixed64Type:
		n := 4
		if typ == protowire.Fixed64Type {
			n = 8
		}
		if m.end-pos < int64(n) {
			corrupt(pos, "a number of %d bytes is cut short", n)
		}
		b := w.peek(pos, n)
		for i := n - 1; i >= 0; i-- {
			f.v = f.v<<8 | uint64(b[i])
		}
		pos += int64(n)
	case protowire.BytesType:
		var n uint64
		n, pos = w.varint(pos, m.end)
		if n > uint64(m.end-pos) {
			corrupt(start, "field %d of %d bytes in a message with %d left", num, n, m.end-pos)
		}
		f.pos, f.end = pos, pos+int64(n)
		pos = f.end
	default:
		corrupt(start, "field %d has wire type %d, which ONNX does not use; is it an ONNX file?", num, typ)
	}
	m.pos = pos
	return f, true
}

func (f *field) want(typ protowire.Type) {
	if f.typ != typ {
		corrupt(f.at, "field %d has wire type %d, want %d", f.num, f.typ, typ)
	}
}

// message is the field as a message.
func (f *field) message() message {
	f.want(protowire.BytesType)
	if f.depth >= maxDepth {
		corrupt(f.at, "messages are nested %d deep", maxDepth)
	}
	return message{f.w, f.pos, f.end, f.depth + 1}
}

// len is the bytes of the field.
func (f *field) len() int64 { f.want(protowire.BytesType); return f.end - f.pos }

// text is the field as a string.
func (f *field) text() string {
	n := int(f.len())
	if n <= window {
		return string(f.w.peek(f.pos, n)[:n])
	}
	b := make([]byte, n)
	f.w.read(b, f.pos)
	return string(b)
}

// int is the field as a whole number.
func (f *field) int() int64 { f.want(protowire.VarintType); return int64(f.v) }

// float is the field as a float.
func (f *field) float() float32 {
	f.want(protowire.Fixed32Type)
	return math.Float32frombits(uint32(f.v))
}

// varints calls visit for the numbers of a repeated field, packed or not.
func (f *field) varints(visit func(v uint64)) {
	if f.typ == protowire.VarintType {
		visit(f.v)
		return
	}
	f.want(protowire.BytesType)
	for pos := f.pos; pos < f.end; {
		var v uint64
		v, pos = f.w.varint(pos, f.end)
		visit(v)
	}
}

// fixed calls visit for the numbers of n bytes of a repeated field, packed or not.
func (f *field) fixed(n int, visit func(v uint64)) {
	single := protowire.Fixed32Type
	if n == 8 {
		single = protowire.Fixed64Type
	}
	if f.typ == single {
		visit(f.v)
		return
	}
	if f.len()%int64(n) != 0 {
		corrupt(f.at, "field %d of %d bytes holds no whole count of %d-byte numbers", f.num, f.len(), n)
	}
	for pos := f.pos; pos < f.end; pos += int64(n) {
		b := f.w.peek(pos, n)
		v := uint64(0)
		for i := n - 1; i >= 0; i-- {
			v = v<<8 | uint64(b[i])
		}
		visit(v)
	}
}
