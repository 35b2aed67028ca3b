package crc

import (
	"bytes"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"
)

func some(n int) []byte {
	b, r := make([]byte, n), rand.New(rand.NewPCG(1, 1))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestJoin(t *testing.T) {
	for _, poly := range []uint32{crc32.IEEE, crc32.Castagnoli} {
		table := crc32.MakeTable(poly)
		for _, c := range [][2]int{{0, 1}, {1, 1}, {10, 1}, {10, 3}, {12, 3}, {1000, 64}, {1001, 1000}} {
			b, n := some(c[0]), c[1]
			want := crc32.Checksum(b, table)
			var parts []uint32
			last := 0
			for len(b) > 0 {
				last = min(n, len(b))
				parts = append(parts, crc32.Checksum(b[:last], table))
				b = b[last:]
			}
			if got := Join(parts, int64(n), int64(last), poly); got != want {
				t.Errorf("%d bytes in parts of %d: %08x, want %08x", c[0], n, got, want)
			}
		}
	}
}

func TestOf(t *testing.T) {
	for _, n := range []int{0, 1, part - 1, part, part + 1, 3*part + 7} {
		b := some(n)
		if got, err := Of(bytes.NewReader(b), int64(n)); err != nil || got != crc32.ChecksumIEEE(b) {
			t.Errorf("%d bytes: %08x, %v", n, got, err)
		}
		if n > 0 {
			if _, err := Of(bytes.NewReader(b[:n-1]), int64(n)); err != io.EOF {
				t.Errorf("one of %d bytes is missing: %v", n, err)
			}
		}
	}
}

func BenchmarkOf(b *testing.B) {
	data := bytes.NewReader(some(16 << 20))
	b.SetBytes(data.Size())
	for b.Loop() {
		if _, err := Of(data, data.Size()); err != nil {
			b.Fatal(err)
		}
	}
}
