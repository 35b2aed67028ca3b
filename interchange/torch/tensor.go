package torch

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/bits"
	"sync"

	"github.com/recur-go/recur/interchange/internal/crc"
	"github.com/recur-go/recur/internal/ieee"
	"github.com/recur-go/recur/internal/par"
	"github.com/recur-go/recur/model/safetensors"
)

// A storage is a run of elements in a file, which tensors look into.
type storage struct {
	dtype safetensors.DType // "" if it has none of its own
	bytes int64
	r     io.ReaderAt // from its first byte
	sum   *uint32     // CRC-32 of its bytes, nil if the file has none
	seen  bool        // the sum has been checked
}

// check checks the sum, once.
func (s *storage) check() error {
	if s.sum == nil || s.seen {
		return nil
	}
	sum, err := crc.Of(s.r, s.bytes)
	if err != nil {
		return err
	}
	return s.compare(sum)
}

// compare compares the sum of the bytes with what it should be.
func (s *storage) compare(sum uint32) error {
	if sum != *s.sum {
		return bad("a storage of %d bytes has the checksum %08x, but the file records %08x", s.bytes, sum, *s.sum).WithHint("copy the file again")
	}
	s.seen = true
	return nil
}

// A Tensor is a tensor of a File. Its values lie in the file until they are read.
type Tensor struct {
	Name  string // dotted, as the state_dict has it
	DType safetensors.DType
	Shape []int // empty for a scalar

	stride []int // in elements
	offset int   // in elements
	from   *storage
}

// Len is the number of values.
func (t *Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// maxRank is the most dimensions of a tensor.
const maxRank = 32

// check checks that every element lies within the storage, and that a tensor has no
// more of them than its storage, so that a small file cannot ask for much memory.
func (t *Tensor) check() error {
	if len(t.Shape) > maxRank {
		return fmt.Errorf("a tensor of %d dimensions, more than %d", len(t.Shape), maxRank)
	}
	have := uint64(t.from.bytes) / uint64(t.DType.Size())
	n, last := uint64(1), uint64(t.offset)
	for _, d := range t.Shape {
		hi, lo := bits.Mul64(n, uint64(d))
		if n = lo; hi != 0 || n > math.MaxInt64 {
			return fmt.Errorf("a tensor of shape %v is too large", t.Shape)
		}
	}
	if n == 0 {
		return nil
	}
	for i, d := range t.Shape {
		hi, lo := bits.Mul64(uint64(d-1), uint64(t.stride[i]))
		if last += lo; hi != 0 || lo > have || last > have {
			return fmt.Errorf("a tensor of shape %v and stride %v reaches past the %d elements of its storage", t.Shape, t.stride, have)
		}
	}
	if last >= have {
		return fmt.Errorf("a tensor of shape %v at %d reaches past the %d elements of its storage", t.Shape, t.offset, have)
	}
	if n > have {
		return fmt.Errorf("a tensor of shape %v repeats the %d elements of its storage; save it with .contiguous()", t.Shape, have)
	}
	return nil
}

// contiguous reports whether the elements lie one after the other.
func (t *Tensor) contiguous() bool {
	n := 1
	for i := len(t.Shape) - 1; i >= 0; i-- {
		if t.Shape[i] != 1 && t.stride[i] != n {
			return false
		}
		n *= t.Shape[i]
	}
	return true
}

// chunk is about how many values are read at once: they find room in the cache.
const chunk = 1 << 16

// each calls f with runs of the values of t in row-major order, from the at-th on, several
// at a time. The runs of a matrix are whole rows, by sixteen where there is room, so that
// those of a column fill lines of the cache.
func each[F float32 | float64](t *Tensor, f func(at int, values []F)) error {
	if !t.DType.IsFloat() {
		return fmt.Errorf("torch: tensor %q has %s values, not floating-point ones", t.Name, t.DType)
	}
	if !t.contiguous() {
		return gather(t, f)
	}
	n, size, most := t.Len(), t.DType.Size(), chunk
	whole := t.from.sum != nil && !t.from.seen && int64(n*size) == t.from.bytes // what is read can be summed
	if !whole {
		if err := t.from.check(); err != nil {
			return err
		}
	}
	if n == 0 {
		return nil
	}
	if len(t.Shape) > 1 {
		row := n / t.Shape[0]
		rows := max(chunk/row, 1)
		if rows > 16 {
			rows &^= 15
		}
		most = rows * row
	}
	k := (n-1)/most + 1
	sums, errs := make([]uint32, k), make([]error, k)
	buffers := sync.Pool{New: func() any { return newBuffer[F](min(n, most), t.DType) }}
	par.For(k, 1, func(i, _ int) {
		b := buffers.Get().(*buffer[F])
		defer buffers.Put(b)
		at := i * most
		values := b.values[:min(most, n-at)]
		raw := b.raw[:len(values)*size]
		if errs[i] = t.read(raw, t.offset+at); errs[i] != nil {
			return
		}
		if whole {
			sums[i] = crc32.ChecksumIEEE(raw)
		}
		if !b.same {
			ieee.Decode(values, raw, ieee.Form(t.DType))
		}
		f(at, values)
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	if whole {
		return t.from.compare(crc.Join(sums, int64(most*size), int64((n-(k-1)*most)*size), crc32.IEEE))
	}
	return nil
}

// A buffer has values, and room for them as they are in a file.
type buffer[F float32 | float64] struct {
	values []F
	raw    []byte
	same   bool // raw is values
}

func newBuffer[F float32 | float64](n int, d safetensors.DType) *buffer[F] {
	b := &buffer[F]{values: make([]F, n)}
	if b.raw = ieee.Memory(b.values); ieee.LittleEndian && len(b.raw) == n*d.Size() { // both float32, or float64
		b.same = true
	} else {
		b.raw = make([]byte, n*d.Size())
	}
	return b
}

// gather is each for a view whose elements lie apart: it reads the part of the
// storage that the view spans.
func gather[F float32 | float64](t *Tensor, f func(at int, values []F)) error {
	if err := t.from.check(); err != nil {
		return err
	}
	n, size, span := t.Len(), t.DType.Size(), 1
	if n == 0 {
		return nil
	}
	for i, d := range t.Shape {
		span += (d - 1) * t.stride[i]
	}
	raw, all := make([]byte, span*size), make([]F, span)
	if err := t.read(raw, t.offset); err != nil {
		return err
	}
	ieee.Decode(all, raw, ieee.Form(t.DType))
	values := make([]F, n)
	at, index := 0, make([]int, len(t.Shape))
	for i := range values {
		values[i] = all[at]
		for k := len(index) - 1; k >= 0; k-- {
			at += t.stride[k]
			if index[k]++; index[k] < t.Shape[k] {
				break
			}
			at -= t.stride[k] * index[k]
			index[k] = 0
		}
	}
	f(0, values)
	return nil
}

func (t *Tensor) read(raw []byte, element int) error {
	_, err := t.from.r.ReadAt(raw, int64(element)*int64(t.DType.Size()))
	if errors.Is(err, io.EOF) {
		return bad("the file ends within tensor %q", t.Name).WithHint("was it cut short? copy the file again")
	}
	return err
}

// Float32s reads the values in row-major order.
func (t *Tensor) Float32s() ([]float32, error) {
	all := make([]float32, t.Len())
	return all, each(t, func(at int, values []float32) { copy(all[at:], values) })
}
