// Package tensorflow imports networks from checkpoints of TensorFlow 1 and 2.
//
// A checkpoint is an index, PREFIX.index, and its values in PREFIX.data-00000-of-00001
// and so on. Open lists its variables by name and shape, and reads them:
//
//	c, err := tensorflow.Open("model.ckpt")
//	for _, v := range c.Variables {
//		fmt.Println(v.Name, v.DType, v.Shape)
//	}
//
// Import makes a network of package graph of it. The cells of TensorFlow 1, those of
// tf.contrib.rnn too, are known by the names of their variables; how modules follow one
// another, and what is added at run time, such as the forget bias, is not in a
// checkpoint but in a Spec. For a checkpoint of a model of Keras the spec is the model's JSON.
//
// Nothing in a file is trusted, and checksums are compared.
package tensorflow

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unsafe"

	"github.com/recur-go/recur/internal/format"
	"github.com/recur-go/recur/internal/ieee"
)

// A FormatError is a fault of a file of a checkpoint. It has the fields
//
//	System string // "tensorflow"
//	Path   string // name of the file, "" when read from memory
//	Object string // name of the variable at fault, "" for the file as a whole
//	Offset int64  // byte where the fault was seen, -1 if it has no place
//	Reason string // the fault in words
//	Hint   string // a remedy, "" if none is known
type FormatError = format.Error

func bad(reason string, args ...any) *FormatError { return badAt(-1, reason, args...) }

func badAt(offset int64, reason string, args ...any) *FormatError {
	return format.Errorf("tensorflow", offset, reason, args...)
}

// A Checkpoint is an open checkpoint. Its variables may be read by several goroutines
// at once.
type Checkpoint struct {
	Variables []*Variable // sorted by name

	byName map[string]*Variable
	size   int64
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

// dataName is the end of the name of a file of values.
var dataName = regexp.MustCompile(`\.data-\d{5}-of-\d{5}$`)

// Index is the name of the index of a checkpoint: path may be that itself, the prefix
// of the names of its files, one of its files of values, the folder of a SavedModel, or
// a folder with a file that names the last checkpoint.
func Index(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		prefix := filepath.Join(path, "variables", "variables")
		if last := last(path); last != "" {
			prefix = last
		}
		return prefix + ".index"
	}
	return dataName.ReplaceAllString(strings.TrimSuffix(path, ".index"), "") + ".index"
}

// last is the prefix of the last checkpoint in a folder, "" if none is named. One
// that lies elsewhere is taken to have been moved here.
func last(folder string) string {
	f, err := os.Open(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	name, ok := strings.CutPrefix(line, "model_checkpoint_path: ")
	if name, err = strconv.Unquote(strings.TrimSpace(name)); !ok || err != nil {
		return ""
	}
	return filepath.Join(folder, filepath.Base(name))
}

// Open opens the checkpoint at path, which is one that Index takes. The caller closes
// it.
func Open(path string) (c *Checkpoint, err error) {
	path = Index(path)
	prefix := strings.TrimSuffix(path, ".index")
	index, err := readIndex(path)
	if err != nil {
		return nil, err
	}
	c = &Checkpoint{size: int64(len(index))}
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
		f, size, err := format.Open("tensorflow", path)
		if err != nil {
			return nil, 0, path, err
		}
		c.close = append(c.close, f)
		c.size += size
		return f, size, path, nil
	}
	return c, c.read(index, shard)
}

func readIndex(path string) ([]byte, error) {
	f, size, err := format.Open("tensorflow", path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > maxIndex {
		return nil, bad("an index of %d bytes", size).OfFile(path)
	}
	return io.ReadAll(io.NewSectionReader(f, 0, size))
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

// Size is the bytes of its files.
func (c *Checkpoint) Size() int64 { return c.size }

// Variable finds a variable by name; nil if there is none.
func (c *Checkpoint) Variable(name string) *Variable { return c.byName[name] }

// read reads the index, and checks that all values are in the files of values.
func (c *Checkpoint) read(index []byte, open func(i, n uint64) (io.ReaderAt, int64, string, error)) error {
	c.byName = map[string]*Variable{}
	var h *header
	last := ""
	type shard struct {
		r    io.ReaderAt
		size int64
		path string
	}
	shards := map[uint64]shard{}
	return table(index, func(key string, value []byte) error {
		if h != nil && key <= last {
			return bad("name %q follows %q, which it should not", key, last)
		}
		last = key
		if h == nil {
			if key != "" {
				return bad("it has no header; is it a checkpoint of version 1?").WithHint("in TensorFlow, restore it and save it with tf.compat.v1.train.Saver()")
			}
			head, err := parseHeader(value)
			switch {
			case err != nil:
				return bad("its header: %v", err)
			case head.shards < 1 || head.shards > maxShards:
				return bad("%d files of values", head.shards)
			}
			h = &head
			return nil
		}
		v, err := parseEntry(key, value)
		if err != nil {
			return bad("%v", err).In(key)
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
			return bad("its values are in file %d of %d", v.shard, h.shards).In(key)
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
		}
		if err != nil {
			return bad("%v", err).In(key)
		}
		v.big, v.data, v.path = h.big, s.r, s.path
		c.add(v)
		return nil
	})
}

func (c *Checkpoint) add(v *Variable) {
	c.Variables = append(c.Variables, v)
	c.byName[v.Name] = v
}

// Len is the number of values.
func (v *Variable) Len() int { n, _ := length(v.Shape); return int(n) }

// Read fills dst, of length v.Len(), with the values of v, which must be
// floating-point; float64 rounds to float32. Values of dst's own type are read straight
// into it. It compares the checksum.
func Read[F float32 | float64](v *Variable, dst []F) error {
	if len(dst) != v.Len() {
		return v.fail("its %d values do not fill %d", v.Len(), len(dst))
	}
	return scan(v, len(dst), func(at, n int) []F { return dst[at : at+n] }, func(int, []F) {})
}

// rows calls visit for each row of v, seen as a matrix of its last dimension. Few rows
// are in memory at once.
func rows[F float32 | float64](v *Variable, visit func(i int, row []F)) error {
	n := 1
	if len(v.Shape) > 0 {
		n = v.Shape[len(v.Shape)-1]
	}
	if n == 0 {
		return nil
	}
	const few = 32 << 10
	step := max(few/n, 1) * n
	buf := make([]F, min(step, v.Len()))
	return scan(v, step, func(_, n int) []F { return buf[:n] }, func(at int, part []F) {
		for i := 0; i < len(part); i += n {
			visit((at+i)/n, part[i:i+n:i+n])
		}
	})
}

// scan reads the values of v in parts of step values, the part at at into the slice that
// to gives, and shows each to visit.
func scan[F float32 | float64](v *Variable, step int, to func(at, n int) []F, visit func(at int, part []F)) error {
	switch {
	case v.sliced:
		return v.fail("it lies in parts, as variables that were cut by a partitioner do, which is not supported")
	case !v.DType.isFloat():
		return v.fail("its values are %v, not floating-point", v.DType)
	}
	var zero F
	size := dtypes[v.DType].size
	direct := !v.big && size == uint64(unsafe.Sizeof(zero)) && v.DType <= double && ieee.LittleEndian
	var buf []byte
	var crc uint32
	const chunk = 1 << 18 // bytes, so that the checksum finds them in the cache
	for at := 0; at < v.Len(); at += step {
		part := to(at, min(step, v.Len()-at))
		for lo := 0; lo < len(part); {
			n := min(len(part)-lo, chunk/int(size))
			var b []byte
			if direct {
				b = ieee.Memory(part[lo : lo+n])
			} else {
				if buf == nil {
					buf = make([]byte, min(v.size, chunk))
				}
				b = buf[:n*int(size)]
			}
			if n, err := v.data.ReadAt(b, int64(v.offset)+int64(at+lo)*int64(size)); n < len(b) {
				if err == nil || errors.Is(err, io.EOF) {
					return v.fail("the file ends too early")
				}
				return err
			}
			crc = crc32.Update(crc, castagnoli, b)
			if v.big {
				ieee.Flip(b, int(size))
			}
			if !direct {
				ieee.Decode(part[lo:lo+n], b, forms[v.DType])
			}
			lo += n
		}
		visit(at, part)
	}
	if got := masked(crc); got != v.crc {
		return v.fail("its checksum is %#x, not %#x as written; the file is damaged", got, v.crc)
	}
	return nil
}

func (v *Variable) fail(reason string, args ...any) error {
	return badAt(int64(v.offset), reason, args...).In(v.Name).OfFile(v.path)
}
