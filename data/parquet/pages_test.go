package parquet

import (
	"testing"

	"github.com/parquet-go/parquet-go/format"
)

// A page of nulls alone may have no bytes, not even those of a codec.
func TestUnpackNothing(t *testing.T) {
	for _, codec := range []format.CompressionCodec{format.Uncompressed, format.Snappy, format.Gzip, format.Brotli, format.Zstd, format.Lz4Raw} {
		c := &chunk{meta: &format.ColumnMetaData{Codec: codec}}
		if b, err := c.unpack(nil, 0); err != nil || len(b) != 0 {
			t.Errorf("%v: %d bytes, %v", codec, len(b), err)
		}
		if _, err := c.unpack(nil, 1); err == nil {
			t.Errorf("%v: a byte out of none", codec)
		}
	}
}

// Numbers of 16 bits, of IEEE 754.
func TestHalf(t *testing.T) {
	for bits, want := range map[uint16]float64{0x3c00: 1, 0xc000: -2, 0x0001: 1.0 / (1 << 24), 0x7bff: 65504, 0x3555: 0.333251953125, 0x8000: 0} {
		if got := half(bits); got != want {
			t.Errorf("%#x is %v, want %v", bits, got, want)
		}
	}
}
