// Package safetensors reads and writes the safetensors file format, in which
// weights travel between PyTorch, Keras, JAX, MLX and recur:
//
//	bytes of the header, uint64 little-endian
//	header: a JSON object {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …},
//	        with free text under "__metadata__", padded with spaces
//	data:   the values of every tensor, little-endian, row-major
//
// A file holds numbers and text, never code. The reader trusts nothing: it
// refuses, with a *FormatError, any file whose tensors do not cover the data
// exactly once, and allocates nothing whose size it has not checked against the
// bytes that are there. Tensors are read one by one, when asked for.
package safetensors

import "github.com/recur-go/recur/internal/format"

// Limits of files that are read or written. The format itself has fewer.
const (
	maxHeader  = 16 << 20 // bytes of JSON
	maxTensors = 65536    // and keys of metadata
	maxRank    = 8
	maxName    = 1024 // bytes
)

// A DType is the type of the elements of a tensor, by its name in the format.
type DType string

// The types that recur reads. F8_E4M3 is the variant without infinities.
const (
	F64    DType = "F64"
	F32    DType = "F32"
	F16    DType = "F16"
	BF16   DType = "BF16"
	F8E4M3 DType = "F8_E4M3"
	F8E5M2 DType = "F8_E5M2"
	I64    DType = "I64"
	I32    DType = "I32"
	I16    DType = "I16"
	I8     DType = "I8"
	U64    DType = "U64"
	U32    DType = "U32"
	U16    DType = "U16"
	U8     DType = "U8"
	Bool   DType = "BOOL"
)

// Size is the bytes of one element, 0 for a type that recur does not know.
func (d DType) Size() int {
	switch d {
	case F64, I64, U64:
		return 8
	case F32, I32, U32:
		return 4
	case F16, BF16, I16, U16:
		return 2
	case F8E4M3, F8E5M2, I8, U8, Bool:
		return 1
	}
	return 0
}

// IsFloat reports whether elements are floating-point numbers, which Read converts.
func (d DType) IsFloat() bool {
	switch d {
	case F64, F32, F16, BF16, F8E4M3, F8E5M2:
		return true
	}
	return false
}

// A FormatError is what is wrong with a file, or with what was to be written
// to one. It has the fields
//
//	System string // "safetensors"
//	Path   string // name of the file, "" when read from memory
//	Object string // name of the tensor at fault, "" for none
//	Offset int64  // byte where the fault was seen, -1 when writing
//	Reason string // the fault in words
//	Hint   string // a remedy, "" if none is known
type FormatError = format.Error

func bad(reason string, args ...any) *FormatError { return badAt(-1, reason, args...) }

func badAt(offset int64, reason string, args ...any) *FormatError {
	return format.Errorf("safetensors", offset, reason, args...)
}
