package session

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/recur-go/recur/internal/saved"
)

// behind is what SaveBehind has to save.
type behind struct {
	mu    sync.Mutex
	dirty []*entry
	kick  chan struct{} // to save now
}

// saveLater has SaveBehind save a session that has changed, after so many steps of it.
func (t *Table) saveLater(e *entry, steps uint64) {
	if t.options.Store == nil || t.options.Save != SaveBehind {
		return
	}
	if !e.queued.Swap(true) {
		t.behind.mu.Lock()
		t.behind.dirty = append(t.behind.dirty, e)
		t.behind.mu.Unlock()
	}
	if n := t.options.Steps; n > 0 && steps > 0 && steps%n == 0 {
		select {
		case t.behind.kick <- struct{}{}:
		default:
		}
	}
}

// isSaved notes that the store has the entry as it is.
func (e *entry) isSaved() { e.saved.Store(e.changes.Load()) }

// saveBehind saves what has changed from time to time.
func (t *Table) saveBehind() {
	tick := time.NewTicker(t.options.After)
	defer tick.Stop()
	var w writer
	for {
		select {
		case <-t.stop:
			return
		case <-tick.C:
		case <-t.behind.kick:
		}
		t.behind.mu.Lock()
		dirty := t.behind.dirty
		t.behind.dirty = nil
		t.behind.mu.Unlock()
		for len(dirty) > 0 {
			var err error
			if dirty, err = t.saveSome(&w, dirty); err != nil && t.options.OnError != nil {
				t.options.OnError(err)
			}
		}
	}
}

// saveBytes is about how much is saved with one call of the store: enough that the disk waits
// for few, and little beside the sessions.
const saveBytes = 4 << 20

// saveSome saves those of the first entries that have changed and are still there, and returns
// the others. It takes their states one by one, so that the store holds up no session.
func (t *Table) saveSome(w *writer, entries []*entry) ([]*entry, error) {
	w.reset()
	for len(entries) > 0 && len(w.bytes) < saveBytes {
		e := entries[0]
		entries = entries[1:]
		e.queued.Store(false)
		m, ok := e.hold()
		if !ok {
			continue
		}
		w.addEntry(t, e, m)
		void := e.void()
		m.release(&e.Session)
		if void { // who ended it could not forget it meanwhile
			t.tidy(e)
		}
	}
	t.writing.Lock()
	defer t.writing.Unlock()
	err := w.save(context.Background(), t.options.Store)
	if err != nil {
		for _, e := range w.of {
			t.saveLater(e, 0)
		}
	}
	return entries, err
}

// used is when an entry was last used.
func (t *Table) used(e *entry) int64 {
	sh := t.shard(e.id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return e.used
}

// A writer gathers records, whose bytes lie in one block that it uses again.
type writer struct {
	bytes   []byte
	ends    []int
	records []Record
	of      []*entry
	changes []uint32 // of the entry when its state was taken
}

func (w *writer) reset() {
	clear(w.of)
	clear(w.records)
	w.bytes, w.ends, w.records, w.of, w.changes = w.bytes[:0], w.ends[:0], w.records[:0], w.of[:0], w.changes[:0]
}

// add adds the session of e after so many changes, as blob appends it.
func (w *writer) add(e *entry, used int64, changes uint32, blob func([]byte) []byte) {
	w.bytes = blob(w.bytes)
	w.ends = append(w.ends, len(w.bytes))
	w.records = append(w.records, Record{ID: e.id, Used: time.Unix(0, used)})
	w.of = append(w.of, e)
	w.changes = append(w.changes, changes)
}

// addEntry adds a held entry as it is, unless that is saved.
func (w *writer) addEntry(t *Table, e *entry, m *Model) {
	used := t.used(e)
	if t.outlives(e, used) {
		e.changes.Add(1)
	}
	if changes := e.changes.Load(); changes != e.saved.Load() {
		w.add(e, used, changes, func(b []byte) []byte { return e.append(m, b) })
	}
}

// outlives reports whether a held entry has been used, though not changed, so long after what
// its record tells that it would expire too early by that.
func (t *Table) outlives(e *entry, used int64) bool {
	recorded := e.recorded.Load()
	return t.options.TTL > 0 && recorded > 0 && used-recorded > int64(t.options.TTL)/16 && !e.void()
}

// save saves what was added, but for entries of which something newer was saved since. The
// table's writing is locked.
func (w *writer) save(ctx context.Context, s Store) error {
	start, n := 0, 0
	for i, end := range w.ends {
		if int32(w.changes[i]-w.of[i].saved.Load()) > 0 {
			w.records[n], w.of[n], w.changes[n] = w.records[i], w.of[i], w.changes[i]
			w.records[n].Blob = w.bytes[start:end:end]
			n++
		}
		start = end
	}
	if n == 0 {
		return nil
	}
	if err := s.Save(ctx, w.records[:n]); err != nil {
		return err
	}
	for i, e := range w.of[:n] {
		e.saved.Store(w.changes[i])
		e.recorded.Store(w.records[i].Used.UnixNano())
	}
	return nil
}

// commits are the steps that wait to be saved before they count.
type commits struct {
	mu      sync.Mutex
	waiting []*Call
	running bool
}

// keep saves steps that were done, and has them count then. It does not wait for that.
func (t *Table) keep(calls []*Call) {
	c := &t.commits
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, calls...)
	if !c.running {
		c.running = true
		go t.commit()
	}
}

// commit saves what waits, all at once, until nothing does.
func (t *Table) commit() {
	c := &t.commits
	var w writer
	var calls []*Call
	for {
		c.mu.Lock()
		calls, c.waiting = c.waiting, calls[:0]
		if len(calls) == 0 {
			c.running = false
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		t.commitAll(&w, calls)
		clear(calls)
	}
}

func (t *Table) commitAll(w *writer, calls []*Call) {
	w.reset()
	var ends []*Call
	now := t.now()
	for _, c := range calls {
		if c.End {
			ends = append(ends, c)
			continue
		}
		w.add(c.entry, now, c.entry.changes.Load()+1, func(b []byte) []byte {
			return saved.Append(b, c.model.id, c.Steps, c.after, c.Y)
		})
	}
	t.writing.Lock()
	err := w.save(context.Background(), t.options.Store)
	errEnd := t.saveEnds(ends, now)
	for _, c := range calls {
		if c.End {
			c.settle(errEnd)
		} else {
			c.settle(err)
		}
	}
	t.writing.Unlock()
	for _, c := range calls {
		m, s, over := c.model, c.Session, c.ends()
		if c.ready != nil { // see block.tell
			m.release(s)
			c.finish()
			continue
		}
		c.finish()
		m.release(s)
		if over != nil {
			t.tidy(over)
		}
	}
}

// settle has a step count that was saved, or not if it was not.
func (c *Call) settle(err error) {
	if err != nil {
		c.Err = &SaveError{err}
		return
	}
	if !c.End { // the state of which is that of the session then
		copy(c.Session.floats[:c.model.width], c.after)
	}
	c.count(c.model)
}

// makeRoom puts sessions away that were not used for long, or ends those that have expired. If
// all are in use it returns the oldest.
func (t *Table) makeRoom(ctx context.Context) (oldest *entry, err error) {
	t.room.Lock()
	defer t.room.Unlock()
	if t.count.Load() < int64(t.options.Max) || t.Expire() > 0 {
		return nil, nil
	}
	if t.options.Store == nil {
		return nil, ErrFull
	}
	want := min(64, t.options.Max/16+1)
	var away []*entry
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.Lock()
		for e, n := sh.list.next, 0; e != &sh.list && n < want; e, n = e.next, n+1 {
			away = append(away, e)
		}
		sh.mu.Unlock()
	}
	if len(away) == 0 { // those that there are were counted and are about to be there
		return nil, nil
	}
	slices.SortFunc(away, func(a, b *entry) int { return cmp.Compare(t.used(a), t.used(b)) })
	held, err := t.putAway(ctx, away, want)
	if held == 0 {
		return away[0], fmt.Errorf("%w, and all are in use", ErrFull)
	}
	return nil, err
}

// wait waits until nobody holds e.
func (e *entry) wait() {
	if m, ok := e.hold(); ok {
		m.release(&e.Session)
	}
}

// putAway saves so many of the entries and takes them out of memory. Those in use stay. n is
// how many it tried.
func (t *Table) putAway(ctx context.Context, entries []*entry, want int) (n int, err error) {
	var held []*entry
	for _, e := range entries {
		if len(held) < want && e.tryHold() {
			held = append(held, e)
		}
	}
	if len(held) == 0 {
		return 0, nil
	}
	if err := t.takeOut(ctx, new(writer), held); err != nil {
		return len(held), fmt.Errorf("%w, and none could be put away: %w", ErrFull, err)
	}
	for _, e := range held {
		t.ended(e.id, PutAway)
	}
	return len(held), nil
}

// takeOut saves held entries and takes them out of memory, or after an error releases them.
func (t *Table) takeOut(ctx context.Context, w *writer, held []*entry) error {
	t.writing.Lock()
	w.reset()
	for _, e := range held {
		w.addEntry(t, e, e.model.Load())
	}
	err := w.save(ctx, t.options.Store)
	t.writing.Unlock()
	for _, e := range held {
		if err == nil {
			t.forget(e)
		}
		e.model.Load().release(&e.Session)
	}
	return err
}

// tryHold holds an entry that nobody holds.
func (e *entry) tryHold() bool {
	m := e.model.Load()
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.model.Load() != m || e.held || e.gone {
		return false
	}
	e.held = true
	return true
}

// Close saves all sessions, if there is a store, and ends the table: later calls return
// ErrClosed. Steps that wait are done first.
func (t *Table) Close(ctx context.Context) error {
	if t.closed.Swap(true) {
		return ErrClosed
	}
	close(t.stop)
	t.running.Wait()
	if t.options.Store == nil {
		return nil
	}
	var w writer
	for t.Len() > 0 { // those that steps wait for stay for another round
		for all := t.entries(); len(all) > 0; {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			var held []*entry
			if held, all = holdSome(all); len(held) == 0 {
				continue
			}
			if err := t.takeOut(ctx, &w, held); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdSome holds the first of entries that are still there, about as many as are saved at once,
// and returns the others.
func holdSome(entries []*entry) (held, others []*entry) {
	size := 0
	for len(entries) > 0 && size < saveBytes {
		e := entries[0]
		entries = entries[1:]
		if m, ok := e.hold(); ok {
			held = append(held, e)
			size += saved.Size(m.width, m.out, int(unsafe.Sizeof(Float(0))))
		}
	}
	return held, entries
}

// entries lists all.
func (t *Table) entries() (all []*entry) {
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.Lock()
		all = slices.AppendSeq(all, maps.Values(sh.byID))
		sh.mu.Unlock()
	}
	return all
}
