package session

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// endVersion ends a session with a version.
func endVersion(t testing.TB, f *Folder, id string, version int) {
	t.Helper()
	if err := f.End(t.Context(), []Record{{ID: id, Used: usedOf(version), Blob: stateOf(id, version)}}); err != nil {
		t.Fatal(err)
	}
}

// wantEnded checks that a session has ended with a version.
func wantEnded(t testing.TB, f *Folder, id string, want int) {
	t.Helper()
	if got, err := version(f, id); err != nil || got != -want {
		t.Errorf("session %q: version %d, %v, want %d, with which it ended", id, got, err, -want)
	}
}

// What sessions ended with is there after the folder is opened again and after it is compacted.
func TestFolderEnded(t *testing.T) {
	d := newSimDisk(rand.New(rand.NewPCG(1, 1)))
	f := openSim(t, d, FolderOptions{})
	for v, id := range []string{"a", "b", "c"} {
		saveVersion(t, f, id, v+1)
		endVersion(t, f, id, v+11)
	}
	saveVersion(t, f, "b", 20)
	endVersion(t, f, "c", 21)
	for round := range 4 {
		wantEnded(t, f, "a", 11)
		wantVersion(t, f, "b", 20)
		wantEnded(t, f, "c", 21)
		if s := f.Stats(); s.Sessions != 1 || s.Ended != 2 || s.Damaged != 0 || s.Lost != 0 {
			t.Errorf("round %d: %+v", round, s)
		}
		if round%2 == 0 {
			if err := f.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
			if s := f.Stats(); s.DiskBytes != s.LiveBytes+headerSize*int64(s.Files) {
				t.Errorf("round %d: %+v after it was compacted", round, s)
			}
			continue
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		f = openSim(t, d, FolderOptions{})
	}
}

// Of sessions that have ended no more is kept than fits, the last ones, whatever was moved.
func TestFolderEndedIsBounded(t *testing.T) {
	d := newSimDisk(rand.New(rand.NewPCG(1, 1)))
	f := openSim(t, d, FolderOptions{})
	saveVersion(t, f, "live", 1)
	blob := make([]byte, 1000)
	end := func(f *Folder, n int) {
		t.Helper()
		r := Record{ID: fmt.Sprintf("%06d", n), Used: time.Unix(int64(n), 0), Blob: blob}
		if err := f.End(t.Context(), []Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	const size = headSize + 6 + 1000
	f.endedMost = 100*size + 1
	kept := func(f *Folder, first, last int) {
		t.Helper()
		for n := range last + 1 {
			_, err := f.Ended(t.Context(), fmt.Sprintf("%06d", n))
			if want := n >= first; err == nil != want || err != nil && !errors.Is(err, ErrNotFound) {
				t.Errorf("%d of %d to %d is kept: %v", n, first, last, err)
			}
		}
		if s := f.Stats(); s.Ended != last-first+1 || s.LiveBytes > 101*size {
			t.Errorf("%+v, want %d that ended", s, last-first+1)
		}
	}
	for n := range 150 {
		end(f, n)
	}
	kept(f, 50, 149)
	if err := f.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	kept(f, 50, 149)
	end(f, 150)
	kept(f, 51, 150)
	if err := f.Compact(t.Context()); err != nil { // the first ones are behind 150 in the log then
		t.Fatal(err)
	}
	if s := f.Stats(); s.DiskBytes > 101*size+headerSize*int64(s.Files) {
		t.Errorf("%+v, want no more than what is kept", s)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = openSim(t, d, FolderOptions{})
	f.endedMost = 100*size + 1
	end(f, 151)
	kept(f, 52, 151)
}

// Where what a session ended with is damaged, it has ended nevertheless.
func TestFolderEndedIsDamaged(t *testing.T) {
	for _, open := range []bool{false, true} {
		d := newSimDisk(rand.New(rand.NewPCG(1, 1)))
		f := openSim(t, d, FolderOptions{})
		saveVersion(t, f, "a", 1)
		endVersion(t, f, "a", 2)
		saveVersion(t, f, "b", 3)
		at := f.ending("a").at
		if !open {
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		d.names[at.seg.name].cache[at.off+at.size-1] ^= 1
		if open {
			if _, err := f.Ended(t.Context(), "a"); !errors.Is(err, ErrStateLost) {
				t.Errorf("%v, want %v", err, ErrStateLost)
			}
			if err := f.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
		} else if f = openSim(t, d, FolderOptions{}); f.Stats().Damaged != 1 {
			t.Errorf("%+v, want one damaged record", f.Stats())
		}
		wantVersion(t, f, "a", 0)
		wantVersion(t, f, "b", 3)
		saveVersion(t, f, "a", 4)
		wantVersion(t, f, "a", 4)
	}
}

// oldLog is a log from before deletions had blobs: a is saved as "one" and deleted, b is saved
// as "two", and the store is closed without its last records.
const oldLog = "72636c67010000009779d8303c46028a000000000000000001000000000000000000000042341cb29779d8303c46028a" +
	"8a200c480100010003000000e9b2942a000000000000000000ca9a3b0000000000000000000000000000000000000000" +
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" +
	"00000000616f6e659779d8303c46028a559b8f6602000100000000000000000001000000000000000000000000000000" +
	"980000008cec01864cdc63af000000000000000000000000000000000000000000000000000000000000000000000000" +
	"0000000000000000000000000000000000000000619779d8303c46028a39a205ff0100010003000000a3b3d852020000" +
	"00000000000094357700000000050100008cec01864cdc63af8cec01864cdc63af000000000000000000000000000000" +
	"0000000000000000000000000000000000000000000000000000000000000000006274776f"

// A folder from before then opens, and has what it had.
func TestFolderFromBeforeEnds(t *testing.T) {
	b, err := hex.DecodeString(oldLog)
	if err != nil {
		t.Fatal(err)
	}
	d := newSimDisk(rand.New(rand.NewPCG(1, 1)))
	d.names[segmentName(1)] = &simFile{d: d, name: segmentName(1), cache: b, disk: slices.Clone(b)}
	f := openSim(t, d, FolderOptions{})
	for id, want := range map[string]string{"a": "", "b": "two"} {
		r, err := f.Load(t.Context(), id)
		if string(r.Blob) != want || err != nil && !errors.Is(err, ErrNotFound) {
			t.Errorf("session %s: %q, %v, want %q", id, r.Blob, err, want)
		}
		if _, err := f.Ended(t.Context(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("session %s has ended with something: %v", id, err)
		}
	}
	if s := f.Stats(); s.Sessions != 1 || s.Damaged != 0 || s.Cut != 0 {
		t.Errorf("%+v", s)
	}
	endVersion(t, f, "b", 5)
	wantEnded(t, f, "b", 5)
}
