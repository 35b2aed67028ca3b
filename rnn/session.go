package rnn

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"unsafe"

	"github.com/recur-go/recur/internal/ieee"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// A saved session is, in little-endian order,
//
//	magic "rcrs" | version 2 | bytes of a float, 4 or 8 | digest of the cell [8]
//	| steps uint64 | count of floats uint32 | floats | CRC-32C of all before
//
// so it holds the state and not the cell. The digest is of the widths of the cell's input,
// output and state and of the names and shapes of its parameters, not of their values nor
// of Go's types: a model trained further takes up the sessions of its former self, and a
// cell those of the same cell in a wrapper that adds no parameters.
const (
	sessionMagic   = "rcrs"
	sessionVersion = 2
	sessionHeader  = 4 + 1 + 1 + 8 + 8 + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Errors of UnmarshalBinary.
var (
	ErrSessionCorrupt = errors.New("rnn: saved session is damaged")
	ErrSessionVersion = errors.New("rnn: saved session has an unknown version")
	ErrSessionModel   = errors.New("rnn: saved session is from another model")
)

// MarshalBinary saves the state of the session.
func (st *Stream) MarshalBinary() ([]byte, error) {
	n := st.floats()
	b := make([]byte, 0, sessionHeader+n*floatBytes+4)
	b = append(b, sessionMagic...)
	b = append(b, sessionVersion, byte(floatBytes))
	digest := sessionDigest(st.cell)
	b = append(b, digest[:]...)
	b = binary.LittleEndian.AppendUint64(b, st.steps)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	for _, v := range st.s {
		b = appendFloats(b, v.Value.Data)
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)), nil
}

// UnmarshalBinary takes up a session saved from a stream of the same cell. On an
// error, which wraps ErrSessionCorrupt, ErrSessionVersion or ErrSessionModel, the
// stream keeps the state that it had.
func (st *Stream) UnmarshalBinary(b []byte) error {
	if len(b) < sessionHeader+4 || string(b[:4]) != sessionMagic {
		return fmt.Errorf("%w: %d bytes do not begin a session", ErrSessionCorrupt, len(b))
	}
	body, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if got := crc32.Checksum(body, castagnoli); got != sum {
		return fmt.Errorf("%w: its checksum is %08x, its contents give %08x", ErrSessionCorrupt, sum, got)
	}
	if b[4] != sessionVersion {
		return fmt.Errorf("%w: %d", ErrSessionVersion, b[4])
	}
	size, digest := int(b[5]), sessionDigest(st.cell)
	if string(b[6:14]) != string(digest[:]) {
		return fmt.Errorf("%w: its digest is %x, this cell's is %x", ErrSessionModel, b[6:14], digest[:])
	}
	steps, n := binary.LittleEndian.Uint64(b[14:]), binary.LittleEndian.Uint32(b[22:])
	floats := body[sessionHeader:]
	if size != 4 && size != 8 || uint64(n)*uint64(size) != uint64(len(floats)) || int(n) != st.floats() {
		return fmt.Errorf("%w: %d floats of %d bytes, the cell has %d", ErrSessionModel, n, size, st.floats())
	}
	for _, v := range st.s {
		floats = readFloats(v.Value.Data, floats, size)
	}
	st.steps = steps
	return nil
}

func (st *Stream) floats() (n int) {
	for _, v := range st.s {
		n += len(v.Value.Data)
	}
	return n
}

const floatBytes = int(unsafe.Sizeof(tensor.Float(0)))

func appendFloats(b []byte, fs []tensor.Float) []byte {
	for _, f := range fs {
		if floatBytes == 8 {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(f)))
		} else {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(f)))
		}
	}
	return b
}

// readFloats fills fs with floats of the given bytes each, and returns the rest of b.
func readFloats(fs []tensor.Float, b []byte, size int) []byte {
	n, form := len(fs)*size, ieee.F32
	if size == 8 {
		form = ieee.F64
	}
	ieee.Decode(fs, b[:n], form)
	return b[n:]
}

func sessionDigest(c Cell) (d [8]byte) {
	h := sha256.New()
	in, out, _ := Widths(c)
	fmt.Fprintf(h, "%d %d %v\n", in, out, c.StateSize())
	for _, p := range nn.Params(c) {
		fmt.Fprintf(h, "%s %v\n", p.Name, p.Shape())
	}
	copy(d[:], h.Sum(nil))
	return d
}
