package parquet

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// plainDictionary is what older files call an index into the dictionary.
const plainDictionary format.Encoding = 2

// decode decodes the values of a page that are not null.
func (c *chunk) decode(encoding format.Encoding, b []byte, values []parquet.Value) error {
	kind, n := c.meta.Type, len(values)
	switch encoding {
	case format.Plain:
		return plain(kind, c.width, b, values)
	case format.RLEDictionary, plainDictionary:
		return c.indexed(b, values)
	case format.RLE:
		if kind == format.Boolean {
			return truths(b, values)
		}
	case format.DeltaBinaryPacked:
		if kind == format.Int32 || kind == format.Int64 {
			numbers, _, err := deltas(b, n)
			for i, v := range numbers {
				if values[i] = parquet.Int64Value(v); kind == format.Int32 {
					values[i] = parquet.Int32Value(int32(v))
				}
			}
			return err
		}
	case format.DeltaLengthByteArray:
		if kind == format.ByteArray {
			parts, _, err := lengths(b, n)
			texts(kind, parts, values)
			return err
		}
	case format.DeltaByteArray:
		if kind == format.ByteArray || kind == format.FixedLenByteArray {
			return prefixed(kind, c.width, b, values)
		}
	case format.ByteStreamSplit:
		size := sizeOf(kind, c.width)
		if size == 0 || n > len(b)/size {
			return errShort
		}
		together := make([]byte, n*size)
		for i := range together {
			together[i] = b[i%size*n+i/size]
		}
		return plain(kind, c.width, together, values)
	}
	return fmt.Errorf("values of the type %v are encoded as %v, which is not read", kind, encoding)
}

// sizeOf is how many bytes a value has, 0 if that differs.
func sizeOf(kind format.Type, width int) int {
	switch kind {
	case format.Int32, format.Float:
		return 4
	case format.Int64, format.Double:
		return 8
	case format.Int96:
		return 12
	case format.FixedLenByteArray:
		return max(width, 0)
	}
	return 0
}

func plain(kind format.Type, width int, b []byte, values []parquet.Value) error {
	n := len(values)
	switch kind {
	case format.Boolean:
		if (n+7)/8 > len(b) {
			return errShort
		}
		for i := range values {
			values[i] = parquet.BooleanValue(unpack(b, i, 1) == 1)
		}
		return nil
	case format.ByteArray:
		for i := range values {
			if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
				return errShort
			}
			end := 4 + int(binary.LittleEndian.Uint32(b))
			values[i] = parquet.ByteArrayValue(b[4:end:end])
			b = b[end:]
		}
		return nil
	}
	size := sizeOf(kind, width)
	if size == 0 || n > len(b)/size {
		return errShort
	}
	for i := range values {
		v := b[i*size : (i+1)*size : (i+1)*size]
		switch kind {
		case format.Int32:
			values[i] = parquet.Int32Value(int32(binary.LittleEndian.Uint32(v)))
		case format.Int64:
			values[i] = parquet.Int64Value(int64(binary.LittleEndian.Uint64(v)))
		case format.Float:
			values[i] = parquet.FloatValue(math.Float32frombits(binary.LittleEndian.Uint32(v)))
		case format.Double:
			values[i] = parquet.DoubleValue(math.Float64frombits(binary.LittleEndian.Uint64(v)))
		case format.Int96:
			values[i] = parquet.Int96Value(deprecated.Int96{binary.LittleEndian.Uint32(v), binary.LittleEndian.Uint32(v[4:]), binary.LittleEndian.Uint32(v[8:])})
		default:
			values[i] = parquet.FixedLenByteArrayValue(v)
		}
	}
	return nil
}

// indexed are places in the dictionary of the chunk.
func (c *chunk) indexed(b []byte, values []parquet.Value) (err error) {
	if len(values) == 0 {
		return nil
	}
	if len(b) == 0 {
		return errShort
	}
	if c.places, err = runs(c.places, b[1:], int(b[0]), len(values)); err != nil {
		return err
	}
	for i, k := range c.places {
		if uint64(k) >= uint64(len(c.dictionary)) {
			return fmt.Errorf("value %d of a dictionary of %d", k, len(c.dictionary))
		}
		values[i] = c.dictionary[k]
	}
	return nil
}

// truths are runs of truth values after their length.
func truths(b []byte, values []parquet.Value) error {
	if len(b) < 4 {
		return errShort
	}
	list, err := runs(nil, b[4:], 1, len(values))
	for i, v := range list {
		values[i] = parquet.BooleanValue(v == 1)
	}
	return err
}

// lengths are byte arrays after all of their lengths, and what follows them.
func lengths(b []byte, n int) (parts [][]byte, rest []byte, err error) {
	sizes, b, err := deltas(b, n)
	if err != nil {
		return nil, nil, err
	}
	parts = make([][]byte, n)
	for i, size := range sizes {
		if size < 0 || size > int64(len(b)) {
			return nil, nil, errShort
		}
		parts[i], b = b[:size:size], b[size:]
	}
	return parts, b, nil
}

// prefixed are byte arrays that begin as the one before.
func prefixed(kind format.Type, width int, b []byte, values []parquet.Value) error {
	all := len(b)
	shared, b, err := deltas(b, len(values))
	if err != nil {
		return err
	}
	parts, _, err := lengths(b, len(values))
	if err != nil {
		return err
	}
	var last []byte
	most := mostOf(all)
	for i, k := range shared {
		if k < 0 || k > int64(len(last)) {
			return fmt.Errorf("a text shares %d bytes with one of %d", k, len(last))
		}
		if most -= int(k) + len(parts[i]); most < 0 {
			return fmt.Errorf("texts that share their beginnings have more than %d bytes", mostOf(all))
		}
		last = append(last[:k:k], parts[i]...)
		if parts[i] = last; kind == format.FixedLenByteArray && len(last) != width {
			return fmt.Errorf("a value of %d bytes where each has %d", len(last), width)
		}
	}
	texts(kind, parts, values)
	return nil
}

func texts(kind format.Type, parts [][]byte, values []parquet.Value) {
	for i, p := range parts {
		if values[i] = parquet.ByteArrayValue(p); kind == format.FixedLenByteArray {
			values[i] = parquet.FixedLenByteArrayValue(p)
		}
	}
}
