package session

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// Whatever a file of the log holds, a store opens or gives an error, in memory in proportion
// to the file; and what it then has and saves, it has when it is opened again.
func FuzzFolder(f *testing.F) {
	d, _ := damagedStore(f, 1)
	for _, file := range d.names {
		f.Add(file.cache[:min(len(file.cache), 3000)], false)
		f.Add(file.cache[:min(len(file.cache), 3000)], true)
	}
	f.Add([]byte{}, true)
	f.Add([]byte(logMagic), true)
	f.Fuzz(func(t *testing.T, b []byte, last bool) {
		d := newSimDisk(rand.New(rand.NewPCG(1, 1)))
		store := openSim(t, d, FolderOptions{})
		for i := range 3 {
			saveVersion(t, store, fmt.Sprint(i), 1)
		}
		store.Close()
		number := uint32(1) // before it, or behind it
		if last {
			number = 3
		}
		two := d.names[segmentName(1)]
		d.names = map[string]*simFile{segmentName(2): two, segmentName(number): {d: d, name: segmentName(number), cache: b, disk: b}}
		h, _ := parseHeader(two.cache)
		h.number = 2
		two.cache = append(h.append(nil), two.cache[headerSize:]...)

		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		store, err := openFolder("sim", d, FolderOptions{})
		runtime.ReadMemStats(&after)
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(64<<10+40*len(b)); got > most {
			t.Errorf("%d bytes take %d of memory, want at most %d", len(b), got, most)
		}
		if err != nil {
			return
		}
		kept := map[string]string{}
		for r, err := range store.All(context.Background(), "") {
			if err != nil {
				t.Fatal(err)
			}
			r, err := store.Load(context.Background(), r.ID)
			if err != nil {
				t.Fatal(err)
			}
			kept[r.ID] = string(r.Blob)
		}
		lost := store.Stats().Lost
		for round := range 3 {
			if n := store.Stats().Sessions; n != len(kept) {
				t.Errorf("round %d: %d sessions, want %d", round, n, len(kept))
			}
			for id, blob := range kept {
				if r, err := store.Load(context.Background(), id); err != nil || string(r.Blob) != blob {
					t.Errorf("round %d: session %q: %q, %v, want %q", round, id, r.Blob, err, blob)
				}
			}
			id := fmt.Sprint("new", round)
			saveVersion(t, store, id, 1)
			kept[id] = string(stateOf(id, 1))
			if round == 1 {
				if err := store.Compact(context.Background()); err != nil {
					t.Error(err)
				}
			}
			if n := store.Stats().Lost; n > lost {
				t.Errorf("round %d: %d sessions are lost, %d before", round, n, lost)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
			store = openSim(t, d, FolderOptions{})
		}
		store.Close()
	})
}
