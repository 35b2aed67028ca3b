package session

import (
	"bytes"
	"errors"
	"io"
)

// A window reads a part of a file by pieces.
type window struct {
	r   io.ReaderAt
	end int64 // of the part
	at  int64 // of buf
	buf []byte
}

const windowSize = 1 << 20

// bytes returns n bytes at an offset, less at the end. They hold until the next call.
func (w *window) bytes(at int64, n int) ([]byte, error) {
	if n = int(min(int64(n), w.end-at)); n <= 0 {
		return nil, nil
	}
	if at < w.at || at+int64(n) > w.at+int64(len(w.buf)) {
		size := int(min(int64(max(n, windowSize)), w.end-at))
		if cap(w.buf) < size {
			w.buf = make([]byte, size)
		}
		got, err := w.r.ReadAt(w.buf[:size], at)
		w.at, w.buf = at, w.buf[:got]
		switch {
		case errors.Is(err, io.EOF): // the file is shorter now
			w.end = at + int64(got)
			n = min(n, got)
		case err != nil && got < size:
			w.buf = w.buf[:0]
			return nil, err
		}
	}
	return w.buf[at-w.at:][:n], nil
}

// A scanner reads the records of a segment one after another, and finds the next one behind
// damage.
type scanner struct {
	w     window
	mark  []byte
	at    int64 // where the next record is looked for
	blobs bool  // whether they are checked

	// The record.
	head
	off   int64
	whole bool  // the blob is there, and is right if it was checked
	hole  int64 // offset of the bytes before it that are no record, -1 for none

	name [maxID]byte
}

func newScanner(s *segment, end int64, blobs bool) *scanner {
	sc := &scanner{w: window{r: s.file, end: end}, mark: s.mark[:], at: headerSize, blobs: blobs}
	if s.mark == noMark {
		sc.at = end
	}
	return sc
}

// next goes to the next record. At the end of the segment hole is set as before a record.
func (s *scanner) next() (bool, error) {
	s.hole = -1
	for s.at < s.w.end {
		b, err := s.w.bytes(s.at, headSize+maxID)
		if err != nil {
			return false, err
		}
		if h, ok := parseHead(b, s.mark); ok {
			s.head, s.off = h, s.at
			s.id = s.name[:copy(s.name[:], h.id)]
			s.at += int64(h.size())
			s.whole, err = s.check()
			return err == nil, err
		}
		if s.hole < 0 {
			s.hole = s.at
		}
		if s.at, err = s.find(s.at + 1); err != nil {
			return false, err
		}
	}
	return false, nil
}

// place is that of the record, in the segment that is read.
func (s *scanner) place(seg *segment) place {
	return place{seg: seg, off: uint32(s.off), size: uint32(s.size()), used: s.used}
}

// check reads the blob of the record that ends at s.at.
func (s *scanner) check() (bool, error) {
	if s.at > s.w.end {
		s.at = s.w.end
		return false, nil
	}
	if !s.blobs {
		return true, nil
	}
	var sum checksummer
	for at := s.at - int64(s.blob); at < s.at; {
		b, err := s.w.bytes(at, int(min(windowSize, s.at-at)))
		if err != nil || len(b) == 0 {
			return false, err
		}
		sum.add(b)
		at += int64(len(b))
	}
	return uint32(sum) == s.sum, nil
}

// find returns the offset of the next mark, or the end.
func (s *scanner) find(at int64) (int64, error) {
	for {
		b, err := s.w.bytes(at, windowSize)
		if err != nil {
			return 0, err
		}
		if i := bytes.Index(b, s.mark); i >= 0 {
			return at + int64(i), nil
		}
		if len(b) < windowSize {
			return s.w.end, nil
		}
		at += int64(len(b)) - markSize + 1
	}
}

// noMark is that of a segment which has neither a header nor a record.
var noMark [markSize]byte

// findMark returns the mark of a segment whose header is damaged: that of its first record.
func findMark(r io.ReaderAt, end int64) (mark [markSize]byte, err error) {
	w := window{r: r, end: end}
	for at := int64(headerSize); ; at++ {
		b, err := w.bytes(at, headSize+maxID)
		if err != nil || len(b) < headSize {
			return noMark, err
		}
		if _, ok := parseHead(b, b[:markSize]); ok {
			return [markSize]byte(b), nil
		}
	}
}
