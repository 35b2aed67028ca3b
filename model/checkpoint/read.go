package checkpoint

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/format"
	"github.com/recur-go/recur/model/safetensors"
)

// A File is a file open for reading. It is for one goroutine.
type File struct {
	*safetensors.File
	Doc Doc // nil for a safetensors file that recur did not write

	in    *summer
	sums  string // checksums as the file has them; "" if it has none
	sum   uint32 // checksum of the header
	close func() error
}

// Open opens the file at path, which may be any safetensors file, and checks its
// header. Only Fill and Each check the data.
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

// Close closes a file that Open opened.
func (f *File) Close() error { return f.close() }

// NewFile reads the header of a file of size bytes from r.
func NewFile(r io.ReaderAt, size int64) (*File, error) {
	f := &File{in: &summer{r: r}, close: func() error { return nil }}
	var err error
	if f.File, err = safetensors.NewFile(f.in, size); err != nil {
		return nil, err
	}
	text, hasDoc := f.Metadata[docKey]
	sums, hasSums := f.Metadata[sumKey]
	if !hasDoc && !hasSums {
		return f, nil // not a file of recur
	}
	if !hasDoc || !hasSums {
		return nil, fmt.Errorf("%w: its metadata has one of %s and %s, not both", ErrCorrupt, docKey, sumKey)
	}
	if err := json.Unmarshal([]byte(text), &f.Doc); err != nil {
		return nil, fmt.Errorf("%w: its metadata %s: %w", ErrCorrupt, docKey, err)
	}
	var version int
	if err := f.Doc.Decode("version", &version); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if version != layoutVersion {
		return nil, versionError(version)
	}
	header := newHeaderSum(f.Metadata)
	for _, t := range f.Tensors {
		header.add(t.Name, t.DType, t.Shape)
	}
	if f.sum, f.sums = header.sum, sums; !strings.HasPrefix(sums, fmt.Sprintf("%08x ", f.sum)) {
		return nil, fmt.Errorf("%w, or was changed by another program: its header has checksum %08x, but its %s is %q", ErrCorrupt, f.sum, sumKey, sums)
	}
	return f, nil
}

// A versionError is the version of a file that is not layoutVersion.
type versionError int

func (e versionError) Error() string {
	hint := "train or import it again"
	if e > layoutVersion {
		hint = "update recur"
	}
	return fmt.Sprintf("the file is of format version %d; this recur reads version %d: %s", int(e), layoutVersion, hint)
}

func (e versionError) Unwrap() error { return ErrVersion }

// Checksum is the CRC-32C of the header and of the data as the file has them, ""
// for a file that recur did not write.
func (f *File) Checksum() string { return f.sums }

// Each calls read for every tensor in the order of the data, which read may read
// once from begin to end, or not, and then compares the checksum of the data. So
// a file is read and checked in one pass. What came from the file is to be
// trusted only when Each returns nil.
func (f *File) Each(read func(t *safetensors.Tensor) error) error {
	f.in.sum, f.in.at = 0, f.Size()
	for _, t := range f.Tensors {
		f.in.at -= t.Size()
	}
	for _, t := range f.Tensors {
		end := f.in.at + t.Size()
		if err := read(t); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, io.NewSectionReader(f.in, f.in.at, end-f.in.at)); err != nil {
			return err
		}
		if f.in.at != end {
			return fmt.Errorf("%w: it ends within tensor %q", ErrCorrupt, t.Name)
		}
	}
	if got := sums(f.sum, f.in.sum); f.sums != "" && got != f.sums {
		return fmt.Errorf("%w, or was changed by another program: its data has checksums %s, but its %s is %q", ErrCorrupt, got, sumKey, f.sums)
	}
	return nil
}

// Fill reads every tensor of the file into its namesake in memory and checks the
// checksum, as Each does. Where names or shapes do not agree it reads nothing and
// returns a *MismatchError; tensors of the file whose names begin with ignore, if
// that is not empty, may have no namesake.
func (f *File) Fill(tensors []Tensor, ignore string) error {
	byName := map[string]*Tensor{}
	var e MismatchError
	for i, t := range tensors {
		from := f.Tensor(t.Name)
		switch {
		case byName[t.Name] != nil:
			e.Extra = append(e.Extra, t.Name+": two parameters of the model have this name")
		case from == nil:
			e.Missing = append(e.Missing, fmt.Sprint(t.Name, " ", t.Shape))
		case !slices.Equal(from.Shape, t.Shape):
			e.Misshapen = append(e.Misshapen, fmt.Sprintf("%s %v, not %v", t.Name, from.Shape, t.Shape))
		case !from.DType.IsFloat():
			e.Misshapen = append(e.Misshapen, fmt.Sprintf("%s of %s, not of floating-point numbers", t.Name, from.DType))
		}
		byName[t.Name] = &tensors[i]
	}
	for _, t := range f.Tensors {
		if byName[t.Name] == nil && (ignore == "" || !strings.HasPrefix(t.Name, ignore)) {
			e.Extra = append(e.Extra, fmt.Sprint(t.Name, " ", t.Shape))
		}
	}
	if len(e.Missing)+len(e.Extra)+len(e.Misshapen) > 0 {
		return &e
	}
	return f.Each(func(t *safetensors.Tensor) error {
		if to := byName[t.Name]; to != nil {
			return to.read(t)
		}
		return nil
	})
}

// A MismatchError lists all parameters in which a file and a model differ.
type MismatchError struct {
	Missing   []string // the model has, the file does not: name and shape
	Extra     []string // the file has, the model does not: name and shape
	Misshapen []string // both have: name, shape in the file, shape in the model
}

func (e *MismatchError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "parameters do not fit the model: %d missing, %d extra, %d misshapen", len(e.Missing), len(e.Extra), len(e.Misshapen))
	for _, list := range []struct {
		what  string
		names []string
	}{{"missing", e.Missing}, {"extra", e.Extra}, {"misshapen", e.Misshapen}} {
		for _, name := range list.names {
			fmt.Fprintf(&b, "\n\t%s: %s", list.what, name)
		}
	}
	return b.String()
}

// Is reports whether target is fault.Model.
func (e *MismatchError) Is(target error) bool { return target == fault.Model }

// A summer keeps the CRC-32C of the bytes that are read in order from at on.
type summer struct {
	r   io.ReaderAt
	at  int64 // end of what is summed
	sum uint32
}

func (s *summer) ReadAt(p []byte, off int64) (n int, err error) {
	const piece = 256 << 10 // summed while it is still in the cache
	for n < len(p) && err == nil {
		var k int
		k, err = s.r.ReadAt(p[n:min(n+piece, len(p))], off)
		if off == s.at {
			s.sum = crc32.Update(s.sum, castagnoli, p[n:n+k])
			s.at += int64(k)
		}
		n, off = n+k, off+int64(k)
	}
	return n, err
}
