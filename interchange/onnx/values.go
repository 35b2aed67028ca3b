package onnx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/recur-go/recur/internal/format"
	"github.com/recur-go/recur/internal/ieee"
)

// ReadTensor reads a TensorProto, the format of the inputs and outputs in ONNX's
// test data, from a file of size bytes.
func ReadTensor(r io.ReaderAt, size int64) (t *Tensor, err error) {
	defer format.Catch(&err, "")
	p := parseTensor(newWire(r, size).root())
	(*externals)(nil).load(p)
	return p.Tensor, nil
}

// readValue reads a value of the given kind, "tensor", "sequence" or "optional",
// from the file at path: a TensorProto, SequenceProto or OptionalProto.
func readValue(path, kind string) (v Value, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if e, ok := err.(*FormatError); ok {
			e.Path = path
		}
	}()
	defer format.Catch(&err, "")
	m := newWire(bytes.NewReader(b), int64(len(b))).root()
	switch kind {
	case "tensor":
		return ReadTensor(bytes.NewReader(b), int64(len(b)))
	case "sequence":
		return parseSequence(m), nil
	case "optional":
		return parseOptional(m), nil
	}
	return nil, fmt.Errorf("onnx: %s: a value of kind %q is not supported", path, kind)
}

func parseSequence(m message) *Sequence {
	s := &Sequence{}
	for f, ok := m.next(); ok; f, ok = m.next() {
		if v := parseElement(&f, 3, 5, 7); v != nil {
			s.Values = append(s.Values, v)
		}
	}
	return s
}

func parseOptional(m message) *Optional {
	o := &Optional{}
	for f, ok := m.next(); ok; f, ok = m.next() {
		if v := parseElement(&f, 3, 5, 7); v != nil {
			o.Value = v
		}
	}
	return o
}

// parseElement reads a field that holds a tensor, a sequence or an optional, and
// passes others over, but for maps and sparse tensors.
func parseElement(f *field, tensor, sequence, optional int) Value {
	switch f.num {
	case tensor:
		t := parseTensor(f.message())
		(*externals)(nil).load(t)
		return t.Tensor
	case sequence:
		return parseSequence(f.message())
	case optional:
		return parseOptional(f.message())
	case 4, 6:
		corrupt(f.at, "a value holds a map or a sparse tensor, which are not supported")
	}
	return nil
}

// AppendTensor appends t as a TensorProto, which ReadTensor and other systems read,
// with the given name, which may be "".
func AppendTensor(b []byte, t *Tensor, name string) []byte {
	for _, d := range t.Shape {
		b = protowire.AppendTag(b, 1, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(d))
	}
	b = protowire.AppendTag(b, 2, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(t.DType))
	if name != "" {
		b = protowire.AppendTag(b, 8, protowire.BytesType)
		b = protowire.AppendString(b, name)
	}
	if d, ok := t.data.([]string); ok {
		for _, s := range d {
			b = protowire.AppendTag(b, 6, protowire.BytesType)
			b = protowire.AppendString(b, s)
		}
		return b
	}
	b = protowire.AppendTag(b, 9, protowire.BytesType)
	return protowire.AppendBytes(b, appendRaw(nil, t))
}

// appendRaw appends the elements of t as raw_data has them.
func appendRaw(b []byte, t *Tensor) []byte {
	at, size := len(b), t.DType.Size()
	switch t.DType {
	case Float16, BFloat16:
		to := ieee.ToHalf
		if t.DType == BFloat16 {
			to = ieee.ToBrain
		}
		for _, x := range t.data.([]float32) {
			b = binary.NativeEndian.AppendUint16(b, to(x))
		}
	case Bool:
		for _, v := range t.data.([]bool) {
			b = append(b, choose[byte](v, 1, 0))
		}
	default:
		b = append(b, kinds[t.DType].(numberKind).bytes(t.data)...)
	}
	if !ieee.LittleEndian {
		ieee.Flip(b[at:], size)
	}
	return b
}
