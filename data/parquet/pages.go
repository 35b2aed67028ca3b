package parquet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// Pages are read here, and not by the library, which takes the memory that they promise: a
// run of a few bytes may stand for any number of values, and packed bytes for any number of
// others. Here none is taken before it is known to be in proportion to the file.

// mostOf is how many bytes n bytes may be unpacked to.
func mostOf(n int) int { return min(16<<20+64*n, 1<<30) }

// mostRows is how many rows a file of size bytes may have.
func mostRows(size int64) int64 { return 1<<20 + 64*size }

// A chunk is a column of a group of rows.
type chunk struct {
	in       io.ReaderAt
	at, end  int64 // what is left of the file's bytes
	meta     *format.ColumnMetaData
	column   int
	optional bool
	width    int // bytes of a value of fixed length

	left       int64 // values
	dictionary []parquet.Value
	values     []parquet.Value    // those of the page, null or not
	spare      [2][]parquet.Value // memory for those that are known, and with null ones
	there      []uint32           // which are known
	places     []uint32           // in the dictionary
	head       []byte             // bytes that begin with a header
	zstd       *zstd.Decoder
}

// room is spare memory for n values.
func (c *chunk) room(k, n int) []parquet.Value {
	if cap(c.spare[k]) < n {
		c.spare[k] = make([]parquet.Value, n)
	}
	return c.spare[k][:n]
}

// newChunk finds the bytes of a column of n rows in a file of size bytes.
func newChunk(in io.ReaderAt, size int64, c *format.ColumnChunk, leaf parquet.LeafColumn, n int64) (*chunk, error) {
	m := &c.MetaData
	at := m.DataPageOffset
	if d := m.DictionaryPageOffset; d > 0 && d < at {
		at = d
	}
	switch {
	case c.FilePath != "":
		return nil, errors.New("a column lies in another file")
	case at < 4 || m.TotalCompressedSize < 0 || at > size || m.TotalCompressedSize > size-at:
		return nil, fmt.Errorf("a column of %d bytes at %d does not lie in a file of %d", m.TotalCompressedSize, at, size)
	case m.NumValues != n:
		return nil, fmt.Errorf("a column has %d values in %d rows", m.NumValues, n)
	}
	width := 0
	if m.Type == format.FixedLenByteArray {
		width = leaf.Node.Type().Length()
	}
	return &chunk{in: in, at: at, end: at + m.TotalCompressedSize, meta: m, column: leaf.ColumnIndex, optional: leaf.Node.Optional(), width: width, left: n}, nil
}

// next is the value of the next row.
func (c *chunk) next() (parquet.Value, error) {
	for len(c.values) == 0 {
		if c.left == 0 {
			return parquet.Value{}, errors.New("a column ends before its rows do")
		}
		if err := c.page(); err != nil {
			return parquet.Value{}, err
		}
	}
	v := c.values[0].Level(0, 0, c.column)
	c.values = c.values[1:]
	return v, nil
}

// page reads the next one.
func (c *chunk) page() error {
	var h format.PageHeader
	if err := c.header(&h); err != nil {
		return err
	}
	if h.CompressedPageSize < 0 || h.UncompressedPageSize < 0 || int64(h.CompressedPageSize) > c.end-c.at {
		return fmt.Errorf("a page of %d bytes where %d are left", h.CompressedPageSize, c.end-c.at)
	}
	body := make([]byte, h.CompressedPageSize)
	if _, err := c.in.ReadAt(body, c.at); err != nil && err != io.EOF {
		return err
	}
	c.at += int64(len(body))
	size := int(h.UncompressedPageSize)
	switch h.Type {
	case format.DictionaryPage:
		d := h.DictionaryPageHeader
		if !d.Valid || c.dictionary != nil {
			return errors.New("a dictionary without a header, or a second one")
		}
		n := int(d.V.NumValues)
		b, err := c.unpack(body, size)
		if err == nil && (n < 0 || n > 8*len(b)) {
			err = fmt.Errorf("a dictionary of %d values in %d bytes", n, len(b))
		}
		if err == nil {
			c.dictionary = make([]parquet.Value, n)
			err = plain(c.meta.Type, c.width, b, c.dictionary)
		}
		return err
	case format.DataPage:
		if !h.DataPageHeader.Valid {
			return errors.New("a page has no header")
		}
		d := h.DataPageHeader.V
		b, err := c.unpack(body, size)
		if err != nil {
			return err
		}
		var levels []byte
		if c.optional {
			if d.DefinitionLevelEncoding != format.RLE {
				return fmt.Errorf("what is null is encoded as %v, which is not read", d.DefinitionLevelEncoding)
			}
			if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
				return errShort
			}
			n := 4 + int(binary.LittleEndian.Uint32(b))
			levels, b = b[4:n], b[n:]
		}
		return c.fill(levels, d.Encoding, b, int64(d.NumValues))
	case format.DataPageV2:
		if !h.DataPageHeaderV2.Valid {
			return errors.New("a page has no header")
		}
		d := h.DataPageHeaderV2.V
		def, rep := int(d.DefinitionLevelsByteLength), int(d.RepetitionLevelsByteLength)
		if def < 0 || rep < 0 || rep > len(body) || def > len(body)-rep || def+rep > size {
			return errShort
		}
		levels, b := body[rep:rep+def], body[rep+def:]
		if !d.IsCompressed.Valid || d.IsCompressed.V {
			var err error
			if b, err = c.unpack(b, size-def-rep); err != nil {
				return err
			}
		}
		return c.fill(levels, d.Encoding, b, int64(d.NumValues))
	}
	return nil // an index
}

// header reads that of a page.
func (c *chunk) header(h *format.PageHeader) error {
	for n := int64(1 << 10); ; n *= 16 { // it may hold the least and the largest value
		n = min(n, c.end-c.at)
		if int64(len(c.head)) < n {
			c.head = make([]byte, n)
		}
		b := c.head[:n]
		if _, err := c.in.ReadAt(b, c.at); err != nil && err != io.EOF {
			return err
		}
		r := new(thrift.CompactProtocol).NewReaderFromBytes(b)
		err := thrift.NewDecoder(r).Decode(h)
		if err == nil {
			c.at += int64(r.BytesRead())
			return nil
		}
		if n >= c.end-c.at || n > 16<<20 {
			return errors.New("the header of a page is damaged")
		}
		*h = format.PageHeader{}
	}
}

// fill decodes n values, those that are null by levels.
func (c *chunk) fill(levels []byte, encoding format.Encoding, b []byte, n int64) error {
	if n < 0 || n > c.left {
		return fmt.Errorf("a page of %d values where %d are left", n, c.left)
	}
	c.left -= n
	known := int(n)
	if c.optional {
		var err error
		if c.there, err = runs(c.there, levels, 1, int(n)); err != nil {
			return err
		}
		known = 0
		for _, d := range c.there {
			known += int(d)
		}
	}
	values := c.room(0, known)
	if err := c.decode(encoding, b, values); err != nil {
		return err
	}
	c.values = values
	if known < int(n) {
		c.values = c.room(1, int(n))
		for i, k := 0, 0; i < len(c.there); i++ {
			if c.values[i] = (parquet.Value{}); c.there[i] == 1 {
				c.values[i] = values[k]
				k++
			}
		}
	}
	return nil
}

// unpack gives the size bytes of what is packed by the codec of the chunk.
func (c *chunk) unpack(b []byte, size int) ([]byte, error) {
	if size > mostOf(len(b)) {
		return nil, fmt.Errorf("a page of %d bytes declares %d", len(b), size)
	}
	if len(b) == 0 && size == 0 { // some writers pack no values to no bytes
		return nil, nil
	}
	var out []byte
	var err error
	switch c.meta.Codec {
	case format.Uncompressed:
		out = b
	case format.Snappy:
		var n int
		if n, err = snappy.DecodedLen(b); err == nil && n == size {
			out, err = snappy.Decode(nil, b)
		}
	case format.Lz4Raw:
		out = make([]byte, size)
		var n int
		n, err = lz4.UncompressBlock(b, out)
		out = out[:max(n, 0)]
	case format.Gzip:
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(b)); err == nil {
			out, err = atMost(z, size)
		}
	case format.Zstd:
		if c.zstd == nil {
			most := uint64(mostOf(int(c.meta.TotalCompressedSize)))
			if c.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(most), zstd.WithDecoderMaxWindow(min(most, 512<<20))); err != nil {
				return nil, err
			}
		}
		if err = c.zstd.Reset(bytes.NewReader(b)); err == nil {
			out, err = atMost(c.zstd, size)
		}
	case format.Brotli:
		out, err = atMost(brotli.NewReader(bytes.NewReader(b)), size)
	default:
		return nil, fmt.Errorf("pages are packed by %v, which is not read", c.meta.Codec)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("a page packed by %v is damaged", c.meta.Codec)
	case len(out) != size:
		return nil, fmt.Errorf("a page has not the %d bytes that it declares", size)
	}
	return out, nil
}

// atMost reads size bytes, which are to be all.
func atMost(r io.Reader, size int) ([]byte, error) {
	b := make([]byte, size)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	var more [1]byte
	if n, err := io.ReadFull(r, more[:]); n > 0 || err != io.EOF {
		return nil, errors.New("there is more")
	}
	return b, nil
}
