package serve

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/recur-go/recur/internal/ieee"
)

// data reads the elements of v, whose name, datatype and shape are known, into v.Data, in the
// memory that it has. They are nested as the shape is, or flat.
func (s *scanner) data(v *Value) error {
	n, ok := Count(v.Shape)
	if !ok {
		return shapeError(v)
	}
	v.Data = v.Data[:0]
	// An element has a character and a comma at least, so memory stays in proportion to what
	// was sent, whatever the shape is.
	if need := min(n, (len(s.b)-s.i)/2+1) * v.Datatype.Size(); cap(v.Data) < need {
		v.Data = make([]byte, 0, need)
	}
	return s.level(v, 0, n)
}

// level reads an array of dimension l on. flat is how many elements there are if none follow.
func (s *scanner) level(v *Value, l, flat int) error {
	if s.next() != '[' {
		return s.unexpected("the data of input " + quoted(v.Name) + ", an array,")
	}
	if err := s.open(); err != nil {
		return err
	}
	last := l >= len(v.Shape)-1
	if s.next() == '[' {
		if last {
			return s.fail("the data of input %s are nested deeper than its shape %v", quoted(v.Name), v.Shape)
		}
		for i := int64(0); ; i++ {
			if i == v.Shape[l] {
				return s.ragged(v, l)
			}
			if err := s.level(v, l+1, flat); err != nil {
				return err
			}
			if more, err := s.more(); err != nil {
				return err
			} else if !more {
				if i+1 != v.Shape[l] {
					return s.ragged(v, l)
				}
				return nil
			}
		}
	}
	want := flat
	if l > 0 {
		if want = int(v.Shape[l]); !last {
			want = 0
		}
	}
	got := 0
	if s.next() == ']' {
		s.i++
		s.depth++
	} else {
		for {
			if got == want {
				return s.ragged(v, l)
			}
			if err := s.element(v); err != nil {
				return err
			}
			got++
			if more, err := s.more(); err != nil {
				return err
			} else if !more {
				break
			}
		}
	}
	// An empty array stands for what has no elements, whatever dimensions follow.
	if got != want || l > 0 && !last && v.Shape[l] != 0 {
		return s.ragged(v, l)
	}
	return nil
}

// more reads a comma, or the end of the array.
func (s *scanner) more() (bool, error) {
	switch s.next() {
	case ',':
		s.i++
		return true, nil
	case ']':
		s.i++
		s.depth++
		return false, nil
	}
	return false, s.unexpected("a comma or the end of the array")
}

func (s *scanner) ragged(v *Value, l int) error {
	if l == 0 {
		return s.fail("the data of input %s are not as many as its shape %v has", quoted(v.Name), v.Shape)
	}
	return s.fail("the data of input %s are ragged: an array in them is not as long as its shape %v has it", quoted(v.Name), v.Shape)
}

// element reads one element of v.
func (s *scanner) element(v *Value) error {
	switch v.Datatype {
	case BOOL:
		c := s.next()
		if c == '0' || c == '1' {
			if n, _, err := s.number("an element"); err != nil || len(n) != 1 {
				return s.cannot(v, n)
			}
			v.Data = append(v.Data, c-'0')
			return nil
		}
		b, err := s.bool("an element of input " + quoted(v.Name))
		if err != nil {
			return err
		}
		if b {
			v.Data = append(v.Data, 1)
		} else {
			v.Data = append(v.Data, 0)
		}
		return nil
	case BYTES:
		if s.next() != '"' {
			return s.unexpected("an element of input " + quoted(v.Name) + ", a text,")
		}
		t, err := s.text()
		if err != nil {
			return err
		}
		v.Data = append(binary.LittleEndian.AppendUint32(v.Data, uint32(len(t))), t...)
		return nil
	}
	if c := s.next(); c != '-' && c-'0' > 9 {
		return s.unexpected("an element of input " + quoted(v.Name) + ", a number,")
	}
	le := binary.LittleEndian
	if v.Datatype == FP32 || v.Datatype == FP64 {
		if f, end, ok := decimal(s.b, s.i); !ok {
		} else if v.Datatype == FP64 {
			s.i, v.Data = end, le.AppendUint64(v.Data, math.Float64bits(f))
			return nil
		} else if g, ok := single(f); ok {
			s.i, v.Data = end, le.AppendUint32(v.Data, math.Float32bits(g))
			return nil
		}
	}
	n, whole, err := s.number("an element")
	if err != nil {
		return err
	}
	switch v.Datatype {
	case FP32:
		f, err := strconv.ParseFloat(string(n), 32)
		if err != nil {
			return s.cannot(v, n)
		}
		v.Data = le.AppendUint32(v.Data, math.Float32bits(float32(f)))
		return nil
	case FP64, FP16, BF16:
		f, err := strconv.ParseFloat(string(n), 64)
		if err != nil {
			return s.cannot(v, n)
		}
		switch v.Datatype {
		case FP64:
			v.Data = le.AppendUint64(v.Data, math.Float64bits(f))
			return nil
		case FP16:
			h := ieee.ToHalf(float32(f))
			v.Data = le.AppendUint16(v.Data, h)
			if h&0x7c00 == 0x7c00 {
				return s.cannot(v, n)
			}
			return nil
		}
		h := ieee.ToBrain(float32(f))
		v.Data = le.AppendUint16(v.Data, h)
		if h&0x7f80 == 0x7f80 {
			return s.cannot(v, n)
		}
		return nil
	}
	if !whole {
		return s.cannot(v, n)
	}
	size := v.Datatype.Size()
	var u uint64
	switch v.Datatype {
	case UINT8, UINT16, UINT32, UINT64:
		u, err = strconv.ParseUint(string(n), 10, 8*size)
	default:
		var i int64
		i, err = strconv.ParseInt(string(n), 10, 8*size)
		u = uint64(i)
	}
	if err != nil {
		return s.cannot(v, n)
	}
	for range size {
		v.Data = append(v.Data, byte(u))
		u >>= 8
	}
	return nil
}

func (s *scanner) cannot(v *Value, n []byte) error {
	return s.fail("an element of input %s is %s, which %s cannot hold", quoted(v.Name), quoted(string(n)), v.Datatype)
}

// appendData appends the elements of v as a flat array.
func appendData(b []byte, v *Value) ([]byte, error) {
	le := binary.LittleEndian
	b = append(b, '[')
	d := v.Data
	if v.Datatype == BYTES {
		texts, err := v.Strings()
		if err != nil {
			return b, err
		}
		for i, t := range texts {
			if i > 0 {
				b = append(b, ',')
			}
			if !utf8.Valid(t) {
				return b, errorf(Invalid, "output %s has bytes that are no text, which JSON cannot hold: ask for it with binary_data", quoted(v.Name))
			}
			b = appendString(b, string(t))
		}
		return append(b, ']'), nil
	}
	size := v.Datatype.Size()
	for i := 0; i+size <= len(d); i += size {
		if i > 0 {
			b = append(b, ',')
		}
		switch v.Datatype {
		case BOOL:
			b = strconv.AppendBool(b, d[i] != 0)
		case UINT8:
			b = strconv.AppendUint(b, uint64(d[i]), 10)
		case UINT16:
			b = strconv.AppendUint(b, uint64(le.Uint16(d[i:])), 10)
		case UINT32:
			b = strconv.AppendUint(b, uint64(le.Uint32(d[i:])), 10)
		case UINT64:
			b = strconv.AppendUint(b, le.Uint64(d[i:]), 10)
		case INT8:
			b = strconv.AppendInt(b, int64(int8(d[i])), 10)
		case INT16:
			b = strconv.AppendInt(b, int64(int16(le.Uint16(d[i:]))), 10)
		case INT32:
			b = strconv.AppendInt(b, int64(int32(le.Uint32(d[i:]))), 10)
		case INT64:
			b = strconv.AppendInt(b, int64(le.Uint64(d[i:])), 10)
		default:
			f, bits := 0.0, 32
			switch v.Datatype {
			case FP16:
				f = float64(ieee.FromHalf(le.Uint16(d[i:])))
			case BF16:
				f = float64(ieee.FromBrain(le.Uint16(d[i:])))
			case FP32:
				f = float64(math.Float32frombits(le.Uint32(d[i:])))
			case FP64:
				f, bits = math.Float64frombits(le.Uint64(d[i:])), 64
			}
			var err error
			if b, err = appendNumber(b, f, bits); err != nil {
				return b, errorf(Invalid, "output %s has a value that is no finite number, which JSON cannot hold: ask for it with binary_data", quoted(v.Name))
			}
		}
	}
	return append(b, ']'), nil
}

var errNotFinite = errorf(Invalid, "a value is no finite number, which JSON cannot hold")

// appendNumber appends the shortest text that is read as the same number of so many bits.
func appendNumber(b []byte, f float64, bits int) ([]byte, error) {
	if f-f != 0 {
		return b, errNotFinite
	}
	if a := math.Abs(f); a < 1e-5 && a != 0 || a >= 1e15 {
		return strconv.AppendFloat(b, f, 'e', -1, bits), nil
	}
	return strconv.AppendFloat(b, f, 'f', -1, bits), nil
}
