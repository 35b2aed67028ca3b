package session

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// open reads the folder.
func (f *Folder) open() error {
	err := f.openSegments()
	if err != nil {
		return err
	}
	// A last file without a header, in which nothing is known to be synced, was made when the
	// power failed.
	for i := len(f.segs) - 1; i >= 0 && f.segs[i].header.number == 0; i-- {
		_, synced, err := torn(f.segs[i])
		if err != nil {
			return err
		}
		if synced > 0 {
			break
		}
		f.leave(i)
	}
	// From the last one on, each header tells what counts before it.
	for i := len(f.segs) - 1; i > 0; i-- {
		h := f.segs[i].header
		if h.number == 0 {
			continue
		}
		for i > 0 && f.segs[i-1].number > h.prev {
			i--
			f.leave(i) // what was written to it was never acknowledged
		}
		if i > 0 && f.segs[i-1].number == h.prev {
			f.segs[i-1].size = min(f.segs[i-1].size, int64(h.prevEnd))
		}
	}
	var synced, whole int64 // bytes of the last file
	if n := len(f.segs); n > 0 {
		last := f.segs[n-1]
		whole = last.size
		if last.size, synced, err = torn(last); err != nil {
			return err
		}
		f.cut = whole - last.size
	}
	var read logReader
	for _, s := range f.segs {
		if err := read.segment(f, s); err != nil {
			return err
		}
	}
	read.finish(f)
	return f.resume(synced, whole, read.next)
}

// leave takes a segment out, whose file is to be removed.
func (f *Folder) leave(i int) {
	f.segs[i].file.Close()
	f.leftovers = slices.Insert(f.leftovers, 0, f.segs[i].name)
	f.segs = slices.Delete(f.segs, i, i+1)
}

// openSegments opens the files of the log, and reads their headers.
func (f *Folder) openSegments() error {
	names, err := f.disk.List()
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		number, ok := segmentNumber(name)
		if !ok {
			continue
		}
		file, err := f.disk.Open(name)
		if err != nil {
			return err
		}
		s := &segment{number: number, name: name, file: file}
		f.segs = append(f.segs, s)
		f.writer.last = number
		if err := s.begin(); err != nil {
			return err
		}
	}
	return nil
}

// begin finds the size and the header of a file, or at least its mark.
func (s *segment) begin() error {
	var err error
	if s.size, err = s.file.Size(); err != nil {
		return err
	}
	s.size = min(s.size, math.MaxUint32) // that is what places reach
	b := make([]byte, headerSize)
	n, err := s.file.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	h, version := parseHeader(b[:n])
	switch {
	case version > logVersion:
		return fmt.Errorf("%s was written by a later version of recur, in format %d, and this one reads up to %d: use the later one", s.name, version, logVersion)
	case version == 0:
		s.mark, err = findMark(s.file, s.size)
		return err
	case h.number != s.number:
		return fmt.Errorf("%s was %s when it was written: give it that name again, or take it out of the folder", s.name, segmentName(h.number))
	}
	s.header, s.mark = h, h.mark
	return nil
}

// torn returns how many bytes of the last segment count, and how many of these are known to
// be synced. A write that was not acknowledged when the power failed may be there in part, in
// any order. So the first bytes that are no record end the log, unless a record behind them
// knows that they were synced.
func torn(s *segment) (size, synced int64, err error) {
	var holes []int64
	sc := newScanner(s, s.size, true)
	for {
		ok, err := sc.next()
		if err != nil {
			return 0, 0, err
		}
		if sc.hole >= 0 {
			holes = append(holes, sc.hole)
		}
		if !ok {
			break
		}
		synced = max(synced, int64(sc.synced))
		if !sc.whole {
			holes = append(holes, sc.off)
		}
	}
	for _, at := range holes {
		if at >= synced {
			return at, synced, nil
		}
	}
	return s.size, min(synced, s.size), nil
}

// A logReader puts the records of a log into the index.
type logReader struct {
	begun bool
	next  counters
}

func (r *logReader) segment(f *Folder, s *segment) error {
	f.total += s.size
	if !r.begun && s.header.number != 0 {
		r.begun, r.next.number = true, s.header.first
	}
	sc := newScanner(s, s.size, true)
	for {
		ok, err := sc.next()
		if err != nil || !ok {
			return err
		}
		r.record(f, s, sc)
	}
}

// record notes a record, and what is missing before it.
func (r *logReader) record(f *Folder, s *segment, sc *scanner) {
	if !r.begun {
		r.begun, r.next.number = true, sc.number
		if sc.hole >= 0 { // of the oldest segment the header is damaged, and a record
			r.next.number -= min(recent, sc.number)
		}
	}
	if sc.number < r.next.number {
		f.damaged++ // a copy of a part of the log
		return
	}
	missing := sc.number - r.next.number
	f.damaged += missing
	for _, hash := range sc.before[:min(recent, missing)] {
		if hash != 0 {
			f.lose(hash, s)
		}
	}
	hash := hash(sc.kind, sc.id, sc.used)
	r.next = sc.counters.after(hash)
	f.writer.ended = sc.kind == kindEnd
	switch {
	case sc.kind == kindLost:
		f.lose(hash, s)
	case sc.kind == kindDelete && sc.whole:
		f.deleted(string(sc.id), sc.place(s))
	case sc.kind == kindDelete: // as one without a blob
		f.damaged++
		f.deleted(string(sc.id), place{})
	case sc.kind == kindSave && sc.whole:
		f.set(string(sc.id), sc.place(s))
	case sc.kind == kindSave:
		f.damaged++
		f.lose(hash, s)
	}
}

// finish takes the sessions that are lost out of the index: what is there of them is older.
func (r *logReader) finish(f *Folder) {
	f.sortEnds()
	if len(f.lost) == 0 {
		return
	}
	for id := range f.index {
		if f.lost[hashID(id)] != nil {
			f.drop(id)
		}
	}
	for id := range f.ended.byID {
		if f.lost[hashID(id)] != nil {
			f.forgetEnd(id)
		}
	}
}

// resume prepares the writer to go on where the log ends.
func (f *Folder) resume(synced, whole int64, next counters) error {
	w := &f.writer
	w.now, w.safe = next, next
	if n := len(f.segs) - 1; n >= 0 {
		last := f.segs[n]
		w.prev = last
		if last.header.number != 0 {
			w.seg, w.end, w.entered = last, last.size, true
		}
		if last.size < whole {
			if err := last.file.Truncate(last.size); err != nil {
				return err
			}
		}
		if !f.o.NoSync {
			if err := last.renew(synced); err != nil {
				return err
			}
		}
	}
	if !f.o.NoSync {
		if err := f.disk.SyncDir(); err != nil {
			return err
		}
	}
	return f.sweep()
}

// renew makes the end of a file last, so that nobody sees a record that a power cut then
// takes. The bytes are written again, because after a sync that failed the system may take
// what it has in memory for written.
func (s *segment) renew(from int64) error {
	w := window{r: s.file, end: s.size}
	for from < s.size {
		b, err := w.bytes(from, windowSize)
		if err != nil {
			return err
		}
		if len(b) == 0 {
			return io.ErrUnexpectedEOF
		}
		if _, err := s.file.WriteAt(b, from); err != nil {
			return err
		}
		from += int64(len(b))
	}
	return s.file.Sync()
}
