package serve

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of JSON, beside those of bodies and of depth.
const (
	maxNumber  = 1024 // characters of a number
	maxMembers = 4096 // members of an object
)

// A scanner reads one JSON value strictly by RFC 8259: no duplicate keys, no lone halves of
// surrogates, no invalid UTF-8, no more than depth arrays and objects in one another. Texts
// are in the memory of b where they have no escapes.
type scanner struct {
	b     []byte
	i     int
	depth int      // how many more may be opened
	keys  [][]byte // of the objects that are open
}

func (s *scanner) fail(format string, args ...any) error {
	return errorf(Invalid, "JSON, byte %d: %s", s.i, fmt.Sprintf(format, args...))
}

// next skips white space and returns the byte that follows, 0 at the end.
func (s *scanner) next() byte {
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; c {
		case ' ', '\n', '\t', '\r':
		default:
			return c
		}
	}
	return 0
}

// want skips white space and reads c.
func (s *scanner) want(c byte, what string) error {
	if s.next() != c {
		return s.unexpected(what)
	}
	s.i++
	return nil
}

func (s *scanner) unexpected(what string) error {
	if s.i >= len(s.b) {
		return s.fail("it ends where %s should be", what)
	}
	if w := s.word(); w != "" {
		return s.fail("%s where %s should be", w, what)
	}
	r, _ := utf8.DecodeRune(s.b[s.i:])
	return s.fail("%q where %s should be", r, what)
}

// word returns the word that is here, such as null, NaN or -Infinity; "" if none is.
func (s *scanner) word() string {
	i := s.i
	if i < len(s.b) && s.b[i] == '-' {
		i++
	}
	from := i
	for i < len(s.b) && i-from < 16 && 'a' <= s.b[i]|0x20 && s.b[i]|0x20 <= 'z' {
		i++
	}
	if i-from < 2 {
		return ""
	}
	return string(s.b[s.i:i])
}

// end checks that nothing follows.
func (s *scanner) end() error {
	if s.next(); s.i < len(s.b) {
		return s.unexpected("the end")
	}
	return nil
}

func (s *scanner) open() error {
	if s.depth--; s.depth < 0 {
		return s.fail("more arrays and objects in one another than are allowed")
	}
	s.i++
	return nil
}

// object reads an object. f reads the value of each key.
func (s *scanner) object(what string, f func(key []byte) error) error {
	if s.next() != '{' {
		return s.unexpected(what + ", an object,")
	}
	if err := s.open(); err != nil {
		return err
	}
	base := len(s.keys)
	var many map[string]bool
	for first := true; ; first = false {
		c := s.next()
		if c == '}' && first {
			break
		}
		if c != '"' {
			return s.unexpected("a key")
		}
		at := s.i
		key, err := s.text()
		if err != nil {
			return err
		}
		if n := len(s.keys) - base; n >= maxMembers {
			return s.fail("an object of more than %d members", maxMembers)
		} else if n == 16 {
			many = map[string]bool{}
			for _, k := range s.keys[base:] {
				many[string(k)] = true
			}
		}
		twice := many[string(key)]
		if many == nil {
			twice = slices.ContainsFunc(s.keys[base:], func(k []byte) bool { return string(k) == string(key) })
		} else {
			many[string(key)] = true
		}
		if twice {
			s.i = at
			return s.fail("the key %s is there twice", quoted(string(key)))
		}
		s.keys = append(s.keys, key)
		if err := s.want(':', "a colon"); err != nil {
			return err
		}
		if err := f(key); err != nil {
			return err
		}
		if c = s.next(); c == ',' {
			s.i++
			continue
		}
		if c != '}' {
			return s.unexpected("a comma or the end of the object")
		}
		break
	}
	s.i++
	s.depth++
	s.keys = s.keys[:base]
	return nil
}

// array reads an array. f reads each element.
func (s *scanner) array(what string, f func(i int) error) error {
	if s.next() != '[' {
		return s.unexpected(what + ", an array,")
	}
	if err := s.open(); err != nil {
		return err
	}
	for i := 0; ; i++ {
		if s.next() == ']' && i == 0 {
			break
		}
		if err := f(i); err != nil {
			return err
		}
		if c := s.next(); c == ',' {
			s.i++
			continue
		} else if c != ']' {
			return s.unexpected("a comma or the end of the array")
		}
		break
	}
	s.i++
	s.depth++
	return nil
}

// string reads a text, which what names in errors.
func (s *scanner) string(what string) ([]byte, error) {
	if s.next() != '"' {
		return nil, s.unexpected(what + ", a text,")
	}
	return s.text()
}

// text reads a text that starts here.
func (s *scanner) text() ([]byte, error) {
	s.i++
	start, ascii := s.i, true
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			t := s.b[start:s.i]
			if !ascii && !utf8.Valid(t) {
				return nil, s.fail("a text that is not UTF-8")
			}
			s.i++
			return t, nil
		case c == '\\':
			return s.escaped(slices.Clone(s.b[start:s.i]))
		case c < ' ':
			return nil, s.fail("a control character in a text")
		case c >= utf8.RuneSelf:
			ascii = false
		}
		s.i++
	}
	return nil, s.fail("a text without end")
}

// escaped reads the rest of a text from an escape on and appends it to t.
func (s *scanner) escaped(t []byte) ([]byte, error) {
	for s.i < len(s.b) {
		c := s.b[s.i]
		switch {
		case c == '"':
			if !utf8.Valid(t) {
				return nil, s.fail("a text that is not UTF-8")
			}
			s.i++
			return t, nil
		case c < ' ':
			return nil, s.fail("a control character in a text")
		case c != '\\':
			t = append(t, c)
			s.i++
			continue
		}
		s.i++
		if s.i == len(s.b) {
			break
		}
		c = s.b[s.i]
		s.i++
		switch c {
		case '"', '\\', '/':
			t = append(t, c)
		case 'b':
			t = append(t, '\b')
		case 'f':
			t = append(t, '\f')
		case 'n':
			t = append(t, '\n')
		case 'r':
			t = append(t, '\r')
		case 't':
			t = append(t, '\t')
		case 'u':
			r, err := s.hex()
			if err != nil {
				return nil, err
			}
			if utf16.IsSurrogate(r) {
				if s.i+1 >= len(s.b) || s.b[s.i] != '\\' || s.b[s.i+1] != 'u' {
					return nil, s.fail("half of a surrogate pair")
				}
				s.i += 2
				low, err := s.hex()
				if err != nil {
					return nil, err
				}
				if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
					return nil, s.fail("half of a surrogate pair")
				}
			}
			t = utf8.AppendRune(t, r)
		default:
			return nil, s.fail("an escape that JSON does not have")
		}
	}
	return nil, s.fail("a text without end")
}

func (s *scanner) hex() (rune, error) {
	var r rune
	for range 4 {
		if s.i >= len(s.b) {
			return 0, s.fail("a text without end")
		}
		c := s.b[s.i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, s.fail("four hexadecimal digits should follow \\u")
		}
		r = r<<4 | rune(c)
		s.i++
	}
	return r, nil
}

// number reads a number as it is written, which what names in errors. whole reports whether
// it has neither a fraction nor an exponent.
func (s *scanner) number(what string) (n []byte, whole bool, err error) {
	s.next()
	start := s.i
	i, b := s.i, s.b
	digits := func() bool {
		from := i
		for i < len(b) && b[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if !digits() {
		if s.word() == "" && i > start {
			s.i = i
			return nil, false, s.unexpected("a digit")
		}
		return nil, false, s.unexpected(what + ", a number,")
	}
	whole = true
	if i < len(b) && b[i] == '.' {
		i++
		if whole = false; !digits() {
			s.i = i
			return nil, false, s.unexpected("a digit")
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if whole = false; !digits() {
			s.i = i
			return nil, false, s.unexpected("a digit")
		}
	}
	if i-start > maxNumber {
		return nil, false, s.fail("a number of more than %d characters", maxNumber)
	}
	s.i = i
	return b[start:i], whole, nil
}

// unsigned reads a whole number from 0 to 2⁶⁴-1.
func (s *scanner) unsigned(what string) (uint64, error) {
	n, whole, err := s.number(what)
	if err != nil {
		return 0, err
	}
	u, err := strconv.ParseUint(string(n), 10, 64)
	if err != nil || !whole {
		return 0, s.fail("%s is %s, but has to be a whole number from 0 to 2^64-1", what, quoted(string(n)))
	}
	return u, nil
}

// numbering reads the number of a step, which what names in errors.
func (s *scanner) numbering(what string) (uint64, error) {
	n, err := s.unsigned(what)
	if err == nil && n == 0 {
		err = s.fail("%s is 0, but steps are numbered from 1; leave it out for a step without a number", what)
	}
	return n, err
}

// signed reads a whole number of 64 bits.
func (s *scanner) signed(what string) (int64, error) {
	n, whole, err := s.number(what)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseInt(string(n), 10, 64)
	if err != nil || !whole {
		return 0, s.fail("%s is %s, but has to be a whole number of 64 bits", what, quoted(string(n)))
	}
	return v, nil
}

// bool reads true or false, which what names in errors.
func (s *scanner) bool(what string) (bool, error) {
	switch s.next() {
	case 't':
		return true, s.literal("true")
	case 'f':
		return false, s.literal("false")
	}
	return false, s.unexpected(what + ", true or false,")
}

func (s *scanner) literal(l string) error {
	if len(s.b)-s.i < len(l) || string(s.b[s.i:s.i+len(l)]) != l {
		return s.unexpected("a value")
	}
	s.i += len(l)
	return nil
}

// null reads null, if that is what is there.
func (s *scanner) null() bool {
	return s.next() == 'n' && s.literal("null") == nil
}

// skip reads a value of any kind.
func (s *scanner) skip() error {
	switch s.next() {
	case '{':
		return s.object("a value", func([]byte) error { return s.skip() })
	case '[':
		return s.array("a value", func(int) error { return s.skip() })
	case '"':
		_, err := s.text()
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	}
	_, _, err := s.number("a value")
	return err
}

// appendString appends s as a text of JSON.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}
