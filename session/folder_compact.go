package session

import (
	"context"
	"errors"
	"io/fs"
	"slices"
)

// The log is emptied from its oldest segment on: the records in it that are still needed are
// written again at its end, and then the file is removed. So a deletion has to be kept only
// until its segment is the oldest one, and a crash at any point leaves a log that tells the
// same.

// A move is of a record that is written again at the end of the log.
type move struct {
	kind byte
	id   string
	used int64
	blob []byte
	from place

	lost bool   // the record is damaged, which is what is written
	hash uint64 // of the ID then, if that is not known
}

// appendMove writes a record again, if it is still the one that counts.
func (f *Folder) appendMove(m *move) error {
	if m.id == "" {
		if f.lost[m.hash] != m.from.seg {
			return nil
		}
		return f.put(head{kind: kindLost, used: int64(m.hash)}, "", nil)
	}
	if p := f.where(m.kind, m.id); p == nil || *p != m.from {
		return nil
	}
	switch {
	case m.lost && m.kind == kindDelete: // that it ended is still known
		return f.put(head{kind: kindDelete}, m.id, nil)
	case m.lost:
		return f.put(head{kind: kindLost, used: int64(hashID(m.id))}, m.id, nil)
	}
	return f.put(head{kind: m.kind, used: m.used}, m.id, m.blob)
}

// where is the place of the record of this kind that counts, nil if there is none. The caller
// holds mu, or writes the log.
func (f *Folder) where(kind byte, id string) *place {
	if kind == kindSave {
		return f.index[id]
	}
	if e := f.ending(id); e != nil {
		return &e.at
	}
	return nil
}

// tidy empties segments until little is wasted.
func (f *Folder) tidy() {
	f.tidying.Lock()
	defer f.tidying.Unlock()
	segs := f.acknowledged()
	// The group that is being written may have filled several, and the index does not yet
	// tell so.
	err := f.commit(context.Background(), request{})
	for i := 0; i < len(segs)-1 && err == nil; i++ { // the last one is written to
		f.mu.RLock()
		enough := float64(f.total) <= float64(f.live)*(1+f.o.Waste)+float64(f.limit())
		f.mu.RUnlock()
		if enough {
			break
		}
		err = f.empty(context.Background(), segs[i])
	}
	f.mu.Lock()
	f.tidyErr = err
	f.mu.Unlock()
}

// Compact writes all that is needed anew and removes the rest, so that the folder holds
// nothing else. It takes time in proportion to the store, while that can be used. A Folder
// keeps its waste within bounds by itself; Compact is for quiet hours, or before a copy.
func (f *Folder) Compact(ctx context.Context) error {
	f.tidying.Lock()
	defer f.tidying.Unlock()
	f.mu.RLock()
	tight := f.total <= f.live+int64(len(f.segs))*headerSize && len(f.lost) == 0
	f.mu.RUnlock()
	if tight {
		return ctx.Err()
	}
	segs := f.acknowledged() // records that come from now on may go to later ones
	if err := f.commit(ctx, request{seal: true}); err != nil {
		return err
	}
	for _, s := range segs {
		if err := f.empty(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// acknowledged returns the segments in which records are acknowledged. Only one who holds
// tidying removes these.
func (f *Folder) acknowledged() (segs []*segment) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, s := range f.segs {
		if s.size > 0 {
			segs = append(segs, s)
		}
	}
	return segs
}

// empty writes what is needed of the oldest segment again, and removes it. The segment is
// sealed, and the index has all of its records.
func (f *Folder) empty(ctx context.Context, s *segment) error {
	b := batch{f: f, ctx: ctx}
	sc := newScanner(s, s.size, false)
	for f.needs(s) {
		ok, err := sc.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := b.record(s, sc); err != nil {
			return err
		}
	}
	if err := b.commit(); err != nil {
		return err
	}
	// What cannot be read any more, and what was lost before.
	f.mu.RLock()
	if s.live > 0 {
		for id, p := range f.index {
			if p.seg == s {
				b.moves = append(b.moves, move{kind: kindSave, id: id, from: *p, lost: true})
			}
		}
		for id := range f.ended.byID {
			if at := f.ending(id).at; at.seg == s {
				b.moves = append(b.moves, move{kind: kindDelete, id: id, from: at, lost: true})
			}
		}
	}
	if s.lost > 0 {
		for hash, in := range f.lost {
			if in == s {
				b.moves = append(b.moves, move{hash: hash, from: place{seg: s}})
			}
		}
	}
	f.mu.RUnlock()
	if err := b.commit(); err != nil {
		return err
	}
	return f.remove(s)
}

// needs reports whether records of a segment are in the index.
func (f *Folder) needs(s *segment) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return s.live > 0
}

// A batch is of records that move by one commit.
type batch struct {
	f     *Folder
	ctx   context.Context
	moves []move
	room  []byte
}

// record adds the record that a scanner is at, if it is needed.
func (b *batch) record(s *segment, sc *scanner) error {
	if sc.kind != kindSave && sc.kind != kindDelete {
		return nil
	}
	b.f.mu.RLock()
	p := b.f.where(sc.kind, string(sc.id))
	needed := p != nil && p.seg == s && int64(p.off) == sc.off
	var at place
	if needed {
		at = *p
	}
	b.f.mu.RUnlock()
	if !needed {
		return nil
	}
	if len(b.room)+int(at.size) > bufferSize && len(b.moves) > 0 {
		if err := b.commit(); err != nil {
			return err
		}
	}
	if cap(b.room)-len(b.room) < int(at.size) { // the batch is empty
		b.room = make([]byte, 0, max(bufferSize, int(at.size)))
	}
	h, blob, err := at.read(b.room[len(b.room):])
	if err != nil {
		return err
	}
	b.room = b.room[:len(b.room)+int(at.size)]
	b.moves = append(b.moves, move{
		kind: sc.kind, id: string(sc.id), used: h.used, blob: blob, from: at, lost: h.kind != sc.kind,
	})
	return nil
}

func (b *batch) commit() error {
	if len(b.moves) == 0 {
		return nil
	}
	err := b.f.commit(b.ctx, request{move: b.moves})
	clear(b.moves)
	b.moves, b.room = b.moves[:0], b.room[:0]
	return err
}

// remove takes the oldest segment away, to which nothing refers any more.
func (f *Folder) remove(s *segment) error {
	f.mu.Lock()
	f.segs = slices.DeleteFunc(f.segs, func(o *segment) bool { return o == s })
	f.total -= s.size
	f.mu.Unlock()
	s.readers.Wait()
	return errors.Join(s.file.Close(), f.sweep(s.name))
}

// sweep removes files, and those that could not be removed before. Each is gone for good
// before the next one goes: a file that came back would be taken for a part of the log
// without those behind it, which tell what in it is old.
func (f *Folder) sweep(names ...string) error {
	f.sweeping.Lock()
	defer f.sweeping.Unlock()
	f.leftovers = append(f.leftovers, names...)
	for len(f.leftovers) > 0 {
		if err := f.disk.Remove(f.leftovers[0]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if !f.o.NoSync {
			if err := f.disk.SyncDir(); err != nil {
				return err
			}
		}
		f.leftovers = f.leftovers[1:]
	}
	return nil
}
