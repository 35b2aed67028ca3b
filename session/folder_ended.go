package session

import (
	"cmp"
	"container/list"
	"context"
	"slices"
	"strings"
)

// endedBytes is about how many bytes of records of ended sessions a folder keeps.
const endedBytes = 4 << 20

// endings are the records of sessions that have ended, which are deletions with a blob. The last
// record of an ID in the log is the one that counts: such a record goes where a session of its
// ID is saved or deleted.
type endings struct {
	byID  map[string]*list.Element
	order list.List // of *ending, the oldest first
	bytes int64
}

// An ending is where such a record is.
type ending struct {
	id string
	at place
}

func (f *Folder) End(ctx context.Context, records []Record) error {
	if err := storable(records); err != nil {
		return err
	}
	ask := request{ended: make([]Record, 0, len(records))}
	f.mu.RLock()
	for _, r := range records {
		if len(r.Blob) > 0 {
			ask.ended = append(ask.ended, r)
		} else if f.deletes(r.ID) {
			ask.drop = append(ask.drop, r.ID)
		}
	}
	f.mu.RUnlock()
	return f.commit(ctx, ask)
}

func (f *Folder) Ended(ctx context.Context, id string) (Record, error) {
	return f.get(ctx, id, kindDelete)
}

// ending is the one of an ID, nil if there is none.
func (f *Folder) ending(id string) *ending {
	if e := f.ended.byID[id]; e != nil {
		return e.Value.(*ending)
	}
	return nil
}

// end makes a session be ended, with a record at a place. The caller holds mu.
func (f *Folder) end(id string, at place) {
	f.drop(id)
	e := f.ending(id)
	if e != nil && e.at.used == at.used { // it was moved
		f.uncount(e)
	} else {
		f.forgetEnd(id)
		e = &ending{id: strings.Clone(id)}
		f.ended.byID[e.id] = f.ended.order.PushBack(e)
	}
	e.at = at
	at.seg.live += int64(at.size)
	f.live += int64(at.size)
	f.ended.bytes += int64(at.size)
}

// forgetEnd forgets the record that a session ended with.
func (f *Folder) forgetEnd(id string) {
	if e := f.ended.byID[id]; e != nil {
		f.uncount(f.ended.order.Remove(e).(*ending))
		delete(f.ended.byID, id)
	}
}

func (f *Folder) uncount(e *ending) {
	f.forget(&e.at)
	f.ended.bytes -= int64(e.at.size)
}

// boundEnds forgets the oldest endings where there are too many.
func (f *Folder) boundEnds() {
	for f.ended.bytes > f.endedMost && f.ended.order.Len() > 1 {
		f.forgetEnd(f.ended.order.Front().Value.(*ending).id)
	}
}

// sortEnds puts the endings of a log that was read in order: some of them were moved to its end.
func (f *Folder) sortEnds() {
	var all []*list.Element
	for e := f.ended.order.Front(); e != nil; e = e.Next() {
		all = append(all, e)
	}
	slices.SortStableFunc(all, func(a, b *list.Element) int {
		return cmp.Compare(a.Value.(*ending).at.used, b.Value.(*ending).at.used)
	})
	for _, e := range all {
		f.ended.order.MoveToBack(e)
	}
	f.boundEnds()
}
