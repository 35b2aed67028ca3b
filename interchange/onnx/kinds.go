package onnx

// What operators do with elements is written once for all types: as methods of the types
// below, each in the file of its operator. kinds finds the one for the elements of a tensor.

// An anyKind moves elements.
type anyKind interface {
	make(n int) any
	length(data any) (n int, ok bool) // ok if data are a slice of the type
	move(dst *Tensor, dstAt int, to []int, src *Tensor, srcAt int, from, dims []int)
	pick(dst, src *Tensor, at []int, size int)
}

// An orderedKind compares elements as well.
type orderedKind interface {
	anyKind
	order(x *Tensor) func(i, j int) int
	compare(name string, a, b *Tensor) *Tensor
}

// A numberKind calculates.
type numberKind interface {
	orderedKind
	convert(data any) any
	read(w *wire, pos int64, n int) any
	bytes(data any) []byte
	calculate(name string, a, b *Tensor) *Tensor
	mod(fmod bool, a, b *Tensor) *Tensor
	signed(name string, x *Tensor) *Tensor
	reduce(name string, x *Tensor, shape []int) *Tensor
	accumulate(x *Tensor, name string, exclusive, reverse bool) *Tensor
	join(y *Tensor, at []int, updates *Tensor, size int, name string)
}

// A wholeKind is that of whole numbers.
type wholeKind interface {
	numberKind
	list(data any) []int
	setter(data any) func(i int, v uint64)
	combine(name string, a, b *Tensor) *Tensor
}

// A realKind is that of floats.
type realKind interface {
	numberKind
	mapped(x *Tensor, f func(x float64) float64) *Tensor
	softmax(x *Tensor, log bool) *Tensor
}

type (
	elements[T Element]        struct{}
	ordered[T number | string] struct{ elements[T] }
	numbers[T number]          struct{ ordered[T] }
	wholes[T integer]          struct{ numbers[T] }
	reals[T floating]          struct{ numbers[T] }
)

var kinds = [...]anyKind{
	Float32: reals[float32]{}, Float16: reals[float32]{}, BFloat16: reals[float32]{}, Float64: reals[float64]{},
	Int8: wholes[int8]{}, Int16: wholes[int16]{}, Int32: wholes[int32]{}, Int64: wholes[int64]{},
	Uint8: wholes[uint8]{}, Uint16: wholes[uint16]{}, Uint32: wholes[uint32]{}, Uint64: wholes[uint64]{},
	Bool: elements[bool]{}, String: ordered[string]{},
}

// numbersOf is the kind of the numbers of x.
func numbersOf(x *Tensor) numberKind {
	k, ok := kinds[x.DType].(numberKind)
	if !ok {
		fail("%v are not numbers", x.DType)
	}
	return k
}

// realsOf is the kind of the floats of x.
func realsOf(x *Tensor) realKind {
	k, ok := kinds[x.DType].(realKind)
	if !ok {
		fail("%v are not floats", x.DType)
	}
	return k
}

func (elements[T]) make(n int) any { return make([]T, n) }

func (elements[T]) length(data any) (int, bool) {
	d, ok := data.([]T)
	return len(d), ok
}
