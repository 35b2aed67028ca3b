// Package npy reads and writes arrays in NumPy's .npy format, versions 1 to 3:
//
//	magic "\x93NUMPY" | version | length of the header | header | values
//
// where the header is a Python dictionary of literals such as
//
//	{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
//
// Pickled objects, which can run code, are refused. Errors are of type *format.Error.
package npy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/recur-go/recur/internal/format"
	"github.com/recur-go/recur/internal/ieee"
)

const (
	magic     = "\x93NUMPY"
	maxHeader = 64 << 10
	maxRank   = 32
)

func bad(reason string, args ...any) error { return format.Errorf("npy", -1, reason, args...) }

// An Array is an array in row-major order. Data is a slice of float32, float64, int8
// to int64, uint8 to uint64 or bool; Half reports that float32s were float16.
type Array struct {
	Shape []int
	Data  any
	Half  bool
}

// kinds are the types by their name in a header, and their size.
var kinds = map[string]int{
	"f2": 2, "f4": 4, "f8": 8, "i1": 1, "i2": 2, "i4": 4, "i8": 8, "u1": 1, "u2": 2, "u4": 4, "u8": 8, "b1": 1,
}

// Read reads an array. It sets no memory aside before the values are there.
func Read(r io.Reader) (*Array, error) {
	var head [10]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, bad("the file is too short to be a .npy file")
	}
	if string(head[:6]) != magic {
		return nil, bad("the file does not begin as a .npy file does")
	}
	n := int(binary.LittleEndian.Uint16(head[8:]))
	switch head[6] {
	case 1:
	case 2, 3:
		var more [2]byte
		if _, err := io.ReadFull(r, more[:]); err != nil {
			return nil, bad("the header is cut short")
		}
		n |= int(more[0])<<16 | int(more[1])<<24
	default:
		return nil, bad("version %d is not known", head[6])
	}
	if n > maxHeader {
		return nil, bad("a header of %d bytes is longer than %d", n, maxHeader)
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, bad("the header is cut short")
	}
	h, err := parseHeader(string(header))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(r, int64(h.bytes)+1))
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	if len(raw) != h.bytes {
		return nil, bad("%d bytes of values or more where %v of %s wants %d", len(raw), h.shape, h.kind, h.bytes)
	}
	if h.big {
		for at := 0; at < len(raw); at += kinds[h.kind] {
			v := raw[at : at+kinds[h.kind]]
			for i, j := 0, len(v)-1; i < j; i, j = i+1, j-1 {
				v[i], v[j] = v[j], v[i]
			}
		}
	}
	if h.fortran {
		raw = rowMajor(raw, h.shape, kinds[h.kind])
	}
	return &Array{h.shape, decode(h.kind, raw), h.kind == "f2"}, nil
}

// rowMajor turns column-major values round.
func rowMajor(raw []byte, shape []int, size int) []byte {
	out := make([]byte, 0, len(raw))
	strides, n := make([]int, len(shape)), size
	for i, d := range shape {
		strides[i] = n
		n *= d
	}
	at := make([]int, len(shape))
	for len(out) < len(raw) {
		from := 0
		for i, k := range at {
			from += k * strides[i]
		}
		out = append(out, raw[from:from+size]...)
		for i := len(at) - 1; i >= 0; i-- {
			if at[i]++; at[i] < shape[i] {
				break
			}
			at[i] = 0
		}
	}
	return out
}

func decode(kind string, raw []byte) any {
	n := len(raw) / kinds[kind]
	read := func(data any) any {
		if _, err := binary.Decode(raw, binary.LittleEndian, data); err != nil {
			panic(err) // the sizes agree
		}
		return data
	}
	switch kind {
	case "f2":
		h, f := make([]uint16, n), make([]float32, n)
		read(h)
		for i, v := range h {
			f[i] = ieee.FromHalf(v)
		}
		return f
	case "f4":
		return read(make([]float32, n))
	case "f8":
		return read(make([]float64, n))
	case "i1":
		return read(make([]int8, n))
	case "i2":
		return read(make([]int16, n))
	case "i4":
		return read(make([]int32, n))
	case "i8":
		return read(make([]int64, n))
	case "u1":
		return read(make([]uint8, n))
	case "u2":
		return read(make([]uint16, n))
	case "u4":
		return read(make([]uint32, n))
	case "u8":
		return read(make([]uint64, n))
	}
	b := make([]bool, n)
	for i, v := range raw {
		b[i] = v != 0
	}
	return b
}

type header struct {
	kind         string
	big, fortran bool
	shape        []int
	bytes        int
}

// parseHeader reads the dictionary, which has three keys and no other.
func parseHeader(text string) (h header, err error) {
	s := strings.TrimSpace(text)
	s, ok1 := strings.CutPrefix(s, "{")
	s, ok2 := strings.CutSuffix(s, "}")
	if !ok1 || !ok2 {
		return h, bad("the header %.80q is not a dictionary", text)
	}
	seen := map[string]bool{}
	for s = strings.TrimSpace(s); s != ""; {
		key, rest, ok := strings.Cut(s, ":")
		if key = strings.Trim(strings.TrimSpace(key), `'"`); !ok || seen[key] {
			return h, bad("the header %.80q is not understood", text)
		}
		seen[key] = true
		rest = strings.TrimSpace(rest)
		value := ""
		if strings.HasPrefix(rest, "(") {
			value, s, ok = strings.Cut(rest, ")")
			s = strings.TrimPrefix(strings.TrimSpace(s), ",")
		} else {
			value, s, _ = strings.Cut(rest, ",")
		}
		if s, value = strings.TrimSpace(s), strings.TrimSpace(value); !ok {
			return h, bad("the header %.80q is not understood", text)
		}
		switch key {
		case "descr":
			err = h.describe(strings.Trim(value, `'"`))
		case "fortran_order":
			if h.fortran = value == "True"; value != "True" && value != "False" {
				err = bad("fortran_order is %.20q", value)
			}
		case "shape":
			err = h.dims(value)
		default:
			err = bad("the header has a key %.20q", key)
		}
		if err != nil {
			return h, err
		}
	}
	if len(seen) != 3 {
		return h, bad("the header %.80q lacks a key", text)
	}
	n := uint64(kinds[h.kind])
	for _, d := range h.shape {
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > math.MaxInt32 && lo > math.MaxInt/2 {
			return h, bad("shape %v is too large", h.shape)
		}
		n = lo
	}
	h.bytes = int(n)
	return h, nil
}

func (h *header) describe(descr string) error {
	if len(descr) != 3 || !strings.ContainsRune("<>|=", rune(descr[0])) || kinds[descr[1:]] == 0 {
		if strings.Contains(descr, "O") {
			return bad("the file holds pickled objects, which can run code and are never read")
		}
		return bad("type %.20q is not supported", descr)
	}
	h.big, h.kind = descr[0] == '>', descr[1:]
	return nil
}

func (h *header) dims(value string) error {
	list, ok := strings.CutPrefix(value, "(")
	if !ok {
		return bad("shape %.40q is not a tuple", value)
	}
	for _, f := range strings.Split(list, ",") {
		if f = strings.TrimSpace(f); f == "" {
			continue
		}
		d, err := strconv.Atoi(strings.TrimSuffix(f, "L"))
		if err != nil || d < 0 || len(h.shape) == maxRank {
			return bad("shape %.40q is not understood", value)
		}
		h.shape = append(h.shape, d)
	}
	return nil
}

// Write writes an array, whose Data is a slice as Read gives. float32s of a Half are
// written as float32.
func Write(w io.Writer, a *Array) error {
	kind := ""
	switch a.Data.(type) {
	case []float32:
		kind = "f4"
	case []float64:
		kind = "f8"
	case []int8:
		kind = "i1"
	case []int16:
		kind = "i2"
	case []int32:
		kind = "i4"
	case []int64:
		kind = "i8"
	case []uint8:
		kind = "u1"
	case []uint16:
		kind = "u2"
	case []uint32:
		kind = "u4"
	case []uint64:
		kind = "u8"
	case []bool:
		kind = "b1"
	default:
		return bad("%T cannot be written", a.Data)
	}
	order := "<"
	if kinds[kind] == 1 {
		order = "|"
	}
	shape := ""
	n := 1
	for _, d := range a.Shape {
		shape += strconv.Itoa(d) + ","
		n *= d
	}
	if binary.Size(a.Data) != n*kinds[kind] {
		return bad("%d bytes of %s do not fill %v", binary.Size(a.Data), kind, a.Shape)
	}
	if len(a.Shape) != 1 {
		shape = strings.TrimSuffix(shape, ",")
	}
	text := fmt.Sprintf("{'descr': '%s%s', 'fortran_order': False, 'shape': (%s), }", order, kind, shape)
	pad := 63 - (10+len(text))%64 // so that the values begin at a multiple of 64
	text += strings.Repeat(" ", pad) + "\n"
	var b bytes.Buffer
	b.WriteString(magic + "\x01\x00")
	binary.Write(&b, binary.LittleEndian, uint16(len(text))) // to memory, which does not fail
	b.WriteString(text)
	if _, err := w.Write(b.Bytes()); err != nil {
		return err
	}
	return binary.Write(w, binary.LittleEndian, a.Data)
}
