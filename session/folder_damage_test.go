package session

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// damagedStore is the disk of a store of several segments that was closed, with many old
// records, and the versions of its sessions; of 0 are those that were deleted.
func damagedStore(t testing.TB, seed uint64) (*simDisk, map[string]int) {
	r := rand.New(rand.NewPCG(seed, 2))
	d := newSimDisk(r)
	f := openSim(t, d, FolderOptions{SegmentBytes: 30000, Waste: 2})
	want := map[string]int{}
	for v := range 200 {
		id := fmt.Sprint(r.IntN(40))
		if want[id] > 0 && r.IntN(10) == 0 {
			if err := f.Delete(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			want[id] = 0
		} else {
			saveVersion(t, f, id, v+1)
			want[id] = v + 1
		}
		if v == 150 {
			f.tidy()
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return d, want
}

// copyOf returns another disk with the same files.
func (d *simDisk) copyOf() *simDisk {
	c := newSimDisk(rand.New(rand.NewPCG(1, 1)))
	for name, f := range d.names {
		c.names[name] = &simFile{d: c, name: name, cache: slices.Clone(f.cache), disk: slices.Clone(f.cache)}
	}
	c.entries = maps.Clone(c.names)
	return c
}

// Damage anywhere takes the sessions whose records it meets, and no others. No session comes
// back in an older state or after it was deleted; what is lost stays so until it is saved
// again or deleted, whatever segments are emptied.
func TestFolderDamage(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	d, want := damagedStore(t, seed)
	if len(d.names) < 2 {
		t.Fatalf("%d files", len(d.names))
	}
	r := rand.New(rand.NewPCG(seed, 3))
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	lostAny := 0
	for range rounds {
		c := d.copyOf()
		names := slices.Sorted(maps.Keys(c.names))
		file := c.names[names[r.IntN(len(names))]]
		at := r.IntN(len(file.cache))
		if r.IntN(8) == 0 {
			at = r.IntN(headerSize)
		}
		kind := r.IntN(4)
		switch kind {
		case 0: // a bit
			file.cache[at] ^= 1 << r.IntN(8)
		case 1: // a sector, zero
			at -= at % sector
			clear(file.cache[at:min(at+sector, len(file.cache))])
		case 2: // the sectors at the ends of a page, zero
			at -= at % 4096
			if min(at+4096, len(file.cache))-at < 4096 || at == 0 {
				continue
			}
			clear(file.cache[at : at+sector])
			clear(file.cache[at+4096-sector : at+4096])
		case 3: // a sector, anything
			at -= at % sector
			for i := at; i < min(at+sector, len(file.cache)); i++ {
				file.cache[i] = byte(r.Uint32())
			}
		}
		where := fmt.Sprintf("kind %d at %d of %s", kind, at, file.name)
		f := openSim(t, c, FolderOptions{SegmentBytes: 30000})
		lost := map[string]bool{}
		check := func(when string) {
			for id, v := range want {
				got, err := version(f, id)
				if errors.Is(err, ErrStateLost) {
					lost[id] = true
				} else if err != nil || got != v || lost[id] {
					t.Fatalf("%s, %s: session %s is in version %d, %v; want %d, lost %v", where, when, id, got, err, v, lost[id])
				}
			}
		}
		check("opened")
		lostAny += len(lost)
		if most := []int{1, 6, 12, 6}[kind]; len(lost) > most {
			t.Errorf("%s: %d sessions are lost", where, len(lost))
		}
		if s := f.Stats(); s.Damaged < len(lost) || s.Lost != len(lost) {
			t.Errorf("%s: %+v, lost are %v", where, s, lost)
		}
		if err := f.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
		check("compacted")
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		f = openSim(t, c, FolderOptions{SegmentBytes: 30000})
		check("opened again")
		if s := f.Stats(); s.Damaged != 0 || s.Lost != len(lost) {
			t.Errorf("%s: opened again: %+v, lost are %v", where, s, lost)
		}
		deleted := false
		for _, id := range slices.Sorted(maps.Keys(lost)) {
			if deleted = !deleted; deleted {
				if err := f.Delete(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				wantVersion(t, f, id, 0)
			} else {
				saveVersion(t, f, id, 1000)
				wantVersion(t, f, id, 1000)
			}
		}
		f.Close()
		f = openSim(t, c, FolderOptions{})
		if s := f.Stats(); s.Lost != 0 {
			t.Errorf("%s: saved again: %+v", where, s)
		}
	}
	if lostAny == 0 {
		t.Error("nothing was lost")
	}
}

// A blob that holds records is no part of the log, wherever the damage is.
func TestFolderForgedRecord(t *testing.T) {
	d := newSimDisk(rand.New(rand.NewPCG(1, 1)))
	f := openSim(t, d, FolderOptions{})
	saveVersion(t, f, "victim", 1)
	h := head{kind: kindSave, counters: counters{number: 3}}
	var forged []byte
	for range 10 {
		forged = appendHead(forged, [markSize]byte{}, &h, "victim")
	}
	if err := f.Save(t.Context(), []Record{{ID: "attacker", Blob: forged}}); err != nil {
		t.Fatal(err)
	}
	at := f.index["attacker"].off
	f.Close()
	d.names[segmentName(1)].cache[at+20] ^= 1
	f = openSim(t, d, FolderOptions{})
	wantVersion(t, f, "victim", 1)
	wantVersion(t, f, "attacker", -1)
}

// Damage while the store is open is found by Load, and by what empties segments.
func TestFolderDamageWhileOpen(t *testing.T) {
	for _, at := range []uint32{10, headSize + 3} { // in the head, in the blob
		d := newSimDisk(rand.New(rand.NewPCG(1, 1)))
		f := openSim(t, d, FolderOptions{})
		for i := range 5 {
			saveVersion(t, f, fmt.Sprint(i), 1)
		}
		d.names[segmentName(1)].cache[f.index["3"].off+at] ^= 1
		wantVersion(t, f, "3", -1)
		saveVersion(t, f, "0", 2)
		if err := f.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			for i, want := range []int{2, 1, 1, -1, 1} {
				wantVersion(t, f, fmt.Sprint(i), want)
			}
			f.Close()
			f = openSim(t, d, FolderOptions{})
		}
	}
}

// A file that is gone is found by the numbers of records.
func TestFolderFileGone(t *testing.T) {
	d, want := damagedStore(t, 1)
	names := slices.Sorted(maps.Keys(d.names))
	delete(d.names, names[1])
	f := openSim(t, d, FolderOptions{})
	s := f.Stats()
	if s.Damaged < 5 {
		t.Errorf("%+v", s)
	}
	for id, v := range want {
		if got, err := version(f, id); err == nil && got > v {
			t.Errorf("session %s is in version %d, want %d", id, got, v)
		}
	}
}

func TestFolderVersions(t *testing.T) {
	d, _ := damagedStore(t, 1)
	name := slices.Sorted(maps.Keys(d.names))[1]
	b := d.names[name].cache
	h, version := parseHeader(b)
	if version != logVersion {
		t.Fatal("no header")
	}
	good := slices.Clone(b[:headerSize])

	b[4] = 7 // without the checksum it is damage
	openSim(t, d.copyOf(), FolderOptions{})
	sum := checksum(b[:36])
	copy(b[36:], []byte{byte(sum), byte(sum >> 8), byte(sum >> 16), byte(sum >> 24)})
	if _, err := openFolder("sim", d, FolderOptions{}); err == nil || !strings.Contains(err.Error(), "later version") || !strings.Contains(err.Error(), name) {
		t.Errorf("a later version: %v", err)
	}
	copy(b, good)

	c := d.copyOf()
	c.names["0000004711.log"] = c.names[name]
	if _, err := openFolder("sim", c, FolderOptions{}); err == nil || !strings.Contains(err.Error(), "0000004711.log was "+segmentName(h.number)) {
		t.Errorf("a file of another name: %v", err)
	}
	if again := h.append(nil); string(again) != string(good) {
		t.Errorf("the header is %x, and %x when it is written again", good, again)
	}
}

// When the power fails at the first write to a file, its header may be lost though a record
// is there. Then the file before ends the log, and what was given up behind its end is no
// damage.
func TestFolderTornFile(t *testing.T) {
	d := newSimDisk(rand.New(rand.NewPCG(1, 1)))
	f := openSim(t, d, FolderOptions{})
	saveVersion(t, f, "a", 1)
	end := f.Stats().DiskBytes
	d.fail = func(c, _ string) error {
		if c == "sync" || c == "truncate" {
			return syscall.EIO
		}
		return nil
	}
	if saveOne(f, "a", 2) == nil {
		t.Fatal("no error")
	}
	d.fail = nil
	if err := f.Save(t.Context(), []Record{{ID: "b"}, {ID: "c"}}); err != nil {
		t.Fatal(err)
	}
	d.names[segmentName(1)].cache[end+headSize+1] ^= 1
	clear(d.names[segmentName(2)].cache[:headerSize])
	f = openSim(t, d, FolderOptions{})
	wantVersion(t, f, "a", 1)
	wantVersion(t, f, "b", 0)
	if s := f.Stats(); s.Lost != 0 || s.Damaged != 0 || s.Files != 1 {
		t.Errorf("%+v", s)
	}
}

// The record behind damage is found wherever it is in the pieces that a file is read by.
func TestFolderLongHole(t *testing.T) {
	for d := -2 * markSize; d <= 2*markSize; d++ {
		disk := newSimDisk(rand.New(rand.NewPCG(1, 1)))
		f := openSim(t, disk, FolderOptions{})
		large := Record{ID: "large", Blob: make([]byte, windowSize-headSize-5+1+d)}
		if err := f.Save(t.Context(), []Record{large}); err != nil {
			t.Fatal(err)
		}
		saveVersion(t, f, "behind", 1)
		f.Close()
		disk.names[segmentName(1)].cache[headerSize+15] ^= 1
		f = openSim(t, disk, FolderOptions{})
		wantVersion(t, f, "behind", 1)
		wantVersion(t, f, "large", -1)
		if s := f.Stats(); s.Damaged != 1 || s.Lost != 1 {
			t.Errorf("%+v", s)
		}
	}
}
