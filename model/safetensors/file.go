package safetensors

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode"
	"unicode/utf8"

	"github.com/recur-go/recur/internal/format"
)

const prefixSize = 8 // the length of the header, before it

// A File is an open safetensors file, whose header has been read and checked.
// Its tensors may be read by several goroutines at once.
type File struct {
	Metadata map[string]string // nil if the file has none
	Tensors  []*Tensor         // tensors in the order of their data

	byName map[string]*Tensor
	size   int64
	close  func() error
}

// A Tensor is one tensor of a File.
type Tensor struct {
	Name  string
	DType DType
	Shape []int // empty for a scalar

	begin, end int64 // its data in the file
	header     int64 // its description in the file
	r          io.ReaderAt
}

// Open opens the file at path. It reads the header only; the caller reads tensors
// from the result and closes it.
func Open(path string) (*File, error) {
	r, size, err := format.Open("safetensors", path)
	if err != nil {
		return nil, err
	}
	f, err := NewFile(r, size)
	if err != nil {
		r.Close()
		return nil, format.At(path, err)
	}
	f.close = r.Close
	return f, nil
}

// NewFile reads the header of a file of size bytes from r.
func NewFile(r io.ReaderAt, size int64) (*File, error) {
	var prefix [prefixSize]byte
	if size < prefixSize {
		return nil, badAt(0, "%d bytes are too few: a file begins with an 8-byte length", size).WithHint("was the file cut short? copy it again")
	}
	if err := format.ReadAt("safetensors", r, prefix[:], 0); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(prefix[:])
	switch {
	case n > 1<<40: // whatever these bytes are, they are not a length
		return nil, badAt(0, "this is not a safetensors file, the format of recur's models").WithHint(recognise(prefix[:]))
	case n > maxHeader:
		return nil, badAt(0, "header of %d bytes is longer than %d", n, maxHeader).WithHint(recognise(prefix[:]))
	case int64(n) > size-prefixSize:
		return nil, badAt(0, "header of %d bytes in a file of %d", n, size).WithHint(recognise(prefix[:]))
	case n == 0:
		return nil, badAt(0, "header is empty")
	}
	header := make([]byte, n)
	if err := format.ReadAt("safetensors", r, header, prefixSize); err != nil {
		return nil, err
	}
	f := &File{size: size, byName: map[string]*Tensor{}}
	var err error
	if f.Metadata, f.Tensors, err = parseHeader(header, size-prefixSize-int64(n)); err != nil {
		return nil, err
	}
	for _, t := range f.Tensors {
		t.r = r
		f.byName[t.Name] = t
	}
	return f, nil
}

// text reports whether b may be the beginning of a text in UTF-8.
func text(b []byte) bool {
	for len(b) > 0 && utf8.FullRune(b) {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError || r < ' ' && !unicode.IsSpace(r) {
			return false
		}
		b = b[size:]
	}
	return true
}

// recognise guesses from the first bytes what a file is that is not safetensors.
func recognise(prefix []byte) string {
	const convert = "; in Python, save the weights with safetensors.torch.save_file"
	for _, known := range []struct{ magic, what string }{
		{"PK", "this looks like a zip, as PyTorch .pt and Keras .keras are" + convert},
		{"\x80\x02", "this looks like a Python pickle, which can run code and is never read" + convert},
		{"\x80\x04", "this looks like a Python pickle, which can run code and is never read" + convert},
		{"\x89HDF", "this looks like HDF5, as Keras .h5 is" + convert},
		{"\x93NUMPY", "this looks like a NumPy .npy" + convert},
		{"GGUF", "this looks like GGUF" + convert},
		{"\x1f\x8b", "it is compressed with gzip; unpack it first, with gunzip"},
		{"{", "this looks like JSON; give a file that recur train or recur import has written"},
		{"version ", "this looks like a Git LFS pointer; fetch the file itself with git lfs pull"},
	} {
		if bytes.HasPrefix(prefix, []byte(known.magic)) {
			return known.what
		}
	}
	if text(prefix) {
		return "this looks like text; give a file that recur train or recur import has written"
	}
	return "give a complete file that recur train or recur import has written"
}

// Close closes a file that Open opened.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

// Tensor finds a tensor by name; nil if there is none.
func (f *File) Tensor(name string) *Tensor { return f.byName[name] }

// Size is the bytes of the file.
func (f *File) Size() int64 { return f.size }

// Len is the number of values of t.
func (t *Tensor) Len() int { return int(t.Size()) / t.DType.Size() }

// Size is the bytes of t in the file.
func (t *Tensor) Size() int64 { return t.end - t.begin }

// Reader reads the bytes of t as they are in the file.
func (t *Tensor) Reader() *io.SectionReader { return io.NewSectionReader(t.r, t.begin, t.Size()) }

// readAt fills p with the bytes of t from off on.
func (t *Tensor) readAt(p []byte, off int64) error {
	err := format.ReadAt("safetensors", t.r, p, t.begin+off)
	if e, ok := err.(*FormatError); ok {
		e.Object = t.Name
	}
	return err
}

func (t *Tensor) fail(reason string, args ...any) error {
	return badAt(t.header, reason, args...).In(t.Name)
}
