package hdf5

import (
	"bytes"
	"errors"
	"testing"

	"github.com/recur-go/recur/internal/format"
)

func FuzzRead(f *testing.F) {
	var small bytes.Buffer
	if err := Write(&small, []Array{{"a/b", []int{2}, []float32{1, 2}}, {"a/c", nil, []float32{1}}}); err != nil {
		f.Fatal(err)
	}
	f.Add(small.Bytes())
	for _, name := range []string{"tiny_old", "tiny_latest"} {
		f.Add(golden(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := readAll(b, true)
		var format *format.Error
		if err != nil && !errors.As(err, &format) {
			t.Errorf("%T: %v", err, err)
		}
	})
}
