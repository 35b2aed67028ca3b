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
