package format_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/format"
)

func TestError(t *testing.T) {
	for want, e := range map[string]*format.Error{
		"onnx: the file is empty": format.Errorf("onnx", -1, "the file is empty"),
		`torch: net.pt: "fc.weight": byte 7: 3 of 4 bytes; copy it again`: format.Errorf("torch", 7, "%d of %d bytes", 3, 4).
			In("fc.weight").OfFile("net.pt").WithHint("copy it again"),
		`keras: "` + strings.Repeat("n", 80) + `…": x`: format.Errorf("keras", -1, "x").In(strings.Repeat("n", 1000)),
	} {
		if e.Error() != want {
			t.Errorf("got  %s\nwant %s", e, want)
		}
		if !errors.Is(fmt.Errorf("open: %w", e), fault.Model) {
			t.Errorf("%v is not of class Model", e)
		}
	}
}

func TestAt(t *testing.T) {
	e := format.Errorf("npy", -1, "short")
	if err := format.At("a.npy", fmt.Errorf("read: %w", e)); err.Error() != "read: npy: short" || e.Path != "a.npy" {
		t.Errorf("%v with path %q", err, e.Path)
	}
	if format.At("b.npy", e); e.Path != "a.npy" {
		t.Errorf("path %q, want the first", e.Path)
	}
	if err := format.At("a.npy", fs.ErrClosed); err.Error() != "a.npy: file already closed" || !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
}

func TestReadAt(t *testing.T) {
	b := make([]byte, 4)
	if err := format.ReadAt("x", strings.NewReader("abcdef"), b, 1); err != nil || string(b) != "bcde" {
		t.Errorf("%q, %v", b, err)
	}
	var e *format.Error
	if err := format.ReadAt("x", bytes.NewReader(b), b, 2); !errors.As(err, &e) || e.Offset != 4 {
		t.Errorf("got %v, want an end at byte 4", err)
	}
	failing := failer{iotest.ErrTimeout}
	if err := format.ReadAt("x", failing, b, 2); errors.As(err, &e) || !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("got %v, want what the reader returned", err)
	}
}

type failer struct{ err error }

func (f failer) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestCatch(t *testing.T) {
	read := func(panics func()) (err error) {
		defer format.Catch(&err, "w")
		panics()
		return nil
	}
	if err := read(func() {}); err != nil {
		t.Error(err)
	}
	if err := read(func() { format.Throw(format.Errorf("x", -1, "y")) }); err == nil || err.Error() != `x: "w": y` {
		t.Error(err)
	}
	if err := read(func() { format.Throw(fs.ErrClosed) }); err != fs.ErrClosed {
		t.Error(err)
	}
	defer func() {
		if recover() != "other" {
			t.Error("a panic that is not of Throw was caught")
		}
	}()
	read(func() { panic("other") })
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	var e *format.Error
	if _, _, err := format.Open("onnx", dir); !errors.As(err, &e) || e.Error() != "onnx: "+dir+": not a regular file" {
		t.Errorf("a folder: got %v", err)
	}
	if _, _, err := format.Open("onnx", filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got %v", err)
	}
	path := filepath.Join(dir, "a")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, size, err := format.Open("onnx", path)
	if err != nil || size != 3 {
		t.Fatalf("got %d bytes, %v", size, err)
	}
	f.Close()
}

func TestPrintable(t *testing.T) {
	if got := format.Printable("naïve \x1b[31m\n"); got != "naïve \ufffd[31m\ufffd" {
		t.Errorf("got %q", got)
	}
}
