package ieee

import (
	"math"
	"testing"
)

func TestHalf(t *testing.T) {
	for bits, want := range map[uint16]float32{0: 0, 1: 5.9604645e-08, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0400: 6.1035156e-05, 0x83ff: -6.097555e-05} {
		if got := FromHalf(bits); got != want {
			t.Errorf("float16 %#x is %v, want %v", bits, got, want)
		}
	}
	if !math.IsNaN(float64(FromHalf(0x7e00))) || !math.IsInf(float64(FromHalf(0xfc00)), -1) {
		t.Error("NaN or infinity of float16")
	}
}

func TestAppend(t *testing.T) {
	if b := Append([]byte{9}, []float32{1, -2}); string(b) != "\x09\x00\x00\x80\x3f\x00\x00\x00\xc0" {
		t.Errorf("% x", b)
	}
	v := make([]float64, 2)
	Decode(v, Append(nil, []float64{0.1, -3}), Native[float64]())
	if v[0] != 0.1 || v[1] != -3 || Native[float32]() != F32 {
		t.Errorf("%v, %v", v, Native[float32]())
	}
}
