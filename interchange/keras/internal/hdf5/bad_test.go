package hdf5

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/format"
)

// readAll reads all that a file has.
func readAll(b []byte, unchecked bool) error {
	root, err := rootOf(b, unchecked)
	if err != nil {
		return err
	}
	if _, _, err := root.Strings("strings"); err != nil {
		return err
	}
	return root.Walk(func(d *Dataset) error {
		_, err := values[float32](d)
		return err
	})
}

// patched is b with the bytes that follow the n-th place of a pattern, by off, replaced.
func patched(t *testing.T, b []byte, pattern string, n, off int, with ...byte) []byte {
	t.Helper()
	b = bytes.Clone(b)
	at := 0
	for range n + 1 {
		i := bytes.Index(b[at:], []byte(pattern))
		if i < 0 {
			t.Fatalf("%q is not in the file %d times", pattern, n+1)
		}
		at += i + 1
	}
	copy(b[at-1+off:], with)
	return b
}

func u32(v ...uint32) string {
	var b []byte
	for _, v := range v {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return string(b)
}

func u64(v ...uint64) []byte {
	var b []byte
	for _, v := range v {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

// treeAt is where the first B-tree of a group with the given level is.
func treeAt(t *testing.T, b []byte, level byte) uint64 {
	t.Helper()
	i := bytes.Index(b, []byte{'T', 'R', 'E', 'E', groupTree, level})
	if i < 0 {
		t.Fatalf("no B-tree of level %d", level)
	}
	return uint64(i)
}

func TestBadFiles(t *testing.T) {
	old, latest := golden(t, "old"), golden(t, "latest")
	var small bytes.Buffer
	if err := Write(&small, []Array{{"a/b", []int{2, 3, 5}, make([]float32, 30)}}); err != nil {
		t.Fatal(err)
	}
	million := uint64(1_000_000)
	cases := map[string]struct {
		file []byte
		want string
	}{
		"empty":                {nil, "no HDF5"},
		"another format":       {[]byte("PK\x03\x04 and so on"), "no HDF5"},
		"superblock cut short": {old[:30], "cut short"},
		"superblock of 4":      {patched(t, old, Magic, 0, 8, 4), "version 4"},
		"addresses of 3 bytes": {patched(t, old, Magic, 0, 13, 3), "want 2, 4 or 8"},
		"end is missing":       {old[:len(old)/2], "cut short"},
		"huge shape":           {patched(t, small.Bytes(), string(u64(2, 3, 5)), 0, 0, u64(million, million, million)...), "needs"},
		"shape that overflows": {patched(t, small.Bytes(), string(u64(2, 3, 5)), 0, 0, u64(1<<40, 1<<40, 1<<40)...), "can be counted"},
		"chunks of nothing":    {patched(t, old, u32(8, 5, 4), 0, 0, 0, 0, 0, 0), "0 long"},
		"huge chunks":          {patched(t, old, u32(8, 5, 4), 1, 0, 0, 0, 0, 0x10), "chunk"},
		"tree that holds itself": {patched(t, old, "TREE\x00\x01", 0, 32, u64(treeAt(t, old, 1))...),
			"level"},
		"leaf that is a tree":  {patched(t, old, "TREE\x00\x01", 0, 32, u64(0)...), "TREE should be"},
		"tree cut short":       {patched(t, old, "TREE\x00\x01", 0, 6, 0xff, 0xff), "cut short"},
		"huge heap of names":   {patched(t, old, "HEAP", 0, 8, u64(1<<60)...), "do not lie"},
		"heap of no names":     {patched(t, old, "HEAP", 0, 8, u64(0)...), "heap of 0"},
		"unknown filter":       {patched(t, old, "deflate", 0, -8, 0, 0x7d), "lzf"},
		"checksum":             {patched(t, latest, "FRHP", 0, 9, 9), "checksum"},
		"type of complex":      {patched(t, small.Bytes(), "\x11\x20\x1f\x00", 0, 0, 0x16), "not numbers"},
		"values cut off":       {small.Bytes()[:small.Len()-8], "cut short"},
		"header with no type":  {patched(t, small.Bytes(), "\x03\x14\x00\x00\x11\x20\x1f", 0, 0, 0x7f), "no array"},
		"layout of version 9":  {patched(t, small.Bytes(), "\x08\x12\x00\x00\x03\x01", 0, 4, 9), "layout version 9"},
		"virtual array":        {patched(t, small.Bytes(), "\x08\x12\x00\x00\x03\x01", 0, 5, 3), "not supported"},
		"values in other file": {patched(t, small.Bytes(), "\x05\x02\x00\x00\x03\x09", 0, 0, msgExternal), "another file"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := readAll(c.file, name != "checksum")
			var format *format.Error
			if !errors.As(err, &format) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want a FormatError about %q", err, c.want)
			}
		})
	}
}

// Parts that point to themselves end in an error.
func TestLoops(t *testing.T) {
	loop := append([]byte("OCHK"), msgContinuation, 16, 0, 0)
	loop = append(loop, u64(64, 28)...) // itself
	loop = append(loop, 0, 0, 0, 0)
	head := append([]byte("OHDR"), 2, 0, 24, msgContinuation, 16, 0, 0)
	head = append(head, u64(64, 28)...)
	head = append(head, 0, 0, 0, 0, 0, 0, 0, 0)
	b := append(append(bytes.Repeat([]byte{0}, 64), loop...), head...)
	f := &File{r: bytes.NewReader(b), size: int64(len(b)), sizeO: 8, sizeL: 8, unchecked: true}
	f.budget.Store(1 << 20)
	_, err := f.Root()
	if f.root = uint64(64 + len(loop)); err == nil {
		t.Error("nothing was read as a header")
	}
	if _, err = f.Root(); err == nil || !strings.Contains(err.Error(), "loop") && !strings.Contains(err.Error(), "itself") {
		t.Errorf("a header that goes on in itself: %v", err)
	}

	latest := golden(t, "latest")
	at := bytes.LastIndex(latest, []byte("FHIB"))
	if err := readAll(patched(t, latest, "FHIB", 1, 4+1+8+4, u64(uint64(at))...), true); err == nil {
		t.Error("a heap that holds itself was read")
	}
	g := &Group{Path: "/", file: f, link: map[string]target{}}
	for i, link := range []string{"\x01\x08\x01\x01s\x01\x00x", "\x01\x08\x40\x01e\x05\x00\x00a\x00b\x00"} { // soft, external
		g.linkMessage(&cursor{f: f, b: []byte(link)})
		if _, err := g.Dataset(string("se"[i])); err == nil || !strings.Contains(err.Error(), "not followed") {
			t.Errorf("a link to elsewhere: %v", err)
		}
	}
}

// A group in itself, as a hard link may make one.
func TestGroupInItself(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, []Array{{"a/b", nil, []float32{1}}}); err != nil {
		t.Fatal(err)
	}
	root := binary.LittleEndian.Uint64(b.Bytes()[36:])
	loop := patched(t, b.Bytes(), "\x01\x00b", 0, 3, u64(root)...)
	if err := readAll(loop, true); err == nil {
		t.Error("a group that is in itself was walked to its end")
	}
}

// Whatever is cut off or changed, nothing panics.
func TestDamage(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, []Array{{"a/b", []int{2}, []float32{1, 2}}, {"a/c", nil, []float32{1}}}); err != nil {
		t.Fatal(err)
	}
	for n := range b.Len() {
		if err := readAll(b.Bytes()[:n], false); err == nil && n < b.Len()-4 {
			t.Errorf("%d bytes of %d were read", n, b.Len())
		}
	}
	for i := range b.Len() * 8 {
		d := bytes.Clone(b.Bytes())
		d[i/8] ^= 1 << (i % 8)
		readAll(d, false)
		readAll(d, true)
	}
}
