// Package checkpoint is the layout that models and checkpoints of training
// share: a safetensors file whose metadata has, besides whatever is foreign,
//
//	"recur"         a JSON object, with the version of the layout under "version"
//	"recur.crc32c"  two CRC-32C of 8 hexadecimal digits: of the header, less this
//	                key, and of the data
//
// so that any bit that flips is found when the file is read. Files are written
// by atomicfile: a reader finds the old one or the new one, whole.
package checkpoint

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"

	"github.com/recur-go/recur/internal/atomicfile"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model/safetensors"
)

// layoutVersion is the version of the layout that is written.
const layoutVersion = 2

// ProgressKey is where a checkpoint of training keeps how far it got.
const ProgressKey = "train"

const (
	docKey = "recur"
	sumKey = "recur.crc32c"
)

// Errors of reading, of class fault.Model.
var (
	ErrCorrupt = fault.Errorf(fault.Model, "the file is damaged")
	ErrVersion = fault.Errorf(fault.Model, "another format version")
)

// A Doc is the JSON object of a file, key by key. The key "version" belongs to
// this package.
type Doc map[string]json.RawMessage

// Set puts v under key as JSON.
func (d Doc) Set(key string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	d[key] = b
	return nil
}

// Decode reads what is under key into v.
func (d Doc) Decode(key string, v any) error {
	b, ok := d[key]
	if !ok {
		return fmt.Errorf("file has no %q", key)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

// A Tensor is a named array in memory, which is saved from there and filled there.
type Tensor struct {
	Name   string
	Shape  []int
	values any // []float32 or []float64
}

// Of names values, which it does not copy.
func Of[F float32 | float64](name string, values []F, shape ...int) Tensor {
	return Tensor{name, shape, values}
}

func (t *Tensor) source() safetensors.Source {
	if v, ok := t.values.([]float32); ok {
		return safetensors.From(t.Name, v, t.Shape...)
	}
	return safetensors.From(t.Name, t.values.([]float64), t.Shape...)
}

func (t *Tensor) read(from *safetensors.Tensor) error {
	if v, ok := t.values.([]float32); ok {
		return safetensors.Read(from, v)
	}
	return safetensors.Read(from, t.values.([]float64))
}

// Save replaces the file at path, whole or not at all.
func Save(path string, doc Doc, tensors []Tensor) error {
	return atomicfile.WriteFile(path, func(w io.Writer) error { return Write(w, doc, tensors) })
}

// Write writes a file of doc, which may be nil, and of tensors.
func Write(w io.Writer, doc Doc, tensors []Tensor) error {
	all := Doc{}
	maps.Copy(all, doc)
	if err := all.Set("version", layoutVersion); err != nil {
		return err
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	sources := make([]safetensors.Source, len(tensors))
	for i, t := range tensors {
		sources[i] = t.source()
	}
	sources = safetensors.Layout(sources)

	metadata := map[string]string{docKey: string(text)}
	header, data := newHeaderSum(metadata), uint32(0)
	for _, s := range sources {
		header.add(s.Name, s.DType, s.Shape)
		data = crc32.Update(data, castagnoli, s.Data)
	}
	metadata[sumKey] = sums(header.sum, data)
	return safetensors.Write(w, metadata, sources)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sums(header, data uint32) string { return fmt.Sprintf("%08x %08x", header, data) }

// A headerSum is the checksum of the text of a header.
type headerSum struct{ sum uint32 }

func newHeaderSum(metadata map[string]string) *headerSum {
	metadata = maps.Clone(metadata)
	delete(metadata, sumKey)
	h := &headerSum{}
	h.update(metadata)
	return h
}

func (h *headerSum) add(name string, d safetensors.DType, shape []int) {
	h.update(name, d, append([]int{}, shape...)) // a scalar may have a nil shape
}

func (h *headerSum) update(values ...any) {
	b, err := json.Marshal(values) // the keys of a map come sorted
	if err != nil {
		panic(err) // strings and ints can always be encoded
	}
	h.sum = crc32.Update(h.sum, castagnoli, b)
}
