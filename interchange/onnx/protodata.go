package onnx

import (
	"math"
	"unsafe"

	"github.com/recur-go/recur/internal/ieee"
)

// maxRank is the most dimensions of a tensor in a file.
const maxRank = 32

// A tensorProto is a tensor that has been read, or one whose values lie in another
// file and are read when the model is known to be sound.
type tensorProto struct {
	*Tensor
	name     string
	external map[string]string // nil if the values are here
	at       int64
}

func float32Bits(v uint64) float32 { return math.Float32frombits(uint32(v)) }

// dataFields are the typed fields that hold a type, if raw_data does not.
var dataFields = map[DType]int{
	Float32: 4, Int32: 5, Int16: 5, Int8: 5, Uint16: 5, Uint8: 5, Bool: 5, Float16: 5, BFloat16: 5,
	String: 6, Int64: 7, Float64: 10, Uint32: 11, Uint64: 11,
}

func parseTensor(m message) *tensorProto {
	t := &tensorProto{Tensor: &Tensor{}, at: m.pos}
	var values []field
	external := false
	dims, whole := m, m
	for f, ok := dims.next(); ok; f, ok = dims.next() { // the values may come before the shape
		switch f.num {
		case 1:
			f.varints(func(v uint64) {
				if int64(v) < 0 || len(t.Shape) == maxRank {
					corrupt(f.at, "a tensor has dimension %d, or more than %d of them", int64(v), maxRank)
				}
				t.Shape = append(t.Shape, int(v))
			})
		case 2:
			t.DType = DType(f.int())
		case 3:
			corrupt(f.at, "a tensor is cut into segments, which ONNX no longer has")
		case 8:
			t.name = f.text()
		case 4, 5, 6, 7, 9, 10, 11:
			if f.typ != 2 || f.end > f.pos || f.num == 6 {
				values = append(values, f)
			}
		case 13:
			k, v := parseEntry(f.message())
			if t.external == nil {
				t.external = map[string]string{}
			}
			t.external[k] = v
		case 14:
			external = f.int() == 1
		}
	}
	if dtypes[t.DType].name == "" {
		corrupt(whole.pos, "tensor %q has type %v, which is not supported", t.name, t.DType)
	}
	n, ok := volume(t.Shape)
	if !ok {
		corrupt(whole.pos, "tensor %q has an impossible shape %v", t.name, t.Shape)
	}
	switch {
	case external:
		if len(values) > 0 || t.DType == String {
			corrupt(whole.pos, "tensor %q has its values both here and in another file, or strings there", t.name)
		}
		if t.external == nil {
			t.external = map[string]string{}
		}
		return t
	case len(values) > 0 && values[0].num == 9:
		if len(values) > 1 {
			corrupt(values[1].at, "tensor %q has its values twice", t.name)
		}
		t.raw(&values[0], n)
	default:
		t.typed(values, n)
	}
	t.external = nil
	return t
}

// raw reads raw_data.
func (t *tensorProto) raw(f *field, n int) {
	size := t.DType.Size()
	if size == 0 {
		corrupt(f.at, "tensor %q of strings has raw data", t.name)
	}
	if f.len()%int64(size) != 0 || f.len()/int64(size) != int64(n) {
		corrupt(f.at, "tensor %q of %v %v has %d bytes", t.name, t.DType, t.Shape, f.len())
	}
	t.data = rawData(f.w, f.pos, t.DType, n)
}

// rawData reads n elements that lie in the file from pos on. That they are there
// has been checked.
func rawData(w *wire, pos int64, d DType, n int) any {
	switch d {
	case Bool:
		b := make([]bool, n)
		for i, v := range rawNumbers[uint8](w, pos, n) {
			b[i] = v != 0
		}
		return b
	case Float16, BFloat16:
		from := ieee.FromHalf
		if d == BFloat16 {
			from = ieee.FromBrain
		}
		x := make([]float32, n)
		for i, v := range rawNumbers[uint16](w, pos, n) {
			x[i] = from(v)
		}
		return x
	}
	return kinds[d].(numberKind).read(w, pos, n)
}

func (numbers[T]) read(w *wire, pos int64, n int) any { return rawNumbers[T](w, pos, n) }

func (numbers[T]) bytes(data any) []byte { return ieee.Memory(data.([]T)) }

// rawNumbers reads a slice straight from the file.
func rawNumbers[T number](w *wire, pos int64, n int) []T {
	d := make([]T, n)
	if n == 0 {
		return d
	}
	b := ieee.Memory(d)
	w.read(b, pos)
	if !ieee.LittleEndian {
		ieee.Flip(b, int(unsafe.Sizeof(d[0])))
	}
	return d
}

// typed reads float_data, int32_data and so on.
func (t *tensorProto) typed(fields []field, n int) {
	most := int64(0) // that the bytes can hold
	for _, f := range fields {
		if f.num != dataFields[t.DType] {
			corrupt(f.at, "tensor %q of %v has values in field %d", t.name, t.DType, f.num)
		}
		if f.typ == 2 && f.num != 6 {
			most += f.end - f.pos
		} else {
			most++
		}
	}
	if int64(n) > most {
		corrupt(t.at, "tensor %q of %v %v has too few values", t.name, t.DType, t.Shape)
	}
	count := 0
	each := func(visit func(f *field, set func(v uint64)), set func(i int, v uint64)) {
		for i := range fields {
			visit(&fields[i], func(v uint64) {
				if count < n {
					set(count, v)
				}
				count++
			})
		}
	}
	varints := func(f *field, set func(uint64)) { f.varints(set) }
	fixed4 := func(f *field, set func(uint64)) { f.fixed(4, set) }
	fixed8 := func(f *field, set func(uint64)) { f.fixed(8, set) }
	t.data = kinds[t.DType].make(n)
	switch d := t.data.(type) {
	case []float32:
		switch t.DType {
		case Float32:
			each(fixed4, func(i int, v uint64) { d[i] = float32Bits(v) })
		case Float16:
			each(varints, func(i int, v uint64) { d[i] = ieee.FromHalf(uint16(v)) })
		case BFloat16:
			each(varints, func(i int, v uint64) { d[i] = ieee.FromBrain(uint16(v)) })
		}
	case []float64:
		each(fixed8, func(i int, v uint64) { d[i] = math.Float64frombits(v) })
	case []bool:
		each(varints, func(i int, v uint64) { d[i] = v != 0 })
	case []string:
		each(func(f *field, set func(uint64)) { set(0) }, func(i int, _ uint64) { d[i] = fields[i].text() })
	default:
		each(varints, kinds[t.DType].(wholeKind).setter(d))
	}
	if count != n {
		corrupt(t.at, "tensor %q of %v %v has %d values", t.name, t.DType, t.Shape, count)
	}
}

func (wholes[T]) setter(data any) func(i int, v uint64) {
	d := data.([]T)
	return func(i int, v uint64) { d[i] = T(v) }
}
