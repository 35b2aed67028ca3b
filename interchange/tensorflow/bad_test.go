package tensorflow

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/recur-go/recur/internal/badfile"
)

// A pair is an entry of a table.
type pair struct {
	key   string
	value []byte
}

// tableOf writes a table of one block.
func tableOf(entries []pair) []byte { return tableOfBlock(blockOf(entries)) }

func blockOf(entries []pair) (b []byte) {
	last := ""
	for _, e := range entries {
		shared := 0
		for shared < min(len(last), len(e.key)) && last[shared] == e.key[shared] {
			shared++
		}
		b = protowire.AppendVarint(b, uint64(shared))
		b = protowire.AppendVarint(b, uint64(len(e.key)-shared))
		b = protowire.AppendVarint(b, uint64(len(e.value)))
		b = append(append(b, e.key[shared:]...), e.value...)
		last = e.key
	}
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, 0), 1)
}

// tableOfBlock is a table whose only block has the given bytes and a good checksum.
func tableOfBlock(data []byte) []byte { return tableOfHandles(data, 1) }

// tableOfHandles has the same block n times in the index of its blocks.
func tableOfHandles(data []byte, n int) []byte {
	var file []byte
	add := func(b []byte) (handle []byte) {
		handle = protowire.AppendVarint(protowire.AppendVarint(nil, uint64(len(file))), uint64(len(b)))
		b = append(bytes.Clone(b), 0)
		file = append(file, b...)
		file = binary.LittleEndian.AppendUint32(file, masked(crc32.Checksum(b, castagnoli)))
		return handle
	}
	at := add(data)
	meta := add(blockOf(nil))
	footer := append(meta, add(blockOf(slices.Repeat([]pair{{"zzz", at}}, n)))...)
	file = append(file, append(footer, make([]byte, footerSize-8-len(footer))...)...)
	return binary.LittleEndian.AppendUint64(file, tableMagic)
}

// entryOf is a BundleEntryProto.
func entryOf(dtype uint64, shape []uint64, shard, offset, size uint64, crc uint32) []byte {
	var dims []byte
	for _, d := range shape {
		dim := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), d)
		dims = protowire.AppendBytes(protowire.AppendTag(dims, 2, protowire.BytesType), dim)
	}
	b := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), dtype)
	b = protowire.AppendBytes(protowire.AppendTag(b, 2, protowire.BytesType), dims)
	for i, v := range []uint64{shard, offset, size} {
		b = protowire.AppendVarint(protowire.AppendTag(b, protowire.Number(3+i), protowire.VarintType), v)
	}
	return protowire.AppendFixed32(protowire.AppendTag(b, 6, protowire.Fixed32Type), crc)
}

var headerOne = pair{"", []byte{8, 1}} // one file of values

// readAll reads all that a checkpoint has.
func readAll(index, data []byte) error {
	c := &Checkpoint{}
	err := c.read(index, func(i, n uint64) (io.ReaderAt, int64, string, error) {
		return bytes.NewReader(data), int64(len(data)), "data", nil
	})
	if err != nil {
		return err
	}
	for _, v := range c.Variables {
		if v.DType.isFloat() {
			if err := Read(v, make([]float32, v.Len())); err != nil {
				return err
			}
		}
	}
	_, err = c.Model(nil)
	return err
}

type badFile struct {
	index, data []byte
	want        string
}

// longNames are entries of few bytes whose names have 60 KB, most of them shared.
func longNames() []pair {
	list := []pair{headerOne}
	for i := range 1000 {
		list = append(list, pair{strings.Repeat("x", 60<<10) + fmt.Sprintf("%04d", i), entryOf(1, nil, 0, 0, 4, 0)})
	}
	return list
}

func badFiles() map[string]badFile {
	data := []byte{0, 0, 128, 63, 0, 0, 0, 64} // 1, 2
	sum := masked(crc32.Checksum(data, castagnoli))
	good := entryOf(1, []uint64{2}, 0, 0, 8, sum)
	one := func(e []byte) []byte { return tableOf([]pair{headerOne, {"x/bias", e}}) }
	flip := func(b []byte, at int) []byte { b = bytes.Clone(b); b[at] ^= 0x55; return b }
	return map[string]badFile{
		"empty":              {nil, data, "does not end as"},
		"cut short":          {one(good)[:60], data, "does not end as"},
		"another file":       {bytes.Repeat([]byte("x"), 100), data, "does not end as"},
		"block damaged":      {flip(one(good), 9), data, "checksum of a block"},
		"footer damaged":     {flip(one(good), len(one(good))-46), data, ""},
		"no header":          {tableOf([]pair{{"x/bias", good}}), data, "version 1"},
		"no shards":          {tableOf([]pair{{"", []byte{8, 0}}}), data, "0 files"},
		"shard of none":      {one(entryOf(1, []uint64{2}, 5, 0, 8, sum)), data, "file 5 of 1"},
		"values cut short":   {one(good), data[:6], "cut short"},
		"values damaged":     {one(good), []byte{1, 0, 128, 63, 0, 0, 0, 64}, "its checksum"},
		"size of others":     {one(entryOf(1, []uint64{3}, 0, 0, 8, sum)), data, "needs 12 bytes"},
		"huge shape":         {one(entryOf(1, []uint64{1 << 20, 1 << 20, 1 << 20, 1 << 20}, 0, 0, 8, sum)), data, "can be counted"},
		"negative dimension": {one(entryOf(1, []uint64{1<<64 - 1}, 0, 0, 8, sum)), data, "dimension of -1"},
		"offset overflows":   {one(entryOf(1, []uint64{2}, 0, 1<<64-4, 8, sum)), data, "do not lie"},
		"out of order":       {tableOf([]pair{headerOne, {"b", good}, {"a", good}}), data, "follows"},
		"twice":              {tableOf([]pair{headerOne, {"a", good}, {"a", good}}), data, "follows"},
		"damaged entry":      {one([]byte{0xff, 0xff}), data, "damaged"},
		"group":              {one([]byte{0x0b}), data, "has type 3"},
		"a block twice":      {tableOfHandles(blockOf([]pair{headerOne}), 2), data, "lies before the end"},
		"names that share":   {tableOf(longNames()), data, "its names have more than"},
		"no network":         {one(good), data, "how they are connected"},
	}
}

func BenchmarkBadFiles(b *testing.B) {
	all := badFiles()
	var files []badfile.File
	for name := range all {
		files = append(files, badfile.File{Name: name, Bytes: []byte(name)})
	}
	badfile.Benchmark(b, files, func(name []byte) error { return readAll(all[string(name)].index, all[string(name)].data) })
}

func TestBadFiles(t *testing.T) {
	for name, c := range badFiles() {
		t.Run(name, func(t *testing.T) {
			err := readAll(c.index, c.data)
			var format *FormatError
			var mapping *MapError
			if !errors.As(err, &format) && !errors.As(err, &mapping) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want an error about %q", err, c.want)
			}
		})
	}
}

// Whatever is cut off or changed, nothing panics, and an error has a type.
func TestDamage(t *testing.T) {
	g := goldens(t)[0]
	index, err := os.ReadFile(g.prefix + ".index")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(g.prefix + ".data-00000-of-00001")
	if err != nil {
		t.Fatal(err)
	}
	for n := range index {
		if err := readAll(index[:n], data); err == nil {
			t.Errorf("%d bytes of an index of %d were read", n, len(index))
		}
	}
	for i := range 8 * len(index) {
		d := bytes.Clone(index)
		d[i/8] ^= 1 << (i % 8)
		var format *FormatError
		var mapping *MapError
		if err := readAll(d, data); err != nil && !errors.As(err, &format) && !errors.As(err, &mapping) {
			t.Fatalf("bit %d: %T: %v", i, err, err)
		}
	}
	for i := 8; i < len(data); i++ { // before is a whole number, the global step
		d := bytes.Clone(data)
		d[i] ^= 1
		if err := readAll(index, d); err == nil {
			t.Errorf("byte %d of the values was changed unseen", i)
		}
	}
}

// FuzzTable changes what the blocks of an index say.
func FuzzTable(f *testing.F) {
	f.Add([]byte{8, 1}, []byte("x/bias"), entryOf(1, []uint64{2}, 0, 0, 8, 1))
	f.Add([]byte{8, 1}, []byte("rnn/lstm_cell/kernel"), entryOf(1, []uint64{2, 4}, 0, 0, 32, 1))
	f.Fuzz(func(t *testing.T, header, key, entry []byte) {
		err := readAll(tableOf([]pair{{"", header}, {string(key), entry}}), make([]byte, 64))
		var format *FormatError
		var mapping *MapError
		if err != nil && !errors.As(err, &format) && !errors.As(err, &mapping) {
			t.Errorf("%T: %v", err, err)
		}
	})
}

// FuzzBlock changes the bytes of a block, whose checksum is good, and the spec.
func FuzzBlock(f *testing.F) {
	for _, g := range goldens(f) {
		c, err := Open(g.prefix)
		if err != nil {
			f.Fatal(err)
		}
		defer c.Close()
		entries := []pair{headerOne}
		at := uint64(0)
		for _, v := range c.Variables {
			shape := []uint64{}
			for _, d := range v.Shape {
				shape = append(shape, uint64(d))
			}
			entries = append(entries, pair{v.Name, entryOf(uint64(v.DType), shape, 0, at, v.size, v.crc)})
			at += v.size
		}
		f.Add(blockOf(entries), []byte(g.Spec))
	}
	f.Fuzz(func(t *testing.T, block, spec []byte) {
		c := &Checkpoint{}
		err := c.read(tableOfBlock(block), func(i, n uint64) (io.ReaderAt, int64, string, error) {
			return bytes.NewReader(make([]byte, 4096)), 4096, "data", nil
		})
		var format *FormatError
		if err != nil && !errors.As(err, &format) {
			t.Errorf("%T: %v", err, err)
		}
		if err == nil {
			c.Model(spec)
		}
	})
}
