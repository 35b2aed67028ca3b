package torch

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzRead reads any bytes as a file of weights.
func FuzzRead(f *testing.F) {
	names, err := filepath.Glob("testdata/*.*t*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil && len(b) < 8<<10 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for _, x := range file.Tensors {
			if x.Len()*x.DType.Size() > len(b) {
				t.Fatalf("a tensor of %d values in a file of %d bytes", x.Len(), len(b))
			}
		}
		if m, err := file.Model(nil); err == nil && m == nil {
			t.Fatal("no model and no error")
		}
	})
}

// FuzzPickle runs any bytes as a pickle.
func FuzzPickle(f *testing.F) {
	for _, p := range []string{
		tensorOf("FloatStorage", "K\x08", "K\x00", "K\x02K\x03\x86", "K\x03K\x01\x86"),
		"\x80\x02}q\x00(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00b]q\x01(K\x02M\x03\x04Geu.", "\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94(\x88N\x86\x94.",
		"(lp0\nI1\naF2.5\naS'x'\na.", "cos\nsystem\n(X\x02\x00\x00\x00lstR.",
	} {
		f.Add([]byte(p))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		store := &storage{dtype: "F32", bytes: 32}
		v, rest, err := unpickle(b, 0, func(id any) (any, error) {
			if _, _, _, err := storageOf(id); err != nil {
				return nil, err
			}
			return store, nil
		})
		if err != nil {
			return
		}
		if len(rest) > len(b) {
			t.Fatal("more is left than there was")
		}
		file := &File{object: v, size: int64(len(b))}
		if err := file.flatten(); err != nil {
			var format *FormatError
			if !errors.As(err, &format) {
				t.Fatal(err)
			}
		}
	})
}
