package data_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/recur-go/recur/data"
)

func TestOpen(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, "some text")
	z.Close()
	dir := t.TempDir()
	for name, content := range map[string]string{"plain": "some text", "packed": packed.String(), "cut": packed.String()[:20], "broken": "\x1f\x8bno", "empty": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) (string, error) {
		f, err := data.Open(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		return string(b), err
	}
	for name, want := range map[string]string{"plain": "some text", "packed": "some text", "empty": ""} {
		if got, err := read(name); got != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	var bad *data.Error
	for _, name := range []string{"broken", "."} {
		if _, err := read(name); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := read("cut"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut: %v", err)
	}
	if _, err := read("nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nowhere: %v", err)
	}
}
