package session

import "strings"

// set makes a session be at a place. The caller holds mu, as for all that changes the index.
func (f *Folder) set(id string, at place) {
	p := f.index[id]
	if p == nil {
		p = new(place)
		f.index[strings.Clone(id)] = p
	} else {
		f.forget(p)
	}
	f.forgetEnd(id)
	*p = at
	at.seg.live += int64(at.size)
	f.live += int64(at.size)
	if len(f.lost) > 0 {
		f.found(hashID(id))
	}
}

// drop takes a session out of the index.
func (f *Folder) drop(id string) {
	if p := f.index[id]; p != nil {
		f.forget(p)
		delete(f.index, id)
	}
}

// deleted takes a session out for a deletion at a place, which may have a blob.
func (f *Folder) deleted(id string, at place) {
	if int(at.size) > headSize+len(id) {
		f.end(id, at)
	} else {
		f.drop(id)
		f.forgetEnd(id)
	}
	f.found(hashID(id))
}

func (f *Folder) forget(p *place) {
	p.seg.live -= int64(p.size)
	f.live -= int64(p.size)
}

// lose notes that a session is lost, by the hash of its ID and the segment that tells so. Its
// place in the index is dropped by the caller.
func (f *Folder) lose(hash uint64, s *segment) {
	f.found(hash)
	f.lost[hash] = s
	s.lost++
}

// found notes that a session is not lost any more.
func (f *Folder) found(hash uint64) {
	if s := f.lost[hash]; s != nil {
		s.lost--
		delete(f.lost, hash)
	}
}
