package torch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/recur-go/recur/internal/format"
)

// A pickle is a program for a small machine with a stack. Python's lets it call any
// function; this one knows only the instructions that build plain values, and the few
// names in globals.go. It stops at the first instruction or name that it does not know.

// Plain values are nil, bool, int64, float64, string, []byte and these.
type (
	list  struct{ items []any }
	tuple []any
	dict  struct{ keys, values []any } // OrderedDict too, in the order of insertion
	set   struct{ items []any }
)

func (d *dict) set(k, v any) { d.keys, d.values = append(d.keys, k), append(d.values, v) }

// get looks up a text.
func (d *dict) get(key string) (any, bool) {
	for i, k := range d.keys {
		if k == key {
			return d.values[i], true
		}
	}
	return nil, false
}

// mark is what MARK puts on the stack.
type mark struct{}

type unpickler struct {
	b       []byte
	at      int // next byte of b
	op      int // where the present instruction is
	stack   []any
	memo    map[uint64]any
	persist func(id any) (any, error) // for BINPERSID
	base    int64                     // of b in the file
}

func (u *unpickler) fail(reason string, args ...any) {
	format.Throw(badAt(u.base+int64(u.op), reason, args...))
}

// unpickle runs the pickle at the head of b and returns what it builds and what is
// left of b.
func unpickle(b []byte, base int64, persist func(id any) (any, error)) (v any, rest []byte, err error) {
	u := &unpickler{b: b, memo: map[uint64]any{}, persist: persist, base: base}
	defer format.Catch(&err, "")
	return u.run(), u.b[u.at:], nil
}

func (u *unpickler) take(n uint64) []byte {
	if n > uint64(len(u.b)-u.at) {
		u.fail("the pickle ends where %d more bytes should come", n)
	}
	b := u.b[u.at : u.at+int(n)]
	u.at += int(n)
	return b
}

func (u *unpickler) byte() byte     { return u.take(1)[0] }
func (u *unpickler) uint16() uint64 { return uint64(binary.LittleEndian.Uint16(u.take(2))) }
func (u *unpickler) uint32() uint64 { return uint64(binary.LittleEndian.Uint32(u.take(4))) }
func (u *unpickler) uint64() uint64 { return binary.LittleEndian.Uint64(u.take(8)) }

// line is the text up to the end of the line.
func (u *unpickler) line() string {
	n := bytes.IndexByte(u.b[u.at:], '\n')
	if n < 0 {
		u.fail("the pickle ends within a line")
	}
	s := u.b[u.at : u.at+n]
	u.at += n + 1
	return string(bytes.TrimSuffix(s, []byte("\r")))
}

// What a pickle may hold at a time: Python puts lists and dictionaries together from a
// thousand values at a time, and remembers every one.
const (
	maxStack = 1 << 17
	maxMemo  = 2 * maxValues
)

func (u *unpickler) push(v any) {
	if len(u.stack) == maxStack {
		u.fail("the pickle keeps more than %d values on its stack", maxStack)
	}
	u.stack = append(u.stack, v)
}

func (u *unpickler) pop() any {
	if len(u.stack) == 0 {
		u.fail("the pickle takes from an empty stack")
	}
	v := u.stack[len(u.stack)-1]
	u.stack = u.stack[:len(u.stack)-1]
	if v == (mark{}) {
		u.fail("the pickle takes a mark for a value")
	}
	return v
}

func (u *unpickler) top() any {
	v := u.pop()
	u.push(v)
	return v
}

// popMark takes what lies above the last mark, and the mark.
func (u *unpickler) popMark() []any {
	for i := len(u.stack) - 1; i >= 0; i-- {
		if u.stack[i] == (mark{}) {
			items := append([]any{}, u.stack[i+1:]...)
			u.stack = u.stack[:i]
			return items
		}
	}
	u.fail("the pickle asks for a mark that is not there")
	return nil
}

// run is the machine. The letters are those of Python's pickletools.
func (u *unpickler) run() any {
	for {
		u.op = u.at
		switch op := u.byte(); op {
		case 0x80: // PROTO
			if v := u.byte(); v > 5 {
				u.fail("the pickle has protocol %d, which is not known", v)
			}
		case 0x95: // FRAME
			u.take(8)
		case '.': // STOP
			v := u.pop()
			if len(u.stack) > 0 {
				u.fail("the pickle ends with %d values left over", len(u.stack))
			}
			return v
		case '(':
			u.push(mark{})
		case '0': // POP
			if len(u.stack) == 0 {
				u.fail("the pickle takes from an empty stack")
			}
			u.stack = u.stack[:len(u.stack)-1]
		case '1': // POP_MARK
			u.popMark()
		case '2': // DUP
			u.push(u.top())
		case 'N':
			u.push(nil)
		case 0x88:
			u.push(true)
		case 0x89:
			u.push(false)
		case 'J', 'K', 'M', 'I', 'L', 0x8a, 0x8b, 'G', 'F':
			u.push(u.number(op))
		case 'S', 'T', 'U', 'V', 'X', 0x8c, 0x8d:
			u.push(u.text(op))
		case 'B':
			u.push(u.take(u.uint32()))
		case 'C':
			u.push(u.take(uint64(u.byte())))
		case 0x8e, 0x96: // BINBYTES8, BYTEARRAY8
			u.push(u.take(u.uint64()))
		case ']', 'l', ')', 't', 0x85, 0x86, 0x87, '}', 'd', 0x8f, 0x91, 'a', 'e', 's', 'u', 0x90:
			u.container(op)
		case 'q', 'r', 'p', 0x94, 'h', 'j', 'g':
			u.remember(op)
		case 'c', 0x93, 'R', 0x81, 0x92, 'b', 'Q', 'P', 'i', 'o':
			u.object(op)
		default:
			u.fail("the pickle has the instruction %#02x, which is not known here", op)
		}
	}
}

func (u *unpickler) number(op byte) any {
	switch op {
	case 'J':
		return int64(int32(u.uint32()))
	case 'K':
		return int64(u.byte())
	case 'M':
		return int64(u.uint16())
	case 'G':
		return math.Float64frombits(binary.BigEndian.Uint64(u.take(8)))
	case 0x8a: // LONG1
		return u.long(uint64(u.byte()))
	case 0x8b: // LONG4
		return u.long(u.uint32())
	}
	s := u.line()
	switch {
	case op == 'F':
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			u.fail("%.20q is not a number", s)
		}
		return v
	case op == 'I' && (s == "00" || s == "01"):
		return s == "01"
	}
	v, err := strconv.ParseInt(strings.TrimSuffix(s, "L"), 10, 64)
	if err != nil {
		u.fail("%.40q is not a whole number of 64 bits", s)
	}
	return v
}

// long is a whole number of n bytes in two's complement.
func (u *unpickler) long(n uint64) int64 {
	b := u.take(n)
	if len(b) == 0 {
		return 0
	}
	fill := byte(0)
	if b[len(b)-1]&0x80 != 0 {
		fill = 0xff
	}
	var word [8]byte
	for i := range word {
		word[i] = fill
	}
	for i, c := range b {
		if i < 8 {
			word[i] = c
		} else if c != fill {
			u.fail("a whole number has more than 64 bits")
		}
	}
	v := int64(binary.LittleEndian.Uint64(word[:]))
	if (v < 0) != (fill != 0) {
		u.fail("a whole number has more than 64 bits")
	}
	return v
}

func (u *unpickler) text(op byte) string {
	switch op {
	case 'S', 'V': // a line, quoted or not
		s := u.line()
		if op == 'V' {
			return s
		}
		if len(s) < 2 || s[0] != s[len(s)-1] || s[0] != '\'' && s[0] != '"' {
			u.fail("%.20q is not a quoted text", s)
		}
		return s[1 : len(s)-1]
	case 'T', 'X':
		return string(u.take(u.uint32()))
	case 'U', 0x8c:
		return string(u.take(uint64(u.byte())))
	}
	return string(u.take(u.uint64()))
}

func (u *unpickler) container(op byte) {
	switch op {
	case ']':
		u.push(&list{})
	case 'l':
		u.push(&list{u.popMark()})
	case ')':
		u.push(tuple{})
	case 't':
		u.push(tuple(u.popMark()))
	case 0x85, 0x86, 0x87: // TUPLE1 to TUPLE3
		t := make(tuple, int(op)-0x84)
		for i := len(t) - 1; i >= 0; i-- {
			t[i] = u.pop()
		}
		u.push(t)
	case '}':
		u.push(&dict{})
	case 'd':
		d := &dict{}
		u.setAll(d, u.popMark())
		u.push(d)
	case 0x8f: // EMPTY_SET
		u.push(&set{})
	case 0x91: // FROZENSET
		u.push(&set{u.popMark()})
	case 'a':
		v := u.pop()
		u.extend(v)
	case 'e', 0x90: // APPENDS, ADDITEMS
		u.extend(u.popMark()...)
	case 's':
		v, k := u.pop(), u.pop()
		u.setAll(u.top(), []any{k, v})
	case 'u':
		items := u.popMark()
		u.setAll(u.top(), items)
	}
}

func (u *unpickler) extend(items ...any) {
	switch c := u.top().(type) {
	case *list:
		c.items = append(c.items, items...)
	case *set:
		c.items = append(c.items, items...)
	default:
		u.fail("the pickle adds to %s, which is not a list", describe(c))
	}
}

func (u *unpickler) setAll(to any, items []any) {
	d, ok := to.(*dict)
	if !ok {
		u.fail("the pickle sets a key of %s, which is not a dictionary", describe(to))
	}
	if len(items)%2 != 0 {
		u.fail("the pickle sets a key without a value")
	}
	for i := 0; i < len(items); i += 2 {
		d.set(items[i], items[i+1])
	}
}

func (u *unpickler) remember(op byte) {
	key := uint64(0)
	switch op {
	case 'q', 'h':
		key = uint64(u.byte())
	case 'r', 'j':
		key = u.uint32()
	case 'p', 'g':
		s := u.line()
		k, err := strconv.ParseUint(s, 10, 32)
		if err != nil {
			u.fail("%.20q is not a memo index", s)
		}
		key = k
	case 0x94: // MEMOIZE
		key = uint64(len(u.memo))
	}
	if op == 'h' || op == 'j' || op == 'g' {
		v, ok := u.memo[key]
		if !ok {
			u.fail("the pickle recalls memo %d, which it never set", key)
		}
		u.push(v)
		return
	}
	if u.memo[key] = u.top(); len(u.memo) > maxMemo {
		u.fail("the pickle memoizes more than %d values", maxMemo)
	}
}

// describe names a value in an error.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case *list:
		return fmt.Sprintf("a list of %d", len(v.items))
	case tuple:
		return fmt.Sprintf("a tuple of %d", len(v))
	case *dict:
		return fmt.Sprintf("a dictionary of %d", len(v.keys))
	case *set:
		return fmt.Sprintf("a set of %d", len(v.items))
	case *Tensor:
		return "a tensor"
	case global:
		return "the name " + string(v)
	}
	return fmt.Sprintf("%T", v)
}
