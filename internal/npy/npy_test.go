package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/format"
)

// file makes a file of a header and values.
func file(header string, data any) []byte {
	b := []byte(magic + "\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	b = append(b, header...)
	b, err := binary.Append(b, binary.LittleEndian, data)
	if err != nil {
		panic(err)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	for _, a := range []*Array{
		{Shape: []int{2, 3}, Data: []float32{1, -2, 3, float32(math.Inf(1)), 5, 6}},
		{Shape: []int{2}, Data: []float64{1e300, -2}},
		{Data: []int64{7}},
		{Shape: []int{0, 4}, Data: []int32{}},
		{Shape: []int{1, 2, 1}, Data: []int8{-1, 2}},
		{Shape: []int{2}, Data: []int16{-300, 2}},
		{Shape: []int{2}, Data: []uint8{255, 2}},
		{Shape: []int{1}, Data: []uint16{65535}},
		{Shape: []int{1}, Data: []uint32{1 << 31}},
		{Shape: []int{1}, Data: []uint64{1 << 63}},
		{Shape: []int{3}, Data: []bool{true, false, true}},
	} {
		var b bytes.Buffer
		if err := Write(&b, a); err != nil {
			t.Fatal(err)
		}
		if at := bytes.IndexByte(b.Bytes(), '\n') + 1; at%64 != 0 {
			t.Errorf("values begin at %d", at)
		}
		got, err := Read(&b)
		if err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("%v: got %v, %v", a, got, err)
		}
	}
}

func TestForeignLayouts(t *testing.T) {
	got, err := Read(bytes.NewReader(file("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }", []int16{1, 4, 2, 5, 3, 6})))
	if err != nil || !reflect.DeepEqual(got.Data, []int16{1, 2, 3, 4, 5, 6}) {
		t.Error(got, err)
	}
	got, err = Read(bytes.NewReader(file(`{"shape": (2,), "fortran_order": False, "descr": ">u2"}`, []uint16{0x0100, 0x0203})))
	if err != nil || !reflect.DeepEqual(got.Data, []uint16{1, 0x0302}) {
		t.Error(got, err)
	}
	got, err = Read(bytes.NewReader(file("{'descr': '<f2', 'fortran_order': False, 'shape': (5,)}", []uint16{0x3c00, 0xc000, 0x0001, 0xfc00, 0x7bff})))
	want := []float32{1, -2, 1.0 / (1 << 24), float32(math.Inf(-1)), 65504}
	if err != nil || !got.Half || !reflect.DeepEqual(got.Data, want) {
		t.Error(got, err)
	}
}

func TestBadFiles(t *testing.T) {
	good := file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", []float32{1, 2})
	for name, b := range map[string][]byte{
		"empty":     {},
		"short":     good[:8],
		"no magic":  []byte("PK\x03\x04 something else"),
		"version":   append([]byte(magic+"\x09\x00"), good[8:]...),
		"cut":       good[:len(good)-1],
		"too long":  append(bytes.Clone(good), 0),
		"objects":   file("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", []byte("cos")),
		"structure": file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", []float32{1}),
		"huge":      file("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", []float32{1}),
		"lies":      file("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000,), }", []float32{1}),
		"negative":  file("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", []float32{1}),
		"deep":      file("{'descr': '<f4', 'fortran_order': False, 'shape': ("+strings.Repeat("1,", 99)+"), }", []float32{1}),
		"no shape":  file("{'descr': '<f4', 'fortran_order': False}", []float32{1}),
		"no dict":   file("shape", []float32{1}),
		"order":     file("{'descr': '<f4', 'fortran_order': maybe, 'shape': (1,)}", []float32{1}),
	} {
		_, err := Read(bytes.NewReader(b))
		var bad *format.Error
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Write(&bytes.Buffer{}, &Array{Shape: []int{3}, Data: []float32{1}}); err == nil {
		t.Error("wrote an array that its values do not fill")
	}
	if err := Write(&bytes.Buffer{}, &Array{Data: "text"}); err == nil {
		t.Error("wrote text")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", []float32{1, 2}))
	f.Add(file("{'descr': '>i8', 'fortran_order': True, 'shape': (1, 2), }", []int64{1, 2}))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := Write(&out, a); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&out)
		if err != nil || !reflect.DeepEqual(again.Shape, a.Shape) || binary.Size(again.Data) != binary.Size(a.Data) {
			t.Fatal(a, again, err)
		}
	})
}
