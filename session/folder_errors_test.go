package session

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
)

// After an error of the disk what was saved before is there, and what comes later is saved.
func TestFolderDiskErrors(t *testing.T) {
	for _, call := range []string{"create", "write", "sync", "syncdir"} {
		t.Run(call, func(t *testing.T) {
			d := newSimDisk(rand.New(rand.NewPCG(1, 1)))
			f := openSim(t, d, FolderOptions{SegmentBytes: 10000})
			for i := range 30 {
				saveVersion(t, f, fmt.Sprint(i), 1)
			}
			if call == "create" || call == "syncdir" {
				f.writer.seg = nil // as if the segment was full
			}
			d.fail = func(c, _ string) error {
				if c == call {
					return syscall.ENOSPC
				}
				return nil
			}
			for range 3 {
				if err := saveOne(f, "1", 2); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "sim") {
					t.Errorf("Save: %v", err)
				}
				if err := f.Delete(t.Context(), "2"); !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("Delete: %v", err)
				}
				if err := saveOne(f, "new", 1); err == nil {
					t.Error("a new session is saved")
				}
			}
			for i := range 30 {
				wantVersion(t, f, fmt.Sprint(i), 1)
			}
			d.fail = nil
			// It is known that there may be a record of it.
			if err := f.Delete(t.Context(), "new"); err != nil {
				t.Error(err)
			}
			saveVersion(t, f, "1", 3)
			for range 2 {
				wantVersion(t, f, "0", 1)
				wantVersion(t, f, "1", 3)
				wantVersion(t, f, "2", 1)
				wantVersion(t, f, "new", 0)
				if s := f.Stats(); s.Sessions != 30 || s.Damaged != 0 {
					t.Errorf("%+v", s)
				}
				d.crash()
				f = openSim(t, d, FolderOptions{})
			}
		})
	}
}

// A file that cannot be removed is an error of Stats, and is removed later.
func TestFolderRemoveFails(t *testing.T) {
	d := newSimDisk(rand.New(rand.NewPCG(1, 1)))
	f := openSim(t, d, FolderOptions{SegmentBytes: 2000, Waste: 0.1})
	fill := func() {
		for v := range 100 {
			saveVersion(t, f, "a", v+1)
		}
		f.tidy()
	}
	d.fail = func(c, _ string) error {
		if c == "remove" {
			return syscall.EACCES
		}
		return nil
	}
	fill()
	if err := f.Stats().Err; !errors.Is(err, syscall.EACCES) {
		t.Errorf("Err is %v", err)
	}
	d.fail = nil
	fill()
	if s := f.Stats(); s.Err != nil || s.Files > 5 || len(d.names) != s.Files {
		t.Errorf("%d files, %+v", len(d.names), s)
	}
	wantVersion(t, f, "a", 100)
}

// An error of reading is not taken for damage.
func TestFolderReadError(t *testing.T) {
	d := newSimDisk(rand.New(rand.NewPCG(1, 1)))
	f := openSim(t, d, FolderOptions{})
	saveVersion(t, f, "a", 1)
	d.fail = func(c, _ string) error {
		if c == "read" {
			return syscall.EIO
		}
		return nil
	}
	if _, err := f.Load(t.Context(), "a"); !errors.Is(err, syscall.EIO) || errors.Is(err, ErrStateLost) {
		t.Errorf("Load: %v", err)
	}
	f.Close()
	if _, err := openFolder("sim", d, FolderOptions{}); !errors.Is(err, syscall.EIO) {
		t.Errorf("open: %v", err)
	}
	d.fail = nil
	wantVersion(t, openSim(t, d, FolderOptions{}), "a", 1)
}
