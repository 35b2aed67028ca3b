package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// holds checks that dir has just one file, name, with the given content.
func holds(t *testing.T, dir, name, content string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 1 || list[0].Name() != name {
		t.Errorf("directory holds %v (%v)", list, err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != content {
		t.Errorf("%s holds %q, not %q (%v)", name, got, content, err)
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, s := range []string{"first", "", strings.Repeat("long ", 100_000)} {
		if err := WriteFile(path, text(s)); err != nil {
			t.Fatal(err)
		}
		holds(t, dir, "a", s)
	}
}

func TestRelativePath(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := WriteFile("a", text("here")); err != nil {
		t.Fatal(err)
	}
	holds(t, dir, "a", "here")
}

func TestPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has no permission bits")
	}
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(dir, "fresh")
	if err := WriteFile(fresh, text("x")); err != nil {
		t.Fatal(err)
	}
	a, _ := os.Stat(plain)
	if b, err := os.Stat(fresh); err != nil || a.Mode() != b.Mode() {
		t.Errorf("a new file has mode %v, os.WriteFile gives %v (%v)", b.Mode(), a.Mode(), err)
	}
	if err := os.Chmod(fresh, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(fresh, text("y")); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.Stat(fresh); b.Mode() != 0o640 {
		t.Errorf("mode 0640 became %v", b.Mode())
	}
}

func TestFailureKeepsTheOldFile(t *testing.T) {
	fault := errors.New("disk full")
	for _, n := range []int{0, 10, 1 << 20} { // within and beyond the buffer
		dir := t.TempDir()
		path := filepath.Join(dir, "a")
		if err := WriteFile(path, text("old")); err != nil {
			t.Fatal(err)
		}
		err := WriteFile(path, func(w io.Writer) error {
			if _, err := w.Write(make([]byte, n)); err != nil {
				return err
			}
			return fault
		})
		if !errors.Is(err, fault) {
			t.Errorf("%d bytes: %v", n, err)
		}
		holds(t, dir, "a", "old")
	}
}

func TestPanicKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := WriteFile(path, text("old")); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was lost")
			}
		}()
		WriteFile(path, func(io.Writer) error { panic("fault") })
	}()
	holds(t, dir, "a", "old")
}

func TestReadOnlyDirectory(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := WriteFile(path, text("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	if f, err := os.Create(filepath.Join(dir, "probe")); err == nil {
		f.Close()
		os.Remove(f.Name())
		t.Skip("this user may write to a read-only directory")
	}
	if err := WriteFile(path, text("new")); !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v", err)
	}
	holds(t, dir, "a", "old")
}

func TestMissingDirectory(t *testing.T) {
	if err := WriteFile(filepath.Join(t.TempDir(), "none", "a"), text("x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// The place of a directory cannot be taken.
func TestPathIsADirectory(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.Mkdir(path, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, text("x")); err == nil {
		t.Error("a directory was replaced")
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("directory holds %v", list)
	}
}

func TestFullDevice(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full on this system")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := WriteFile(path, text("old")); err != nil {
		t.Fatal(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	err = WriteFile(path, func(w io.Writer) error {
		_, err := io.MultiWriter(w, full).Write(make([]byte, 100_000))
		return err
	})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	holds(t, dir, "a", "old")
}

// An error names the file, not the hidden one.
func TestErrorNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	err := WriteFile(path, func(w io.Writer) error {
		hidden, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".a.tmp*"))
		return &os.PathError{Op: "write", Path: hidden[0], Err: syscall.ENOSPC}
	})
	if want := "write " + path + ": "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
}

// Of writers at the same time one wins, whole.
func TestConcurrentWriters(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	content := func(i int) string { return strings.Repeat(fmt.Sprint(i), 100_000) }
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := WriteFile(path, text(content(i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, dir, "a", content(int(got[0]-'0')))
}
