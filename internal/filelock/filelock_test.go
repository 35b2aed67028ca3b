package filelock

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func TestTake(t *testing.T) {
	dir := t.TempDir()
	l, err := Take(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Take(dir); !errors.Is(err, ErrHeld) {
		t.Errorf("a second lock: %v, want %v", err, ErrHeld)
	}
	if err := l.Release(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
	if l, err = Take(dir); err != nil {
		t.Fatal(err)
	}
	l.Release()
	if _, err := Take(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

// One goroutine at a time has the lock, though each removes the file.
func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	var in, taken atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := 0; n < 50; {
				l, err := Take(dir)
				if errors.Is(err, ErrHeld) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if in.Add(1) != 1 {
					t.Error("two have the lock")
				}
				n++
				taken.Add(1)
				in.Add(-1)
				if err := l.Release(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if taken.Load() != 8*50 {
		t.Errorf("taken %d times", taken.Load())
	}
}

// The lock of a process that was killed is free.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("FILELOCK_TEST_DIR"); dir != "" {
		if _, err := Take(dir); err != nil {
			os.Exit(1)
		}
		os.Stdout.WriteString("taken\n")
		select {}
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), "FILELOCK_TEST_DIR="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Read(make([]byte, 1))
	if _, err := Take(dir); !errors.Is(err, ErrHeld) {
		t.Errorf("while the other lives: %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	l, err := Take(dir)
	if err != nil {
		t.Fatal(err)
	}
	l.Release()
}
