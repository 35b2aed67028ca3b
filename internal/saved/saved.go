// Package saved writes and reads the bytes that a session is saved as. They are, in
// little-endian order,
//
//	magic "rcrs" | version 3 | bytes of a float, 4 or 8 | ID of the model [32]
//	| steps uint64 | count uint32 | floats of the state
//	| count uint32 | floats of the last answer | CRC-32C of all before
//
// Version 2 had the first 8 bytes of the ID alone, and no last answer:
//
//	magic "rcrs" | version 2 | bytes of a float | ID [8] | steps uint64
//	| count uint32 | floats of the state | CRC-32C
//
// A program of either size of float reads both sizes.
package saved

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"unsafe"

	"github.com/recur-go/recur/internal/ieee"
)

const (
	magic   = "rcrs"
	version = 3
	fixed   = len(magic) + 2 // magic, version and bytes of a float
	sum     = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Errors of Parse.
var (
	ErrCorrupt = errors.New("saved session is damaged")
	ErrVersion = errors.New("saved session has an unknown version")
)

// Size is the length of what Append adds for so many floats, of size bytes each.
func Size(state, last, size int) int {
	return fixed + 32 + 8 + 4 + state*size + 4 + last*size + sum
}

// Append adds a session to dst: its state, and the answer to its last step, which may be
// empty.
func Append[F float32 | float64](dst []byte, id [32]byte, steps uint64, state, last []F) []byte {
	le := binary.LittleEndian
	start, size := len(dst), int(unsafe.Sizeof(F(0)))
	if n := Size(len(state), len(last), size); len(dst) == 0 && cap(dst) < n {
		dst = make([]byte, 0, n)
	} else {
		dst = slices.Grow(dst, n) // by more than that, for those which follow
	}
	dst = append(dst, magic...)
	dst = append(dst, version, byte(size))
	dst = append(dst, id[:]...)
	dst = le.AppendUint64(dst, steps)
	dst = ieee.Append(le.AppendUint32(dst, uint32(len(state))), state)
	dst = ieee.Append(le.AppendUint32(dst, uint32(len(last))), last)
	return le.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// A Session is what Parse found. It refers to the bytes that were parsed.
type Session struct {
	Steps uint64
	State Floats
	Last  Floats // answer to the last step, empty for none
	id    []byte // 32 bytes of the ID, or its first 8
}

// IsOf reports whether the session is of the model of this ID: in version 2, as far as its
// 8 bytes tell.
func (s *Session) IsOf(id [32]byte) bool { return string(s.id) == string(id[:len(s.id)]) }

// ID is what is known of the ID of the model, 32 bytes or 8.
func (s *Session) ID() []byte { return s.id }

// Floats are numbers that are still bytes.
type Floats struct {
	b    []byte
	size int
}

// Len is the count of the numbers.
func (f Floats) Len() int {
	if f.size == 0 {
		return 0
	}
	return len(f.b) / f.size
}

// Read fills dst with the first numbers of f and returns f without them. It panics if there
// are fewer.
func Read[F float32 | float64](dst []F, f Floats) Floats {
	n, form := len(dst)*f.size, ieee.F32
	if f.size == 8 {
		form = ieee.F64
	}
	head := f.b[:n:n]
	if ieee.LittleEndian && f.size == int(unsafe.Sizeof(F(0))) {
		copy(ieee.Memory(dst), head)
	} else {
		ieee.Decode(dst, head, form)
	}
	return Floats{f.b[n:], f.size}
}

// Parse reads what Append wrote, now or in version 2. The error wraps ErrCorrupt or
// ErrVersion. It allocates nothing in proportion to what b declares.
func Parse(b []byte) (Session, error) {
	if len(b) < fixed+sum || string(b[:len(magic)]) != magic {
		return Session{}, fmt.Errorf("%w: %d bytes do not begin a session", ErrCorrupt, len(b))
	}
	body, want := b[:len(b)-sum], binary.LittleEndian.Uint32(b[len(b)-sum:])
	if got := crc32.Checksum(body, castagnoli); got != want {
		return Session{}, fmt.Errorf("%w: its checksum is %08x, its contents give %08x", ErrCorrupt, want, got)
	}
	v, size := body[4], int(body[5])
	idBytes := 32
	switch v {
	case version:
	case 2:
		idBytes = 8
	default:
		return Session{}, fmt.Errorf("%w: %d; this program reads 2 and 3", ErrVersion, v)
	}
	if size != 4 && size != 8 {
		return Session{}, fmt.Errorf("%w: its floats have %d bytes, not 4 or 8", ErrCorrupt, size)
	}
	rest := body[fixed:]
	if len(rest) < idBytes+8 {
		return Session{}, fmt.Errorf("%w: it ends after %d bytes", ErrCorrupt, len(b))
	}
	s := Session{id: rest[:idBytes:idBytes], Steps: binary.LittleEndian.Uint64(rest[idBytes:])}
	rest = rest[idBytes+8:]
	var err error
	if s.State, rest, err = cut(rest, size); err != nil {
		return Session{}, err
	}
	if v >= 3 {
		if s.Last, rest, err = cut(rest, size); err != nil {
			return Session{}, err
		}
	}
	if len(rest) > 0 {
		return Session{}, fmt.Errorf("%w: %d bytes follow its floats", ErrCorrupt, len(rest))
	}
	return s, nil
}

// cut takes a count and so many floats off b.
func cut(b []byte, size int) (f Floats, rest []byte, err error) {
	if len(b) < 4 {
		return f, nil, fmt.Errorf("%w: it ends before a count of floats", ErrCorrupt)
	}
	n := uint64(binary.LittleEndian.Uint32(b)) * uint64(size)
	if b = b[4:]; n > uint64(len(b)) {
		return f, nil, fmt.Errorf("%w: %d bytes of floats are declared, %d are left", ErrCorrupt, n, len(b))
	}
	return Floats{b[:n:n], size}, b[n:], nil
}
