package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/recur-go/recur/internal/format"
)

// A Source is a tensor to be written.
type Source struct {
	Name  string
	DType DType
	Shape []int
	Data  []byte // little-endian, row-major
}

// From makes a Source of values, whose type names that of the tensor. It keeps
// the values and does not copy them where the machine is little-endian.
func From[T Value](name string, values []T, shape ...int) Source {
	b, d := littleEndian(values)
	if b == nil {
		b = make([]byte, 0, len(values)*d.Size())
		b, _ = binary.Append(b, binary.LittleEndian, values) // fixed-size values cannot fail
	}
	return Source{Name: name, DType: d, Shape: shape, Data: b}
}

// Layout returns tensors in the order in which Write lays them out: wide elements
// first, so that every tensor is aligned to its elements, and tensors of equal
// width in the order given.
func Layout(tensors []Source) []Source {
	return slices.SortedStableFunc(slices.Values(tensors), func(a, b Source) int {
		return cmp.Compare(b.DType.Size(), a.DType.Size())
	})
}

// Write writes a file of tensors, in the order of Layout, and of metadata, which
// may be nil. Equal arguments make equal bytes. What the reader of this package
// would refuse, Write refuses.
func Write(w io.Writer, metadata map[string]string, tensors []Source) error {
	tensors = Layout(tensors)
	header, err := appendHeader(metadata, tensors)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, t := range tensors {
		if _, err := w.Write(t.Data); err != nil {
			return err
		}
	}
	return nil
}

// appendHeader makes the length and the header of a file.
func appendHeader(metadata map[string]string, tensors []Source) ([]byte, error) {
	b := make([]byte, prefixSize, 512)
	sep := "{"
	if len(metadata) > maxTensors || len(tensors)+min(len(metadata), 1) > maxTensors {
		return nil, bad("%d tensors and %d keys of metadata, more than %d", len(tensors), len(metadata), maxTensors)
	}
	if len(metadata) > 0 {
		b = append(b, `{"`+metadataKey+`":`...)
		for _, key := range slices.Sorted(maps.Keys(metadata)) {
			if !utf8.ValidString(key) || !utf8.ValidString(metadata[key]) {
				return nil, bad("metadata %s is not valid UTF-8", format.Quote(key))
			}
			b = appendString(append(b, sep...), key)
			b = appendString(append(b, ':'), metadata[key])
			sep = ","
		}
		b = append(b, '}')
	}
	seen := map[string]bool{metadataKey: true}
	at := 0
	for _, t := range tensors {
		if err := t.check(seen); err != nil {
			return nil, err
		}
		seen[t.Name] = true
		b = appendString(append(b, sep...), t.Name)
		b = append(b, `:{"dtype":"`+string(t.DType)+`","shape":`...)
		b = appendInts(b, t.Shape)
		b = append(b, `,"data_offsets":`...)
		b = append(appendInts(b, []int{at, at + len(t.Data)}), '}')
		at += len(t.Data)
		sep = ","
	}
	if sep == "{" {
		b = append(b, sep...)
	}
	b = append(b, '}')
	for len(b)%8 != 0 { // the data begins aligned
		b = append(b, ' ')
	}
	if len(b)-prefixSize > maxHeader {
		return nil, bad("header of %d bytes is longer than %d", len(b)-prefixSize, maxHeader).WithHint("keep large data in tensors, not in metadata")
	}
	binary.LittleEndian.PutUint64(b, uint64(len(b)-prefixSize))
	return b, nil
}

func (t *Source) check(seen map[string]bool) error {
	fail := func(reason string, args ...any) error {
		return bad(reason, args...).In(t.Name)
	}
	size, ok := sizeOf(t.Shape, t.DType)
	switch {
	case seen[t.Name]:
		return fail("its name is taken")
	case len(t.Name) > maxName || !utf8.ValidString(t.Name):
		return fail("its name is not valid UTF-8 of at most %d bytes", maxName)
	case t.DType.Size() == 0:
		return fail("dtype %s is unknown", format.Quote(string(t.DType)))
	case len(t.Shape) > maxRank:
		return fail("it has %d dimensions, more than %d", len(t.Shape), maxRank)
	case slices.ContainsFunc(t.Shape, func(d int) bool { return d < 0 }):
		return fail("a dimension of %v is negative", t.Shape)
	case !ok || size != uint64(len(t.Data)):
		return fail("%d bytes do not fill shape %v of %s", len(t.Data), t.Shape, t.DType)
	}
	return nil
}

func appendString(b []byte, s string) []byte {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string can always be encoded
	}
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}

func appendInts(b []byte, list []int) []byte {
	text := make([]string, len(list))
	for i, n := range list {
		text[i] = strconv.Itoa(n)
	}
	return append(b, "["+strings.Join(text, ",")+"]"...)
}
