// Package tensorflow brings networks here from checkpoints of TensorFlow 1 and 2.
//
// A checkpoint is an index, PREFIX.index, and its values in PREFIX.data-00000-of-00001
// and so on. Open lists its variables by name and shape, and reads them:
//
//	c, err := tensorflow.Open("model.ckpt")
//	for _, v := range c.Variables {
//		fmt.Println(v.Name, v.DType, v.Shape)
//	}
//
// Import makes a network of package graph of it. The cells of TensorFlow 1 are known by
// the names of their variables; how modules follow one another, and what is added at run
// time, such as the forget bias, a checkpoint does not tell: a Spec does. For a
// checkpoint of a model of Keras 2 the spec is the model's JSON.
//
// Nothing in a file is trusted, and checksums are compared.
package tensorflow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unsafe"
)

// A FormatError tells what is wrong with a file of a checkpoint.
type FormatError struct {
	Path     string // of the index or of the values; "" where it is not known
	Variable string // "" for the file as a whole
	Offset   int64  // byte where the fault was seen, -1 if it has no place
	Reason   string
	Try      string // what may help, "" if nothing is known to
}

func (e *FormatError) Error() string {
	var b strings.Builder
	b.WriteString("tensorflow: ")
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	if e.Variable != "" {
		fmt.Fprintf(&b, "%q: ", e.Variable)
	}
	if e.Offset >= 0 {
		fmt.Fprintf(&b, "byte %d: ", e.Offset)
	}
	b.WriteString(e.Reason)
	if e.Try != "" {
		b.WriteString("; " + e.Try)
	}
	return b.String()
}

func fault(at int64, format string, args ...any) error {
	return &FormatError{Offset: at, Reason: fmt.Sprintf(format, args...)}
}

// A Checkpoint is an open checkpoint. Its variables may be read by several goroutines
// at once.
type Checkpoint struct {
	Variables []*Variable // sorted by name

	byName map[string]*Variable
	close  []io.Closer
}

// A Variable is a tensor of a checkpoint.
type Variable struct {
	Name  string
	DType DType
	Shape []int // empty for a scalar

	shard, offset, size uint64
	crc                 uint32
	sliced              bool // it lies in parts
	big                 bool // big-endian
	data                io.ReaderAt
	path                string
}

// maxShards is how many files of values a checkpoint may have.
const maxShards = 10000

// Open opens the checkpoint with the given prefix, such as model.ckpt-1000, or whose
// index is at path. The caller closes it.
func Open(path string) (c *Checkpoint, err error) {
	prefix := strings.TrimSuffix(path, ".index")
	path = prefix + ".index"
	index, err := readIndex(path)
	if err != nil {
		return nil, err
	}
	c = &Checkpoint{}
	defer func() {
		var f *FormatError
		if errors.As(err, &f) && f.Path == "" {
			f.Path = path
		}
		if err != nil {
			c.Close()
			c = nil
		}
	}()
	shard := func(i, n uint64) (io.ReaderAt, int64, string, error) {
		path := fmt.Sprintf("%s.data-%05d-of-%05d", prefix, i, n)
		f, err := os.Open(path)
		if err != nil {
			return nil, 0, path, err
		}
		c.close = append(c.close, f)
		info, err := f.Stat()
		if err == nil && !info.Mode().IsRegular() {
			err = &FormatError{Path: path, Offset: -1, Reason: "it is not a regular file"}
		}
		if err != nil {
			return nil, 0, path, err
		}
		return f, info.Size(), path, nil
	}
	return c, c.read(index, shard)
}

func readIndex(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, &FormatError{Path: path, Offset: -1, Reason: "it is not a regular file"}
	case info.Size() > maxIndex:
		return nil, &FormatError{Path: path, Offset: -1, Reason: fmt.Sprintf("an index of %d bytes", info.Size())}
	}
	return io.ReadAll(io.NewSectionReader(f, 0, info.Size()))
}

// Close closes the files of a checkpoint.
func (c *Checkpoint) Close() error {
	var errs []error
	for _, f := range c.close {
		errs = append(errs, f.Close())
	}
	c.close = nil
	return errors.Join(errs...)
}

// Variable finds a variable by name; nil if there is none.
func (c *Checkpoint) Variable(name string) *Variable { return c.byName[name] }

// read reads the index, and checks that all values are in the files of values.
func (c *Checkpoint) read(index []byte, open func(i, n uint64) (io.ReaderAt, int64, string, error)) error {
	c.byName = map[string]*Variable{}
	var h *header
	type shard struct {
		r    io.ReaderAt
		size int64
		path string
	}
	shards := map[uint64]shard{}
	return table(index, func(key string, value []byte) error {
		if h == nil {
			if key != "" {
				return &FormatError{Offset: -1, Reason: "it has no header; is it a checkpoint of version 1?", Try: "in TensorFlow, restore it and save it with tf.compat.v1.train.Saver()"}
			}
			head, err := parseHeader(value)
			switch {
			case err != nil:
				return fault(-1, "its header: %v", err)
			case head.shards < 1 || head.shards > maxShards:
				return fault(-1, "%d files of values", head.shards)
			}
			h = &head
			return nil
		}
		v, err := parseEntry(key, value)
		if err != nil {
			return &FormatError{Variable: key, Offset: -1, Reason: err.Error()}
		}
		if v.sliced || key != "" && key[0] == 0 { // a part's name is not text
			v.sliced = true
			if key[0] == 0 {
				return nil
			}
			c.add(v)
			return nil
		}
		if v.shard >= h.shards {
			return &FormatError{Variable: key, Offset: -1, Reason: fmt.Sprintf("its values are in file %d of %d", v.shard, h.shards)}
		}
		s, ok := shards[v.shard]
		if !ok {
			if s.r, s.size, s.path, err = open(v.shard, h.shards); err != nil {
				return err
			}
			shards[v.shard] = s
		}
		n, ok := length(v.Shape)
		t, known := dtypes[v.DType]
		switch {
		case !ok:
			err = fmt.Errorf("shape %v holds more values than can be counted", v.Shape)
		case v.offset > uint64(s.size) || v.size > uint64(s.size)-v.offset:
			err = fmt.Errorf("its %d bytes at %d do not lie in %s of %d; was it cut short?", v.size, v.offset, filepath.Base(s.path), s.size)
		case known && t.size > 0 && n*t.size != v.size:
			err = fmt.Errorf("shape %v of %v needs %d bytes, it has %d", v.Shape, v.DType, n*t.size, v.size)
		case c.byName[key] != nil:
			err = fmt.Errorf("it is there twice")
		}
		if err != nil {
			return &FormatError{Variable: key, Offset: -1, Reason: err.Error()}
		}
		v.big, v.data, v.path = h.big, s.r, s.path
		c.add(v)
		return nil
	})
}

func (c *Checkpoint) add(v *Variable) {
	i, _ := slices.BinarySearchFunc(c.Variables, v.Name, func(v *Variable, s string) int { return strings.Compare(v.Name, s) })
	c.Variables = slices.Insert(c.Variables, i, v)
	c.byName[v.Name] = v
}

// Len is the number of values.
func (v *Variable) Len() int { n, _ := length(v.Shape); return int(n) }

// Read fills dst, of length v.Len(), with the values of v, which must be
// floating-point; float64 rounds to float32. Values of dst's own type are read straight
// into it. It compares the checksum.
func Read[F float32 | float64](v *Variable, dst []F) error {
	fail := func(format string, args ...any) error {
		return &FormatError{Path: v.path, Variable: v.Name, Offset: int64(v.offset), Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case v.sliced:
		return fail("it lies in parts, as variables that were cut by a partitioner do, which is not supported")
	case !v.DType.IsFloat():
		return fail("its values are %v, not floating-point", v.DType)
	case len(dst) != v.Len():
		return fail("its %d values do not fill %d", v.Len(), len(dst))
	case len(dst) == 0:
		return nil
	}
	sum := crc32.New(castagnoli)
	chunk := func(b []byte, at uint64) error {
		if n, err := v.data.ReadAt(b, int64(v.offset+at)); n < len(b) {
			if err == nil || errors.Is(err, io.EOF) {
				return fail("the file ends too early")
			}
			return err
		}
		sum.Write(b)
		return nil
	}
	var zero F
	width := uint64(unsafe.Sizeof(zero))
	if !v.big && dtypes[v.DType].size == width && v.DType <= Double && binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		// The view has just the bytes of dst, and lives no longer than this.
		b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(dst))), v.size)
		const step = 1 << 20 // so that the checksum finds it in the cache
		for at := uint64(0); at < v.size; at += step {
			if err := chunk(b[at:min(at+step, v.size)], at); err != nil {
				return err
			}
		}
	} else {
		size := dtypes[v.DType].size
		buf := make([]byte, min(v.size, 64<<10))
		for at := uint64(0); at < v.size; at += uint64(len(buf)) {
			b := buf[:min(uint64(len(buf)), v.size-at)]
			if err := chunk(b, at); err != nil {
				return err
			}
			decode(dst[at/size:], b, v.DType, v.big)
		}
	}
	if got := masked(sum.Sum32()); got != v.crc {
		return fail("its checksum is %#x, not %#x as written; the file is damaged", got, v.crc)
	}
	return nil
}

func decode[F float32 | float64](dst []F, b []byte, d DType, big bool) {
	var o binary.ByteOrder = binary.LittleEndian
	if big {
		o = binary.BigEndian
	}
	size := int(dtypes[d].size)
	for i := range len(b) / size {
		switch p := b[i*size:]; d {
		case Float:
			dst[i] = F(math.Float32frombits(o.Uint32(p)))
		case Double:
			dst[i] = F(math.Float64frombits(o.Uint64(p)))
		case BFloat16:
			dst[i] = F(math.Float32frombits(uint32(o.Uint16(p)) << 16))
		case Half:
			dst[i] = F(half(o.Uint16(p)))
		}
	}
}

// half is an IEEE 754 binary16 as a float32, which is exact.
func half(h uint16) float32 {
	sign, exponent, fraction := uint32(h)>>15<<31, h>>10&31, uint32(h&1023)
	switch exponent {
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	case 0:
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)/(1<<24)))
	}
	return math.Float32frombits(sign | (uint32(exponent)+112)<<23 | fraction<<13)
}
