package session

import (
	"math/rand/v2"
	"slices"
)

// A logWriter appends to the last segment. It belongs to who leads a group.
type logWriter struct {
	seg     *segment // nil before the first record and after an error
	entered bool     // its file is in the folder for good
	end     int64    // of what was written to it, buf included
	buf     []byte

	last uint32   // number of the last file that was made
	prev *segment // the last one that is sealed and holds records

	now, safe counters // at end, and at what is acknowledged
	ended     bool     // the last record is that of Close
	changes   []change
}

// A change is what a record means for the index.
type change struct {
	kind byte
	id   string
	at   place
}

const bufferSize = 1 << 20

// write writes the records of a group. If it fails, nothing has changed but what is in files
// behind that which counts.
func (f *Folder) write(group []*request) error {
	w := &f.writer
	err := f.append(group)
	if err == nil {
		err = f.settle()
	}
	if err != nil {
		f.unsure.Store(true)
		f.abandon()
	} else {
		f.apply()
		if w.buf = w.buf[:0]; cap(w.buf) > 2*bufferSize {
			w.buf = nil
		}
	}
	clear(w.changes) // it holds names of callers
	w.changes = w.changes[:0]
	return err
}

func (f *Folder) append(group []*request) error {
	w := &f.writer
	// Records that move are older than those which are saved by the same group.
	for _, r := range group {
		for i := range r.move {
			if err := f.appendMove(&r.move[i]); err != nil {
				return err
			}
		}
	}
	for _, r := range group {
		for i := range r.save {
			s := &r.save[i]
			if err := f.put(head{kind: kindSave, used: toNanos(s.Used)}, s.ID, s.Blob); err != nil {
				return err
			}
		}
		for _, id := range r.drop {
			if err := f.put(head{kind: kindDelete}, id, nil); err != nil {
				return err
			}
		}
		for i := range r.ended {
			e := &r.ended[i]
			if err := f.put(head{kind: kindDelete, used: toNanos(e.Used)}, e.ID, e.Blob); err != nil {
				return err
			}
		}
		if r.end && w.seg != nil && !w.ended {
			// The second one tells where the log ends if a page is damaged that holds the
			// last record and the first one.
			for _, apart := range [][]byte{make([]byte, 4096), nil} {
				if err := f.put(head{kind: kindEnd}, "", apart); err != nil {
					return err
				}
			}
		}
		if r.seal && w.seg != nil {
			if err := f.settle(); err != nil {
				return err
			}
			w.seg = nil
		}
	}
	return nil
}

// limit is how large a segment becomes: an eighth of what is needed, so that little is left
// behind in each, within bounds.
func (f *Folder) limit() int64 {
	return min(max(f.live/8, 16<<20), f.o.SegmentBytes)
}

// put appends a record.
func (f *Folder) put(h head, id string, blob []byte) error {
	w := &f.writer
	n := int64(headSize + len(id) + len(blob))
	if w.seg == nil || w.end+n > f.limit() && w.end > headerSize {
		if err := f.roll(); err != nil {
			return err
		}
	}
	h.blob, h.sum = len(blob), checksum(blob)
	h.synced, h.counters = uint32(w.seg.size), w.now
	if len(w.buf)+int(n) > bufferSize {
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.changes = append(w.changes, change{
		kind: h.kind, id: id, at: place{seg: w.seg, off: uint32(w.end), size: uint32(n), used: h.used},
	})
	w.buf = appendHead(w.buf, w.seg.mark, &h, id)
	w.end += n
	if len(blob) < bufferSize {
		w.buf = append(w.buf, blob...)
	} else {
		w.end -= int64(len(blob))
		if err := w.flush(); err != nil {
			return err
		}
		if _, err := w.seg.file.WriteAt(blob, w.end); err != nil {
			return err
		}
		w.end += int64(len(blob))
	}
	w.now, w.ended = h.counters.after(hash(h.kind, id, h.used)), h.kind == kindEnd
	return nil
}

// flush hands what is in the buffer to the system.
func (w *logWriter) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	_, err := w.seg.file.WriteAt(w.buf, w.end-int64(len(w.buf)))
	w.buf = w.buf[:0]
	return err
}

// settle makes all that was written last.
func (f *Folder) settle() error {
	w := &f.writer
	if w.seg == nil || w.end == w.seg.size {
		return nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	if !f.o.NoSync {
		if err := w.seg.file.Sync(); err != nil {
			return err
		}
		if !w.entered {
			if err := f.disk.SyncDir(); err != nil {
				return err
			}
		}
	}
	w.entered = true
	f.mu.Lock()
	f.total += w.end - w.seg.size
	w.seg.size = w.end
	f.mu.Unlock()
	w.safe, w.prev = w.now, w.seg
	return nil
}

// roll begins a segment.
func (f *Folder) roll() error {
	w := &f.writer
	if err := f.settle(); err != nil {
		return err
	}
	w.seg, w.entered = nil, false
	w.last++
	s := &segment{number: w.last, name: segmentName(w.last)}
	for i := range s.mark {
		s.mark[i] = byte(rand.Uint32())
	}
	file, err := f.disk.Create(s.name)
	if err != nil {
		return err
	}
	s.file = file
	h := header{mark: s.mark, first: w.now.number, number: s.number}
	if w.prev != nil {
		h.prev, h.prevEnd = w.prev.number, uint32(w.prev.size)
	}
	w.seg = s
	w.buf = h.append(w.buf[:0])
	w.end = headerSize
	f.mu.Lock()
	f.segs = append(f.segs, s)
	f.mu.Unlock()
	return nil
}

// abandon gives the last segment up after an error. What it acknowledged stays; the header of
// the next one tells where that ends.
func (f *Folder) abandon() {
	w := &f.writer
	s := w.seg
	w.buf, w.now, w.seg = w.buf[:0], w.safe, nil
	if s == nil {
		return
	}
	if s.size > 0 {
		s.file.Truncate(s.size) // for the room; it may fail as well
		return
	}
	f.mu.Lock()
	f.segs = slices.DeleteFunc(f.segs, func(o *segment) bool { return o == s })
	f.mu.Unlock()
	s.file.Close()
	f.sweep(s.name)
}

// apply makes the index tell what was written.
func (f *Folder) apply() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.writer.changes {
		c := &f.writer.changes[i]
		switch c.kind {
		case kindSave:
			f.set(c.id, c.at)
		case kindDelete:
			f.deleted(c.id, c.at)
		case kindLost:
			if c.id != "" {
				f.drop(c.id)
			}
			f.lose(uint64(c.at.used), c.at.seg)
		}
	}
	f.boundEnds()
	if float64(f.total) > float64(f.live)*(1+f.o.Waste)+float64(2*f.limit()) {
		select {
		case f.crowded <- struct{}{}:
		default:
		}
	}
}
