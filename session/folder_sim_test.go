package session

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
)

const sector = 512

var errPower = errors.New("the power failed")

// A simDisk is a disk whose power fails, and whose calls do. What was written is visible at
// once, as in the cache of a system, but on the disk only what was synced is sure.
type simDisk struct {
	mu      sync.Mutex
	r       *rand.Rand
	names   map[string]*simFile // as the system sees them
	entries map[string]*simFile // as they are on the disk
	pending []simEntry          // changes of names that were not synced

	calls   int
	cutAt   int     // the call at which the power fails, -1 for never
	dead    bool    // it has failed
	fault   float64 // share of the calls that fail
	fails   int     // calls that failed
	fail    func(call, name string) error
	syncs   int
	written int // bytes
}

// A simEntry gives a name to a file, or to none.
type simEntry struct {
	name string
	file *simFile
}

type simFile struct {
	d       *simDisk
	name    string
	cache   []byte
	disk    []byte
	pending []simWrite
}

// A simWrite is of bytes, or of the size if there are none.
type simWrite struct {
	at   int64
	data []byte
}

func newSimDisk(r *rand.Rand) *simDisk {
	return &simDisk{r: r, names: map[string]*simFile{}, entries: map[string]*simFile{}, cutAt: -1}
}

// call counts a call that changes the disk. It may fail; when the power fails at it, it may
// still come to the disk.
func (d *simDisk) call(what, name string) error {
	if d.dead {
		return errPower
	}
	if d.fail != nil {
		if err := d.fail(what, name); err != nil {
			d.fails++
			return err
		}
	}
	if d.fault > 0 && d.r.Float64() < d.fault {
		d.fails++
		return [...]error{syscall.ENOSPC, syscall.EIO}[d.r.IntN(2)]
	}
	d.calls++
	if d.calls-1 == d.cutAt {
		d.dead = true
	}
	return nil
}

// ended is the error of a call that was done when the power failed.
func (d *simDisk) ended() error {
	if d.dead {
		return errPower
	}
	return nil
}

func (d *simDisk) List() ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append(slices.Sorted(maps.Keys(d.names)), "README", "1.log", "0000000000.log"), d.ended()
}

func (d *simDisk) Create(name string) (diskFile, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[name] != nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	if err := d.call("create", name); err != nil {
		return nil, err
	}
	f := &simFile{d: d, name: name}
	d.names[name] = f
	d.pending = append(d.pending, simEntry{name, f})
	return f, d.ended()
}

func (d *simDisk) Open(name string) (diskFile, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.names[name]
	if f == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return f, d.ended()
}

func (d *simDisk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	if err := d.call("remove", name); err != nil {
		return err
	}
	delete(d.names, name)
	d.pending = append(d.pending, simEntry{name, nil})
	return d.ended()
}

func (d *simDisk) SyncDir() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("syncdir", ""); err != nil {
		if !d.dead { // changes of names wait in a journal, and are not forgotten
			d.enter(0.5)
		}
		return err
	}
	d.syncs++
	if d.dead {
		d.enter(0.5)
	} else {
		d.enter(1)
		d.pending = nil
	}
	return d.ended()
}

// enter brings a share of the changes of names to the disk.
func (d *simDisk) enter(share float64) {
	for _, e := range d.pending {
		if d.r.Float64() >= share {
			continue
		}
		if e.file == nil {
			delete(d.entries, e.name)
		} else {
			d.entries[e.name] = e.file
		}
	}
}

func (f *simFile) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return int64(len(f.cache)), f.d.ended()
}

func (f *simFile) ReadAt(p []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.ended(); err != nil {
		return 0, err
	}
	if f.d.fail != nil {
		if err := f.d.fail("read", f.name); err != nil {
			return 0, err
		}
	}
	if at >= int64(len(f.cache)) {
		return 0, io.EOF
	}
	n := copy(p, f.cache[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *simFile) WriteAt(p []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	err := f.d.call("write", f.name)
	n := len(p)
	if err != nil {
		if f.d.dead {
			return 0, err
		}
		n = f.d.r.IntN(len(p) + 1) // a short write
	}
	f.d.written += n
	if n > 0 {
		w := simWrite{at, slices.Clone(p[:n])}
		f.cache = w.on(f.cache)
		f.pending = append(f.pending, w)
	}
	if err == nil {
		err = f.d.ended()
	}
	return n, err
}

func (f *simFile) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.call("truncate", f.name); err != nil {
		return err
	}
	w := simWrite{at: size}
	f.cache = w.on(f.cache)
	f.pending = append(f.pending, w)
	return f.d.ended()
}

func (f *simFile) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.call("sync", f.name); err != nil {
		// The system takes the pages for clean, though they are not on the disk, and a
		// further call succeeds.
		if !f.d.dead {
			f.flush(0.5)
		}
		return err
	}
	f.d.syncs++
	if f.d.dead {
		f.flush(0.5)
	} else {
		f.flush(1)
	}
	return f.d.ended()
}

func (f *simFile) Close() error { return nil }

// flush brings a share of what was written to the disk, sector by sector, and forgets the
// rest, but for sizes, which wait in a journal.
func (f *simFile) flush(share float64) {
	var sizes []simWrite
	for _, w := range f.pending {
		if w.data == nil {
			if f.d.r.Float64() < share {
				f.disk = w.on(f.disk)
			} else {
				sizes = append(sizes, w)
			}
			continue
		}
		for from := 0; from < len(w.data); {
			to := min(len(w.data), from+sector-int((w.at+int64(from))%sector))
			piece := simWrite{w.at + int64(from), w.data[from:to]}
			switch p := f.d.r.Float64(); {
			case p < share:
				f.disk = piece.on(f.disk)
			case p < share+0.1 && share > 0: // the size alone
				if end := int(piece.at) + len(piece.data); end > len(f.disk) {
					f.disk = append(f.disk, make([]byte, end-len(f.disk))...)
				}
			}
			from = to
		}
	}
	f.pending = sizes
}

func (w simWrite) on(b []byte) []byte {
	end := int(w.at) + len(w.data)
	if len(b) < end {
		b = append(b, make([]byte, end-len(b))...)
	}
	if w.data == nil {
		return b[:w.at:w.at]
	}
	copy(b[w.at:], w.data)
	return b
}

// crash gives the disk as it is when the power is back.
func (d *simDisk) crash() {
	d.mu.Lock()
	defer d.mu.Unlock()
	shares := []float64{0, 1, 0.5, d.r.Float64()}
	d.enter(shares[d.r.IntN(len(shares))])
	d.pending = nil
	d.names = map[string]*simFile{}
	for _, name := range slices.Sorted(maps.Keys(d.entries)) {
		f := d.entries[name]
		f.flush(shares[d.r.IntN(len(shares))])
		f.cache, f.pending = slices.Clone(f.disk), nil
		d.names[name] = f
	}
	d.dead, d.cutAt = false, -1
}
