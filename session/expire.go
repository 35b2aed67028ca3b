package session

import (
	"context"
	"errors"
	"slices"
	"time"
)

// expire ends sessions whose time to live is over.
func (t *Table) expire() {
	memory := time.NewTicker(min(max(t.options.TTL/8, 10*time.Millisecond), 30*time.Second))
	defer memory.Stop()
	store := time.NewTicker(min(max(t.options.TTL/2, time.Minute), time.Hour))
	defer store.Stop()
	for {
		select {
		case <-t.stop:
			return
		case <-memory.C:
			t.Expire()
		case <-store.C:
			if err := t.expireStored(); err != nil && t.options.OnError != nil {
				t.options.OnError(err)
			}
		}
	}
}

// Expire ends the sessions in memory whose time to live is over, which the table does by
// itself from time to time, and returns how many there were. A session is never ended while
// a step of it waits or is done.
func (t *Table) Expire() (n int) {
	if t.options.TTL <= 0 {
		return 0
	}
	now := t.now()
	for i := range t.shards {
		for _, e := range t.shards[i].old(t, now) {
			if t.expireEntry(e, now) {
				n++
			}
		}
	}
	return n
}

// old lists the entries that have expired.
func (s *shard) old(t *Table, now int64) (old []*entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.list.next; e != &s.list && t.over(e.used, now); e = e.next {
		old = append(old, e)
	}
	return old
}

// expireEntry ends an entry if its time is over and nobody uses it.
func (t *Table) expireEntry(e *entry, now int64) bool {
	sh := t.shard(e.id)
	sh.mu.Lock()
	ok := t.over(e.used, now) && t.end(sh, e, nil)
	sh.mu.Unlock()
	if ok {
		t.ended(e.id, Expired)
	}
	return ok
}

// expireStored deletes records of sessions whose time is over and that are not in memory.
func (t *Table) expireStored() error {
	if t.options.Store == nil {
		return nil
	}
	now := t.now()
	var old []string
	for r, err := range t.options.Store.All(context.Background(), "") {
		if err != nil && !errors.Is(err, ErrStateLost) {
			return err
		}
		if err == nil && t.over(r.Used.UnixNano(), now) {
			old = append(old, r.ID)
		}
	}
	for some := range slices.Chunk(old, 64) { // so that nobody who saves waits for long
		if err := t.deleteOld(some, now); err != nil {
			return err
		}
	}
	return nil
}

// deleteOld deletes those of the records that are still old, and whose sessions are not in
// memory: some may have been there meanwhile, and were put away again.
func (t *Table) deleteOld(ids []string, now int64) error {
	t.writing.Lock()
	defer t.writing.Unlock()
	ids = slices.DeleteFunc(ids, func(id string) bool {
		r, err := t.options.Store.Load(context.Background(), id)
		if err != nil || !t.over(r.Used.UnixNano(), now) {
			return true
		}
		sh := t.shard(id)
		sh.mu.Lock()
		defer sh.mu.Unlock()
		return sh.byID[id] != nil
	})
	if len(ids) == 0 {
		return nil
	}
	return t.options.Store.Delete(context.Background(), ids...)
}
