package saved_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/saved"
)

var id = func() (d [32]byte) {
	for i := range d {
		d[i] = byte(i + 1)
	}
	return d
}()

// sealed puts a checksum after b.
func sealed(b []byte) []byte {
	b = slices.Clip(b)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// two is a session in version 2, with float32.
func two(steps uint64, state ...float32) []byte {
	b := append([]byte("rcrs\x02\x04"), id[:8]...)
	b = binary.LittleEndian.AppendUint64(b, steps)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(state)))
	b, _ = binary.Append(b, binary.LittleEndian, state)
	return sealed(b)
}

func TestBytes(t *testing.T) {
	const want = "72637273" + "03" + "04" +
		"0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20" +
		"0900000000000000" + "02000000" + "0000803f" + "000000c0" + "01000000" + "0000003f" + "f62be76c"
	got := hex.EncodeToString(saved.Append([]byte(nil), id, 9, []float32{1, -2}, []float32{0.5}))
	if got != want {
		t.Errorf("the bytes are\n%s, want\n%s", got, want)
	}
}

func floats[F float32 | float64](f saved.Floats) []F {
	v := make([]F, f.Len())
	saved.Read(v, f)
	return v
}

func roundTrip[A, B float32 | float64](t *testing.T) {
	state, last := []A{1, -2.5, 3, A(math.Inf(1))}, []A{0.25, 7}
	b := saved.Append(nil, id, 1<<40, state, last)
	if len(b) != cap(b) {
		t.Errorf("%d bytes of %d are used", len(b), cap(b))
	}
	if after := saved.Append([]byte("before"), id, 1<<40, state, last); string(after) != "before"+string(b) {
		t.Error("behind what stood before there is another")
	}
	s, err := saved.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if s.Steps != 1<<40 || !s.IsOf(id) || s.IsOf([32]byte{1, 2, 3, 4, 5, 6, 7, 8}) || !bytes.Equal(s.ID(), id[:]) {
		t.Errorf("%d steps of model %x", s.Steps, s.ID())
	}
	if got := floats[B](s.State); !slices.Equal(got, []B{1, -2.5, 3, B(math.Inf(1))}) {
		t.Errorf("state %v", got)
	}
	if got := floats[B](s.Last); !slices.Equal(got, []B{0.25, 7}) {
		t.Errorf("last answer %v", got)
	}
	head := make([]B, 1)
	if rest := saved.Read(head, s.State); head[0] != 1 || rest.Len() != 3 {
		t.Errorf("reads %v, and %d remain", head, rest.Len())
	}
}

func TestRoundTrip(t *testing.T) {
	t.Run("32 to 32", roundTrip[float32, float32])
	t.Run("32 to 64", roundTrip[float32, float64])
	t.Run("64 to 32", roundTrip[float64, float32])
	t.Run("64 to 64", roundTrip[float64, float64])
}

// The bits of a NaN stay.
func TestNaN(t *testing.T) {
	odd := math.Float32frombits(0x7fc12345)
	s, err := saved.Parse(saved.Append(nil, id, 1, []float32{odd}, nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := math.Float32bits(floats[float32](s.State)[0]); got != 0x7fc12345 {
		t.Errorf("the bits are %#x", got)
	}
	if s.Last.Len() != 0 {
		t.Errorf("the last answer has %d numbers", s.Last.Len())
	}
}

func TestVersion2(t *testing.T) {
	s, err := saved.Parse(two(7, 1, 2, 3))
	if err != nil {
		t.Fatal(err)
	}
	if got := floats[float64](s.State); s.Steps != 7 || !slices.Equal(got, []float64{1, 2, 3}) || s.Last.Len() != 0 {
		t.Errorf("%d steps, state %v, last answer of %d", s.Steps, got, s.Last.Len())
	}
	other := id
	other[7]++
	if !s.IsOf(id) || s.IsOf(other) {
		t.Error("the 8 bytes of the ID are not compared")
	}
}

func TestRefuses(t *testing.T) {
	for name, good := range map[string][]byte{"version 2": two(7, 1, 2, 3), "version 3": saved.Append(nil, id, 3, []float32{1, 2}, []float32{3})} {
		for i := range good {
			if _, err := saved.Parse(good[:i]); !errors.Is(err, saved.ErrCorrupt) {
				t.Fatalf("%s cut to %d bytes: %v", name, i, err)
			}
			for bit := range 8 {
				b := bytes.Clone(good)
				b[i] ^= 1 << bit
				if _, err := saved.Parse(b); !errors.Is(err, saved.ErrCorrupt) {
					t.Fatalf("%s, bit %d of byte %d flipped: %v", name, bit, i, err)
				}
			}
		}
	}
	good := saved.Append(nil, id, 3, []float32{1, 2}, []float32{3})
	body := good[:len(good)-4]
	edit := func(at int, v ...byte) []byte {
		b := bytes.Clone(body)
		copy(b[at:], v)
		return sealed(b)
	}
	for name, c := range map[string]struct {
		b    []byte
		is   error
		text string
	}{
		"nothing":           {nil, saved.ErrCorrupt, "0 bytes"},
		"version 1":         {edit(4, 1), saved.ErrVersion, "1; this program reads 2 and 3"},
		"version 4":         {edit(4, 4), saved.ErrVersion, "4;"},
		"floats of 2 bytes": {edit(5, 2), saved.ErrCorrupt, "2 bytes"},
		"floats of 8 bytes": {edit(5, 8), saved.ErrCorrupt, "before a count"},
		"large count":       {edit(46, 255, 255, 255, 255), saved.ErrCorrupt, "17179869180 bytes of floats are declared"},
		"count of all":      {edit(46, 4), saved.ErrCorrupt, "before a count"},
		"large last answer": {edit(58, 255, 255, 255, 255), saved.ErrCorrupt, "declared"},
		"more behind":       {sealed(append(bytes.Clone(body), 0)), saved.ErrCorrupt, "1 bytes follow"},
		"no count":          {sealed(body[:46]), saved.ErrCorrupt, "before a count"},
		"no steps":          {sealed(body[:40]), saved.ErrCorrupt, "it ends"},
		"version 2 of 3":    {edit(4, 2), saved.ErrCorrupt, "declared"},
	} {
		if _, err := saved.Parse(c.b); !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: the error is %v, want %q", name, err, c.text)
		}
	}
}

func TestDoesNotAllocate(t *testing.T) {
	state, last := make([]float32, 300), make([]float32, 20)
	b := make([]byte, 0, saved.Size(len(state), len(last), 4))
	if n := testing.AllocsPerRun(20, func() {
		s, err := saved.Parse(saved.Append(b, id, 1, state, last))
		if err != nil {
			t.Fatal(err)
		}
		saved.Read(state, s.State)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(two(7, 1, 2, 3))
	f.Add(saved.Append(nil, id, 3, []float32{1, 2}, []float32{3}))
	f.Add(saved.Append(nil, id, 3, []float64{1, 2}, []float64{3}))
	f.Add([]byte("rcrs"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, b := range [][]byte{b, sealed(b)} {
			s, err := saved.Parse(b)
			if err != nil {
				if !errors.Is(err, saved.ErrCorrupt) && !errors.Is(err, saved.ErrVersion) {
					t.Errorf("the error is %v", err)
				}
				continue
			}
			if n := s.State.Len() + s.Last.Len(); n > len(b)/4 {
				t.Errorf("%d numbers in %d bytes", n, len(b))
			}
			if b[4] != 3 {
				continue
			}
			var d [32]byte
			copy(d[:], s.ID())
			var again []byte
			if b[5] == 4 {
				again = saved.Append(nil, d, s.Steps, floats[float32](s.State), floats[float32](s.Last))
			} else {
				again = saved.Append(nil, d, s.Steps, floats[float64](s.State), floats[float64](s.Last))
			}
			if !bytes.Equal(again, b) {
				t.Errorf("%x is %x once read and written", b, again)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	state, last := make([]float32, 256), make([]float32, 128)
	dst := make([]byte, 0, saved.Size(len(state), len(last), 4))
	b.SetBytes(int64(cap(dst)))
	b.ReportAllocs()
	for b.Loop() {
		saved.Append(dst, id, 1, state, last)
	}
}
