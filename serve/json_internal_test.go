package serve

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// The fast reader of numbers gives the bits that strconv gives, or leaves them to it.
func TestDecimalIsExact(t *testing.T) {
	check := func(text string) (fast bool) {
		t.Helper()
		f, end, ok := decimal([]byte(text+","), 0)
		if !ok {
			return false
		}
		want, err := strconv.ParseFloat(text, 64)
		if err != nil || end != len(text) || math.Float64bits(f) != math.Float64bits(want) {
			t.Fatalf("%s: %v to %d, want %v to %d (%v)", text, f, end, want, len(text), err)
		}
		if g, ok := single(f); ok {
			if want, _ := strconv.ParseFloat(text, 32); math.Float32bits(g) != math.Float32bits(float32(want)) {
				t.Fatalf("%s as float32: %v, want %v", text, g, float32(want))
			}
		}
		return true
	}
	r := rand.New(rand.NewPCG(3, 4))
	fast := 0
	for range 100_000 {
		x := math.Float32frombits(r.Uint32())
		if x-x != 0 {
			continue
		}
		check(fmt.Sprint(x))
		if check(strconv.FormatFloat(r.NormFloat64(), 'f', r.IntN(12), 32)) {
			fast++
		}
		check(strconv.FormatFloat(float64(x), 'g', 1+r.IntN(17), 64))
		// Half way between two of float32, and a hair beside it.
		half := float64(float32(r.IntN(1<<24))) + math.Ldexp(1, -1-r.IntN(3))
		check(strconv.FormatFloat(half, 'f', -1, 64))
		check(strconv.FormatFloat(half, 'f', -1, 64) + "01")
	}
	if fast < 90_000 {
		t.Errorf("only %d of 100,000 ordinary numbers were read fast", fast)
	}
	for _, text := range []string{"0", "-0", "0.1", "16777217", "16777217.0000001", "9007199254740993", "1e22", "1e-22", "0e9", "-0.0e-3", "123456789012345678901", "3.4028235677973366e38"} {
		check(text)
	}
	for _, bad := range []string{"", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1x", "0x1", "--1", "1e99999"} {
		if _, _, ok := decimal([]byte(bad+","), 0); ok {
			t.Errorf("%q was read", bad)
		}
	}
}

// BenchmarkJSON reads and writes 64 values of FP32, as a client sends them, beside
// encoding/json.
func BenchmarkJSON(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, 64)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	text := []byte(strings.ReplaceAll(fmt.Sprint(x), " ", ", "))
	v := Value{Name: "x", Datatype: FP32, Shape: []int64{1, 64}}
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s := scanner{b: text, depth: 32}
			if err := s.data(&v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read/encoding", func(b *testing.B) {
		b.ReportAllocs()
		var y []float32
		for b.Loop() {
			if err := json.Unmarshal(text, &y); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("write", func(b *testing.B) {
		b.ReportAllocs()
		var out []byte
		for b.Loop() {
			out, _ = appendData(out[:0], &v)
		}
	})
	b.Run("write/encoding", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			json.Marshal(x)
		}
	})
}
