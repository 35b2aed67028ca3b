package session

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"sync"
	"sync/atomic"

	"github.com/recur-go/recur/internal/filelock"
)

// FolderOptions are those of a Folder. The zero value is fine.
type FolderOptions struct {
	// SegmentBytes is how large a file of the folder becomes, 64 MiB if it is 0. Small stores
	// have smaller ones.
	SegmentBytes int64

	// Waste is how many bytes of records that were replaced or deleted may lie in the folder,
	// as a share of those that are needed, beside two files: 0.5 if it is 0. Less of it costs
	// more writing.
	Waste float64

	// NoSync leaves it to the system when what is saved gets to the disk. It survives the end
	// of the process, kill -9 too, but a power cut or a crash of the system may take what was
	// saved last, or damage it.
	NoSync bool
}

// A Folder is a Store of files in a folder. What Save and Delete returned nil for survives
// the end of the process and, without NoSync, power cuts, if the disk keeps what it has
// synced. Calls at the same time share the wait for the disk.
//
// Every record has checksums. Damage to the files takes only the sessions whose records it
// meets: Load of these returns an error that wraps ErrStateLost, never an older state. (If it
// meets more than eight records in a row, those before the last eight are counted in Stats,
// but it cannot be known whose they were. And damage to what was written last before a crash is
// taken for the crash's.)
//
// After an error of the disk the file that was written to is given up: nothing that was not
// yet acknowledged in it is trusted, and the next call begins another file. So a full disk is
// an error of Save until there is room; what was saved before is kept, and can be loaded.
//
// Of sessions that End ended it keeps the records until they take 4 MiB, the oldest go first.
//
// One process at a time has the folder.
type Folder struct {
	dir  string
	disk disk
	lock *filelock.Lock
	o    FolderOptions

	endedMost int64 // bytes of records of ended sessions

	mu      sync.RWMutex
	index   map[string]*place
	ended   endings
	lost    map[uint64]*segment // hashes of IDs of sessions that are lost, and which file has it
	segs    []*segment          // from the oldest on
	live    int64               // bytes of the records in the index, and of ended sessions
	total   int64               // bytes of the segments
	damaged uint64
	cut     int64
	shut    bool
	tidyErr error

	queue  groups
	writer logWriter
	unsure atomic.Bool // a write failed, so that there may be records of sessions that the index lacks

	tidying sync.Mutex    // held while segments are emptied
	crowded chan struct{} // wakes the goroutine that empties them
	stop    chan struct{}
	stopped sync.WaitGroup

	sweeping  sync.Mutex
	leftovers []string // files to remove, in this order
}

// A segment is a file of the log.
type segment struct {
	number  uint32
	name    string
	file    diskFile
	header  header // zero if it is damaged
	mark    [markSize]byte
	size    int64          // bytes that are acknowledged, 0 if none are
	live    int64          // bytes of its records in the index, and of ended sessions
	lost    int            // sessions that it tells to be lost
	readers sync.WaitGroup // those who read the file without holding mu
}

// A place is where a record is.
type place struct {
	seg  *segment
	off  uint32
	size uint32
	used int64
}

// OpenFolder opens a folder of sessions, which it makes if there is none. It fails while
// another process has it open.
func OpenFolder(dir string, o FolderOptions) (*Folder, error) {
	if err := makeFolder(dir); err != nil {
		return nil, fmt.Errorf("session folder: %w", err)
	}
	lock, err := filelock.Take(dir)
	if errors.Is(err, filelock.ErrHeld) {
		return nil, fmt.Errorf("session folder %s: %w; stop that one, or choose another folder", dir, err)
	} else if err != nil {
		return nil, fmt.Errorf("session folder %s: %w", dir, err)
	}
	f, err := openFolder(dir, osDisk{dir}, o)
	if err != nil {
		lock.Release()
		return nil, err
	}
	f.lock = lock
	f.start()
	return f, nil
}

// openFolder opens a folder on a disk. It does not start what empties segments.
func openFolder(dir string, d disk, o FolderOptions) (*Folder, error) {
	if o.SegmentBytes == 0 {
		o.SegmentBytes = 64 << 20
	}
	if o.Waste == 0 {
		o.Waste = 0.5
	}
	if o.SegmentBytes < 0 || o.SegmentBytes > maxBlob {
		return nil, fmt.Errorf("session folder %s: SegmentBytes is %d, want 1 to %d", dir, o.SegmentBytes, maxBlob)
	}
	if !(o.Waste > 0) {
		return nil, fmt.Errorf("session folder %s: Waste is %v, want more than 0", dir, o.Waste)
	}
	f := &Folder{
		dir: dir, disk: d, o: o, endedMost: endedBytes,
		index:   map[string]*place{},
		ended:   endings{byID: map[string]*list.Element{}},
		lost:    map[uint64]*segment{},
		crowded: make(chan struct{}, 1),
		stop:    make(chan struct{}),
	}
	if err := f.open(); err != nil {
		for _, s := range f.segs {
			s.file.Close()
		}
		return nil, fmt.Errorf("session folder %s: %w", dir, err)
	}
	return f, nil
}

func (f *Folder) errClosed() error {
	return fmt.Errorf("session folder %s: %w", f.dir, os.ErrClosed)
}

func (f *Folder) Load(ctx context.Context, id string) (Record, error) {
	return f.get(ctx, id, kindSave)
}

// get returns the record of a session, or the one that it ended with.
func (f *Folder) get(ctx context.Context, id string, kind byte) (Record, error) {
	if err := ctx.Err(); err != nil {
		return Record{}, err
	}
	f.mu.RLock()
	if f.shut {
		f.mu.RUnlock()
		return Record{}, f.errClosed()
	}
	p := f.where(kind, id)
	if p == nil {
		_, lost := f.lost[hashID(id)]
		f.mu.RUnlock()
		if lost {
			return Record{}, fmt.Errorf("session %.300q: its record in %s is damaged: %w", id, f.dir, ErrStateLost)
		}
		return Record{}, fmt.Errorf("session %.300q: %w", id, ErrNotFound)
	}
	at := *p
	at.seg.readers.Add(1)
	f.mu.RUnlock()
	defer at.seg.readers.Done()

	h, blob, err := at.read(nil)
	if err != nil {
		return Record{}, fmt.Errorf("session %q in %s: %w", id, f.dir, err)
	}
	if h.kind != kind || string(h.id) != id {
		return Record{}, fmt.Errorf("session %q: its record in %s of %s is damaged: %w", id, at.seg.name, f.dir, ErrStateLost)
	}
	return Record{ID: id, Used: fromNanos(h.used), Blob: blob}, nil
}

// read reads a record into b if it has the room. The kind is 0 if it is damaged.
func (p place) read(b []byte) (h head, blob []byte, err error) {
	if cap(b) < int(p.size) {
		b = make([]byte, p.size)
	}
	b = b[:p.size]
	if n, err := p.seg.file.ReadAt(b, int64(p.off)); n < len(b) && !errors.Is(err, io.EOF) {
		return head{}, nil, err
	} else if n < len(b) {
		return head{}, nil, nil
	}
	h, ok := parseHead(b, p.seg.mark[:])
	if !ok || h.size() != len(b) {
		return head{}, nil, nil
	}
	if blob = b[len(b)-h.blob:]; checksum(blob) != h.sum {
		return head{}, nil, nil
	}
	return h, blob, nil
}

func (f *Folder) Save(ctx context.Context, records []Record) error {
	if err := storable(records); err != nil {
		return err
	}
	return f.commit(ctx, request{save: records})
}

func (f *Folder) Delete(ctx context.Context, ids ...string) error {
	var drop []string
	f.mu.RLock()
	for _, id := range ids {
		if f.deletes(id) {
			drop = append(drop, id)
		}
	}
	f.mu.RUnlock()
	return f.commit(ctx, request{drop: drop})
}

// deletes reports whether a deletion has to be written for an ID. The caller holds mu.
func (f *Folder) deletes(id string) bool {
	return f.index[id] != nil || f.ended.byID[id] != nil || f.lost[hashID(id)] != nil ||
		f.unsure.Load() && id != "" && len(id) <= maxID
}

func (f *Folder) All(ctx context.Context, after string) iter.Seq2[Record, error] {
	return inOrder(ctx, after, func(after string, n int) (page []Record, err error) {
		f.mu.RLock()
		defer f.mu.RUnlock()
		if f.shut {
			return nil, f.errClosed()
		}
		for _, id := range smallest(maps.Keys(f.index), after, n) {
			page = append(page, Record{ID: id, Used: fromNanos(f.index[id].used)})
		}
		return page, nil
	})
}

// FolderStats are figures of a Folder.
type FolderStats struct {
	Sessions  int
	Ended     int   // sessions that have ended, and whose last records are kept
	Lost      int   // sessions whose records are damaged, as far as it is known which
	Files     int   // of the log
	LiveBytes int64 // of the records that are needed
	DiskBytes int64 // of the files
	Damaged   int   // records that were found damaged when it was opened
	Cut       int64 // bytes of a write that was never acknowledged, cut off when it was opened
	Err       error // why files that are no longer needed could not be removed, the last time
}

// Stats returns figures of the store.
func (f *Folder) Stats() FolderStats {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return FolderStats{
		Sessions: len(f.index), Ended: f.ended.order.Len(), Lost: len(f.lost), Files: len(f.segs),
		LiveBytes: f.live, DiskBytes: f.total,
		Damaged: int(f.damaged), Cut: f.cut, Err: f.tidyErr,
	}
}

// start runs what empties segments, until Close.
func (f *Folder) start() {
	f.stopped.Go(func() {
		for {
			select {
			case <-f.stop:
				return
			case <-f.crowded:
				f.tidy()
			}
		}
	})
}

// Close waits for calls of Save and Delete, and gives the folder back. Further calls fail
// with an error that wraps os.ErrClosed.
func (f *Folder) Close() error {
	if !f.queue.close() {
		return nil
	}
	close(f.stop)
	f.stopped.Wait()
	f.tidying.Lock() // a call of Compact ends, since it can write no more
	defer f.tidying.Unlock()
	err := f.commit(context.Background(), request{end: true})

	f.mu.Lock()
	f.shut = true
	segs := f.segs
	f.mu.Unlock()
	for _, s := range segs {
		s.readers.Wait()
		err = errors.Join(err, s.file.Close())
	}
	if f.lock != nil {
		err = errors.Join(err, f.lock.Release())
	}
	return err
}
