package safetensors

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/badfile"
)

func TestBadFiles(t *testing.T) {
	for _, c := range badfile.Safetensors {
		t.Run(c.Name, func(t *testing.T) {
			_, err := NewFile(bytes.NewReader(c.Bytes), int64(len(c.Bytes)))
			var e *FormatError
			if !errors.As(err, &e) {
				t.Fatalf("got %v, not a *FormatError", err)
			}
			if !strings.Contains(e.Reason, c.Reason) {
				t.Errorf("reason %q lacks %q", e.Reason, c.Reason)
			}
			if c.Offset >= 0 && e.Offset != c.Offset {
				t.Errorf("fault seen at byte %d, not %d: %v", e.Offset, c.Offset, e)
			}
		})
	}
}

// A refusal costs little: nothing is allocated on the word of a bad file.
func TestBadFilesCostLittle(t *testing.T) {
	for _, c := range badfile.Safetensors {
		if len(c.Bytes) > 1<<20 {
			continue // 65537 good descriptions come before the bad one
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := NewFile(bytes.NewReader(c.Bytes), int64(len(c.Bytes)))
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; err == nil || got > 64<<10+8*uint64(len(c.Bytes)) {
			t.Errorf("%s: %d bytes allocated for a file of %d", c.Name, got, len(c.Bytes))
		}
	}
}

func TestEveryPrefixIsRefused(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, map[string]string{"k": "v"}, []Source{From("a", []float32{1, 2, 3}, 3), From("b", []int8{1}, 1)}); err != nil {
		t.Fatal(err)
	}
	for n := range b.Len() {
		if _, err := NewFile(bytes.NewReader(b.Bytes()[:n]), int64(n)); err == nil {
			t.Errorf("a file of %d bytes cut to %d was accepted", b.Len(), n)
		}
	}
}

func TestForeignFilesAreRecognised(t *testing.T) {
	for magic, want := range map[string]string{
		"PK\x03\x04\x00\x00\x00\x00": "zip", "\x80\x02}q\x00(X\x01": "pickle", "\x89HDF\r\n\x1a\n": "HDF5",
		"\x93NUMPY\x01\x00": "NumPy", "GGUF\x03\x00\x00\x00": "GGUF", `{"a": 1}`: "JSON", "version https": "Git LFS",
	} {
		b := append([]byte(magic), make([]byte, 100)...)
		_, err := NewFile(bytes.NewReader(b), int64(len(b)))
		var e *FormatError
		if !errors.As(err, &e) || !strings.Contains(e.Hint, want) {
			t.Errorf("%q: %v", magic, err)
		}
	}
}

func BenchmarkBadFiles(b *testing.B) {
	badfile.Benchmark(b, badfile.Safetensors, func(file []byte) error {
		_, err := NewFile(bytes.NewReader(file), int64(len(file)))
		return err
	})
}
