//go:build unix

package data

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe may be opened again, though it can be read but once.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o666); err != nil {
		t.Skip(err)
	}
	go os.WriteFile(path, []byte("ds,y\n1,2\n"), 0)
	for range 2 {
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(f); err != nil || string(b) != "ds,y\n1,2\n" {
			t.Errorf("%q, %v", b, err)
		}
		f.Close()
	}
}
