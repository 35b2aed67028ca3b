package data_test

import (
	"bytes"
	"compress/gzip"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/fixture"
)

func TestReadIDX(t *testing.T) {
	file := []byte{0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(file)
	z.Close()
	for _, b := range [][]byte{file, packed.Bytes()} {
		x, err := data.ReadIDX(bytes.NewReader(b), 0)
		if err != nil || !slices.Equal(x.Dims, []int{2, 3}) || !slices.Equal(x.Data, []byte{1, 2, 3, 4, 5, 6}) {
			t.Errorf("%+v, %v", x, err)
		}
	}
	for says, b := range map[string][]byte{
		"cut short":                       file[:3],
		"cut short:":                      file[:10],
		"there are 5":                     file[:17],
		"there are more bytes than the 6": append(slices.Clone(file), 7),
		"not that of":                     {0, 0, 9, 1, 0, 0, 0, 1, 7},
		"of 1 to 4":                       {0, 0, 8, 9},
		"declares more":                   {0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
		"dimension 3 is 0":                {0, 0, 8, 3, 63, 255, 255, 255, 0, 0, 0, 1, 0, 0, 0, 0},
		"dimension 1 is 0":                {0, 0, 8, 3, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255},
		"damaged gzip":                    packed.Bytes()[:5],
		"values are cut":                  packed.Bytes()[:packed.Len()-16],
	} {
		if x, err := data.ReadIDX(bytes.NewReader(b), 0); fault.Of(err) != fault.Data || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %+v, %v", says, x, err)
		}
	}
}

func TestMNIST(t *testing.T) {
	x, err := data.ReadIDX(fixture.Open(t, "data/images/mnist/t10k-images-idx3-ubyte.gz"), 0)
	if err != nil || !slices.Equal(x.Dims, []int{10000, 28, 28}) {
		t.Errorf("%v, %v", x.Dims, err)
	}
}

// Whatever a file holds, it is refused, or has the bytes that its header declares.
func FuzzReadIDX(f *testing.F) {
	f.Add([]byte{0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6})
	f.Add([]byte{0, 0, 8, 1, 0, 0, 0, 0})
	f.Add([]byte(gzipped("\x00\x00\x08\x01\x00\x00\x00\x01\x05")))
	f.Add([]byte{0, 0, 8, 3, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := data.ReadIDX(bytes.NewReader(b), 1<<24)
		if err != nil {
			if fault.Of(err) != fault.Data {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		n := 1
		for _, d := range x.Dims {
			n *= d
		}
		if len(x.Data) != n {
			t.Fatalf("%d bytes of %v", len(x.Data), x.Dims)
		}
	})
}
