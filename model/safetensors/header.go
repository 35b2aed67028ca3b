package safetensors

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/recur-go/recur/internal/format"
)

const metadataKey = "__metadata__"

// The header has one fixed form: objects of known keys, strings, and lists of
// whole numbers. So its parser needs no recursion and no tree, and whatever is
// not of that form is refused at the byte where it departs.
type parser struct {
	b  []byte // the header
	at int    // next byte of b
}

func (p *parser) fail(tensor, reason string, args ...any) *FormatError {
	return badAt(prefixSize+int64(p.at), reason, args...).In(tensor)
}

// parseHeader reads the header b of a file with the given bytes of data.
func parseHeader(b []byte, data int64) (metadata map[string]string, tensors []*Tensor, err error) {
	p := &parser{b: b}
	if !utf8.Valid(b) {
		for r, size := utf8.DecodeRune(b); r != utf8.RuneError || size > 1; r, size = utf8.DecodeRune(b[p.at:]) {
			p.at += size
		}
		return nil, nil, p.fail("", "header is not valid UTF-8")
	}
	if b[0] != '{' {
		return nil, nil, p.fail("", "header begins with %q, not with {", b[0])
	}
	if tensors, metadata, err = p.header(data); err != nil {
		return nil, nil, err
	}
	if rest := bytes.TrimLeft(b[p.at:], " "); len(rest) > 0 {
		p.at = len(b) - len(rest)
		return nil, nil, p.fail("", "%q follows the header, which only spaces may", rest[0])
	}
	if err := cover(tensors, data, prefixSize+int64(len(b))); err != nil {
		return nil, nil, err
	}
	return metadata, tensors, nil
}

func (p *parser) header(data int64) (tensors []*Tensor, metadata map[string]string, err error) {
	err = p.object("", func(name string) (err error) {
		if name == metadataKey {
			metadata = map[string]string{}
			return p.object(name, func(key string) (err error) {
				metadata[key], err = p.str(name)
				return err
			})
		}
		if len(name) > maxName {
			return p.fail(name, "its name has %d bytes, more than %d", len(name), maxName)
		}
		t, err := p.tensor(name, data)
		tensors = append(tensors, t)
		return err
	})
	return tensors, metadata, err
}

func (p *parser) tensor(name string, data int64) (*Tensor, error) {
	t := &Tensor{Name: name, header: prefixSize + int64(p.at)}
	var offsets []int64
	keys := 0
	err := p.object(name, func(key string) (err error) {
		keys++
		switch key {
		case "dtype":
			var s string
			s, err = p.str(name)
			t.DType = DType(s)
		case "shape":
			var dims []int64
			dims, err = p.ints(name, key, maxRank)
			t.Shape = make([]int, len(dims))
			for i, d := range dims {
				t.Shape[i] = int(d)
				if int64(t.Shape[i]) != d {
					return p.fail(name, "dimension %d does not fit this machine", d)
				}
			}
		case "data_offsets":
			offsets, err = p.ints(name, key, 2)
		default:
			err = p.fail(name, "it has a key %s; only dtype, shape and data_offsets are known", format.Quote(key))
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case keys < 3:
		return nil, p.fail(name, "it lacks one of dtype, shape and data_offsets")
	case t.DType.Size() == 0:
		e := p.fail(name, "dtype %s is unknown", format.Quote(string(t.DType)))
		e.Hint = "convert it to F32 where the file was made"
		return nil, e
	case len(offsets) != 2:
		return nil, p.fail(name, "data_offsets has %d numbers, not 2", len(offsets))
	case offsets[0] > offsets[1]:
		return nil, p.fail(name, "its data ends at %d before it begins at %d", offsets[1], offsets[0])
	case offsets[1] > data:
		e := p.fail(name, "its data ends at %d, past the %d bytes of data in the file", offsets[1], data)
		e.Hint = "was the file cut short? copy it again"
		return nil, e
	}
	t.begin, t.end = offsets[0], offsets[1]
	size, ok := sizeOf(t.Shape, t.DType)
	if !ok || size > math.MaxInt {
		return nil, p.fail(name, "shape %v holds more values than can be counted", t.Shape)
	}
	if size != uint64(t.end-t.begin) {
		return nil, p.fail(name, "shape %v of %s needs %d bytes, its data has %d", t.Shape, t.DType, size, t.end-t.begin)
	}
	return t, nil
}

// sizeOf is the bytes of a tensor, or false where they overflow.
func sizeOf(shape []int, d DType) (uint64, bool) {
	n := uint64(d.Size())
	for _, dim := range shape {
		hi, lo := bits.Mul64(n, uint64(dim))
		if hi != 0 {
			return 0, false
		}
		n = lo
	}
	return n, true
}

// cover sorts tensors by their data and checks that they cover it exactly once.
// at is the byte of the file where the data begins.
func cover(tensors []*Tensor, data, at int64) error {
	slices.SortStableFunc(tensors, func(a, b *Tensor) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	pos := int64(0)
	for i, t := range tensors {
		t.begin, t.end = t.begin+at, t.end+at
		switch {
		case t.begin < at+pos:
			return badAt(t.begin, "its data overlaps that of %s", format.Quote(tensors[i-1].Name)).In(t.Name)
		case t.begin > at+pos:
			return badAt(at+pos, "a hole of %d bytes before its data", t.begin-at-pos).In(t.Name)
		}
		pos = t.end - at
	}
	if pos != data {
		return badAt(at+pos, "the last %d bytes belong to no tensor", data-pos)
	}
	return nil
}

func (p *parser) space() {
	for p.at < len(p.b) {
		switch p.b[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// next skips space and takes c if it comes next.
func (p *parser) next(c byte) bool {
	p.space()
	if p.at < len(p.b) && p.b[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(c byte, tensor string) error {
	if p.next(c) {
		return nil
	}
	if p.at == len(p.b) {
		return p.fail(tensor, "header ends where %q should come", c)
	}
	return p.fail(tensor, "%q in the header where %q should come", p.b[p.at], c)
}

// object parses an object, whose values field parses. A key may come once, and
// there are no more of them than a file may have tensors.
func (p *parser) object(tensor string, field func(key string) error) error {
	if err := p.expect('{', tensor); err != nil {
		return err
	}
	if p.next('}') {
		return nil
	}
	seen := map[string]bool{}
	for {
		key, err := p.str(tensor)
		if err != nil {
			return err
		}
		if seen[key] {
			return p.fail(tensor, "key %s comes twice", format.Quote(key))
		}
		if seen[key] = true; len(seen) > maxTensors {
			return p.fail(tensor, "more than %d keys", maxTensors)
		}
		if err := p.expect(':', tensor); err != nil {
			return err
		}
		if err := field(key); err != nil {
			return err
		}
		if !p.next(',') {
			return p.expect('}', tensor)
		}
	}
}

func (p *parser) str(tensor string) (string, error) {
	if err := p.expect('"', tensor); err != nil {
		return "", err
	}
	begin, plain := p.at, true
	for ; p.at < len(p.b); p.at++ {
		switch c := p.b[p.at]; {
		case c == '"':
			p.at++
			if plain {
				return string(p.b[begin : p.at-1]), nil
			}
			var s string
			if err := json.Unmarshal(p.b[begin-1:p.at], &s); err != nil {
				return "", p.fail(tensor, "a string in the header is not JSON")
			}
			return s, nil
		case c == '\\':
			plain = false
			p.at++
		case c < ' ':
			return "", p.fail(tensor, "control byte %#02x in a string of the header", c)
		}
	}
	p.at = len(p.b)
	return "", p.fail(tensor, "header ends inside a string")
}

// ints parses the list under key, of at most limit whole numbers.
func (p *parser) ints(tensor, key string, limit int) ([]int64, error) {
	if err := p.expect('[', tensor); err != nil {
		return nil, err
	}
	list := []int64{}
	if p.next(']') {
		return list, nil
	}
	for {
		if len(list) == limit {
			return nil, p.fail(tensor, "%s has more than %d numbers", key, limit)
		}
		p.space()
		begin := p.at
		for p.at < len(p.b) && bytes.IndexByte([]byte(" \t\n\r,]}"), p.b[p.at]) < 0 && p.at-begin < 32 {
			p.at++
		}
		text := string(p.b[begin:p.at])
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil || len(text) > 1 && text[0] == '0' {
			p.at = begin
			return nil, p.fail(tensor, "%s is not a whole number from 0 to 2⁶³-1", format.Quote(text))
		}
		list = append(list, int64(n))
		if !p.next(',') {
			return list, p.expect(']', tensor)
		}
	}
}
