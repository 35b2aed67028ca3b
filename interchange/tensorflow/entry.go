package tensorflow

import (
	"fmt"
	"math"
	"math/bits"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/recur-go/recur/internal/ieee"
)

// fields calls visit for the fields of a protocol buffer: v of a number, b of bytes.
func fields(b []byte, visit func(num protowire.Number, v uint64, b []byte) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("a field of an entry is damaged")
		}
		b = b[n:]
		var v uint64
		var data []byte
		switch typ {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var w uint32
			w, n = protowire.ConsumeFixed32(b)
			v = uint64(w)
		case protowire.Fixed64Type:
			v, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			data, n = protowire.ConsumeBytes(b)
		default:
			return fmt.Errorf("a field of an entry has type %d", typ)
		}
		if n < 0 {
			return fmt.Errorf("a field of an entry is cut short")
		}
		b = b[n:]
		if err := visit(num, v, data); err != nil {
			return err
		}
	}
	return nil
}

// header is TensorFlow's BundleHeaderProto.
type header struct {
	shards uint64
	big    bool
}

func parseHeader(b []byte) (h header, err error) {
	h.shards = 1
	err = fields(b, func(num protowire.Number, v uint64, b []byte) error {
		switch num {
		case 1:
			h.shards = v
		case 2:
			h.big = v != 0
		}
		return nil
	})
	return h, err
}

// parseEntry reads a BundleEntryProto.
func parseEntry(name string, b []byte) (*Variable, error) {
	v := &Variable{Name: name}
	err := fields(b, func(num protowire.Number, n uint64, b []byte) error {
		switch num {
		case 1:
			v.DType = DType(n)
		case 2:
			return v.parseShape(b)
		case 3:
			v.shard = n
		case 4:
			v.offset = n
		case 5:
			v.size = n
		case 6:
			v.crc = uint32(n)
		case 7:
			v.sliced = true
		}
		return nil
	})
	return v, err
}

// maxRank is how many dimensions a tensor may have.
const maxRank = 254

// parseShape reads a TensorShapeProto.
func (v *Variable) parseShape(b []byte) error {
	return fields(b, func(num protowire.Number, n uint64, b []byte) error {
		if num == 3 && n != 0 {
			return fmt.Errorf("a shape that is not known")
		}
		if num != 2 {
			return nil
		}
		size := uint64(0)
		err := fields(b, func(num protowire.Number, n uint64, _ []byte) error {
			if num == 1 {
				size = n
			}
			return nil
		})
		if size > math.MaxInt32 || len(v.Shape) == maxRank {
			return fmt.Errorf("a dimension of %d", int64(size))
		}
		v.Shape = append(v.Shape, int(size))
		return err
	})
}

// length is the number of values of a shape, or false where it cannot be counted.
func length(shape []int) (n uint64, ok bool) {
	n = 1
	for _, d := range shape {
		hi, lo := bits.Mul64(n, uint64(d))
		if n = lo; hi != 0 || n > math.MaxInt64/8 {
			return 0, false
		}
	}
	return n, true
}

// A DType is the type of a variable's values, with TensorFlow's number for it.
type DType int

// The types whose values can be read.
const (
	float     DType = 1
	double    DType = 2
	bfloat16  DType = 14
	halfFloat DType = 19
)

var forms = map[DType]ieee.Form{float: ieee.F32, double: ieee.F64, bfloat16: ieee.BF16, halfFloat: ieee.F16}

var dtypes = map[DType]struct {
	name string
	size uint64
}{
	float: {"float32", 4}, double: {"float64", 8}, 3: {"int32", 4}, 4: {"uint8", 1}, 5: {"int16", 2}, 6: {"int8", 1}, 7: {"string", 0},
	8: {"complex64", 8}, 9: {"int64", 8}, 10: {"bool", 1}, bfloat16: {"bfloat16", 2}, 17: {"uint16", 2}, 18: {"complex128", 16},
	halfFloat: {"float16", 2}, 20: {"resource", 0}, 21: {"variant", 0}, 22: {"uint32", 4}, 23: {"uint64", 8},
}

func (d DType) String() string {
	if t, ok := dtypes[d]; ok {
		return t.name
	}
	return fmt.Sprintf("type %d", int(d))
}

// isFloat reports whether values are floating-point, and so can be read.
func (d DType) isFloat() bool { return forms[d] != "" }
