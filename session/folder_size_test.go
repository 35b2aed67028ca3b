package session

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// records makes sessions of a size.
func records(n, size int) []Record {
	all := make([]Record, n)
	for i := range all {
		blob := make([]byte, size)
		for j := 0; j+8 <= size; j += 8 {
			binary.LittleEndian.PutUint64(blob[j:], rand.Uint64())
		}
		all[i] = Record{ID: fmt.Sprintf("session-%08d", i), Used: time.Now(), Blob: blob}
	}
	return all
}

// A session takes less than 100 bytes of memory beside its name.
func TestFolderMemory(t *testing.T) {
	f, err := OpenFolder(t.TempDir(), FolderOptions{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const n = 50000
	all := records(n, 16)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for from := 0; from < n; from += 1000 {
		if err := f.Save(t.Context(), all[from:from+1000]); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(all)
	each := float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)) / n
	t.Logf("%.0f bytes a session, 16 of them its name", each)
	if each > 116 {
		t.Errorf("a session takes %.0f bytes of memory, want at most 116", each)
	}
}

// A session takes its blob, its name and 108 bytes of disk after Compact; a blob of
// AppendBinary has 58 beside the floats.
func TestFolderDisk(t *testing.T) {
	dir := t.TempDir()
	f, err := OpenFolder(dir, FolderOptions{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	const n, size = 2000, 1600
	all := records(n, size)
	for range 3 {
		if err := f.Save(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range all[:n/2] {
		if err := f.Delete(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := osDisk{dir}.List()
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, name := range names {
		file, err := osDisk{dir}.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		bytes, err := file.Size()
		if err != nil {
			t.Fatal(err)
		}
		total += bytes
		file.Close()
	}
	each := float64(total) / (n / 2)
	t.Logf("%.1f bytes a session of %d", each, size)
	if each > size+256-58 {
		t.Errorf("a session of %d bytes takes %.1f", size, each)
	}
}

// While records are replaced, the folder stays within bounds.
func TestFolderWaste(t *testing.T) {
	d := newSimDisk(rand.New(rand.NewPCG(1, 1)))
	const segment = 64 << 10
	f := openSim(t, d, FolderOptions{SegmentBytes: segment, Waste: 0.5})
	all := records(1000, 500)
	if err := f.Save(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	written, bytes := 0, 0
	for range 3000 {
		i := r.IntN(990)
		if r.IntN(3) > 0 {
			i %= 100
		}
		if err := f.Save(t.Context(), all[i:i+10]); err != nil {
			t.Fatal(err)
		}
		written += 10 * (headSize + 16 + 500)
		select {
		case <-f.crowded:
			f.tidy()
		default:
		}
		s := f.Stats()
		if most := int64(1.5*float64(s.LiveBytes)) + 3*segment; s.DiskBytes > most || s.Err != nil {
			t.Fatalf("%+v, want at most %d bytes", s, most)
		}
	}
	for _, file := range d.names {
		bytes += len(file.cache)
	}
	if s := f.Stats(); int64(bytes) != s.DiskBytes || s.Sessions != 1000 {
		t.Errorf("%d bytes, %+v", bytes, s)
	}
	rewritten := float64(d.written-written) / float64(written)
	t.Logf("for a byte that is saved %.2f are written again", rewritten)
	if rewritten > 2.2 {
		t.Errorf("for a byte that is saved %.2f are written again", rewritten)
	}
}

// To save sessions again takes no memory.
func TestFolderAllocations(t *testing.T) {
	f, err := OpenFolder(t.TempDir(), FolderOptions{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := records(64, 1600)
	save := func() {
		if err := f.Save(context.Background(), all); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		save()
	}
	if n := testing.AllocsPerRun(50, save); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
