package session

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// A Policy is when a Table saves its sessions in its Store.
type Policy int

const (
	// SaveAtClose saves a session when it makes room for others, and all of them at Close.
	SaveAtClose Policy = iota
	// SaveBehind saves those that have changed every so many steps or after so long,
	// while steps go on. What came after the last save is lost if the process is killed.
	SaveBehind
	// SaveEach saves each step before it counts and is answered, and in an EndStore the answers
	// of numbered steps that end sessions.
	SaveEach
)

// TableOptions are the options of a Table.
type TableOptions struct {
	Max   int           // most sessions in memory; 0 is no maximum. With a Store those least used make room, else more are ErrFull
	TTL   time.Duration // a session that is not used for so long ends; 0 is never
	Store Store         // nil keeps sessions in memory alone
	Save  Policy        // when they are saved
	Steps uint64        // of SaveBehind: a session is saved after so many steps; 0 is when its time comes
	After time.Duration // of SaveBehind: it is saved at most so long after a step; default 100 ms

	OnEnd   func(id string, why End) // called when the table itself ends a session, or puts it away
	OnError func(error)              // called when saving behind fails; the sessions are tried again
	Now     func() time.Time         // default time.Now
}

// An End is why a session left the memory of a table without having been asked to.
type End int

const (
	Expired End = iota // its time to live was over
	PutAway            // it made room, and is in the store
)

func (e End) String() string { return [...]string{"expired", "put away"}[e] }

// A Table holds sessions by name. A name is 1 to 256 bytes. Goroutines share it.
type Table struct {
	model   atomic.Pointer[Model]
	options TableOptions
	start   time.Time
	seed    maphash.Seed
	shards  [16]shard
	count   atomic.Int64
	closed  atomic.Bool
	stop    chan struct{}
	running sync.WaitGroup

	room    sync.Mutex // held by who makes room
	writing sync.Mutex // held while the store is written, so that what is deleted stays so
	behind  behind
	commits commits
	last    lastAnswers
}

// A shard is the sessions whose names have one of sixteen hashes.
type shard struct {
	mu   sync.Mutex
	byID map[string]*entry
	list entry // ring of entries, the last used behind it
	_    [64]byte
}

// An entry is a session in memory.
type entry struct {
	Session
	table      *Table
	id         string
	used       int64 // Now in nanoseconds; guarded by the shard
	prev, next *entry

	// A session differs from what is saved of it if these do. saved changes while Table.writing
	// is held.
	changes, saved atomic.Uint32
	recorded       atomic.Int64 // when it was last used by its record, 0 if there may be none
	queued         atomic.Bool  // to be saved behind
	keep           atomic.Bool  // was made by name, or loaded, so stays without a step
	loading        atomic.Bool  // it is not known yet whether there is a session

	// Guarded as the floats of the Session are.
	failed error // why its state could not be loaded
}

// NewTable makes an empty table of m's sessions, and with a Store one of those that are in
// it. Close ends its goroutines.
func NewTable(m *Model, o TableOptions) *Table {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After <= 0 {
		o.After = 100 * time.Millisecond
	}
	t := &Table{options: o, start: o.Now(), seed: maphash.MakeSeed(), stop: make(chan struct{})}
	t.model.Store(m)
	for i := range t.shards {
		s := &t.shards[i]
		s.byID = map[string]*entry{}
		s.list.prev, s.list.next = &s.list, &s.list
	}
	t.behind.kick = make(chan struct{}, 1)
	if o.Store != nil && o.Save == SaveBehind {
		t.running.Go(t.saveBehind)
	}
	if o.TTL > 0 {
		t.running.Go(t.expire)
	}
	return t
}

// Model returns the model that steps the sessions.
func (t *Table) Model() *Model { return t.model.Load() }

// TTL is how long an unused session stays; 0 is for ever.
func (t *Table) TTL() time.Duration { return t.options.TTL }

// Len is the number of sessions in memory.
func (t *Table) Len() int { return int(t.count.Load()) }

// Step does step n of the session of a name, which is made if it is not there, and returns
// the output in the memory of dst if that is large enough. n makes the step safe to repeat:
// see Call; 0 is the next one. On an error the session is as it was.
func (t *Table) Step(ctx context.Context, id string, n uint64, dst, x []Float) ([]Float, error) {
	for {
		m := t.Model()
		c := m.newCall()
		c.ID, c.Number, c.X, c.Y = id, n, x, dst
		if !t.find(ctx, c) {
			err := c.Err
			m.giveBack(c)
			return dst, err
		}
		m.enqueue(c)
		y, err := m.wait(ctx, c, dst)
		if err != errGone {
			return y, err
		}
	}
}

// Go asks for steps of the sessions that the calls name by ID; Done of each is called when it
// is done, perhaps before Go returns. Those of one session are done in their order. It waits
// for the store where a session has to be read from there.
func (t *Table) Go(ctx context.Context, calls ...*Call) {
	found := calls[:0:0]
	for i, c := range calls {
		if !t.find(ctx, c) {
			if found == nil {
				found = append(found, calls[:i]...)
			}
			c.Done(c)
		} else if found != nil {
			found = append(found, c)
		}
	}
	if found == nil {
		found = calls
	}
	t.Model().enqueue(found...)
}

// Do is Go for one call, and waits for it: Err is set if it was not done. Done is not called.
// A call whose context ends while it waits is not done.
func (t *Table) Do(ctx context.Context, c *Call) error {
	for {
		m := t.Model()
		w := m.newCall()
		w.ID, w.Number, w.X, w.Y, w.Start, w.Exist, w.End = c.ID, c.Number, c.X, c.Y, c.Start, c.Exist, c.End
		if t.find(ctx, w) {
			m.enqueue(w)
			if w.await(ctx) {
				c.Err = context.Cause(ctx)
				return c.Err
			}
		}
		c.Y, c.Steps, c.Ended, c.Err = w.Y, w.Steps, w.Ended, w.Err
		m.giveBack(w)
		if c.Err != errGone {
			return c.Err
		}
	}
}

// find sets the session of a call, or reports that the call is done as far as it can be.
func (t *Table) find(ctx context.Context, c *Call) bool {
	c.prepare(wantStep, t, nil)
	how := getOrMake
	switch {
	case c.Start:
		how = restart
	case c.Exist, c.Number > 1:
		how = get
	}
	now := t.now()
	e, err := t.open(ctx, c.ID, how, now)
	if err != nil {
		c.void = errors.Is(err, ErrNotFound)
		if c.Err = err; c.void && !c.Exist && c.Number > 1 {
			c.Err = &StepError{0, c.Number}
		}
		t.repeat(c)
		return false
	}
	c.entry, c.Session, c.used = e, &e.Session, now
	c.durable = t.options.Store != nil && (c.End || t.options.Save == SaveEach)
	return true
}

// stepped is told of each step that counts, while its session is held.
func (t *Table) stepped(c *Call) {
	if t.options.TTL > 0 {
		if now := t.now(); now-c.used > int64(t.options.TTL)/16 { // it took long
			sh := t.shard(c.entry.id)
			sh.mu.Lock()
			if c.entry.next != nil {
				c.entry.used = now
				sh.touch(c.entry)
			}
			sh.mu.Unlock()
		}
	}
	if c.End {
		t.last.keep(c)
	}
	c.entry.failed = nil
	c.entry.changes.Add(1)
	if c.durable {
		c.entry.isSaved()
	} else {
		t.saveLater(c.entry, c.Steps)
	}
}

// finished is told of each call that is done.
func (t *Table) finished(c *Call) {
	if c.Err == errGone && c.ready == nil {
		t.Go(context.Background(), c)
		return
	}
	if e := c.ends(); e != nil && c.ready != nil {
		t.tidy(e)
	}
	t.repeat(c)
	c.Done(c)
}

// A how is what open does where the session is there or not.
type how int

const (
	get       how = iota // must be there
	getOrMake            // is made if it is not
	restart              // is made if it is not; it does not matter if its state cannot be loaded
	create               // must not be there; it is held
	beside               // as create, for a caller that holds another, and so must not wait for any
)

// open returns the entry of a name.
func (t *Table) open(ctx context.Context, id string, how how, now int64) (*entry, error) {
	if len(id) == 0 || len(id) > 256 {
		return nil, fmt.Errorf("session: a name has 1 to 256 bytes, not %d", len(id))
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	sh := t.shard(id)
	over := false // there may be more than Max
	for {
		sh.mu.Lock()
		if t.closed.Load() {
			sh.mu.Unlock()
			return nil, ErrClosed
		}
		e := sh.byID[id]
		if e != nil && t.over(e.used, now) && t.end(sh, e, nil) {
			sh.mu.Unlock()
			t.ended(e.id, Expired)
			continue
		}
		if e != nil {
			e.used = now
			sh.touch(e)
			sh.mu.Unlock()
			switch {
			case how < create:
				return e, nil
			case (e.Steps() > 0 || e.keep.Load()) && !e.ended.Load() && !e.loading.Load():
				return nil, ErrExists // known without waiting, since a fork holds another session
			}
			if gone, made := e.remake(); made {
				return e, nil
			} else if !gone {
				return nil, ErrExists
			}
			continue
		}
		if how == get && t.options.Store == nil {
			sh.mu.Unlock()
			return nil, ErrNotFound
		}
		if n := t.count.Add(1); t.options.Max > 0 && n > int64(t.options.Max) && !over {
			t.count.Add(-1)
			sh.mu.Unlock()
			oldest, err := t.makeRoom(ctx)
			switch {
			case oldest == nil && err != nil:
				return nil, err
			case oldest != nil && how == beside:
				over = true // by one, until room is made again
			case oldest != nil:
				oldest.wait()
			}
			continue
		}
		e = t.newEntry(id, now)
		sh.byID[id] = e
		sh.touch(e)
		sh.mu.Unlock()
		err := t.load(ctx, e, how, now)
		e.loading.Store(false)
		switch {
		case errors.Is(err, ErrNotFound):
			e.ended.Store(true)
		case !errors.Is(err, ErrExists): // for which it was loaded
			e.failed = err
		}
		if how < create || err != nil {
			e.model.Load().release(&e.Session)
		}
		if err != nil && how != restart {
			t.tidy(e)
			return nil, err
		}
		return e, nil
	}
}

// remake holds an entry without a session, so that one can be made, and reports whether it did.
func (e *entry) remake() (gone, made bool) {
	m, ok := e.hold()
	if !ok {
		return true, false
	}
	if !e.void() || e.failed != nil {
		m.release(&e.Session)
		return false, false
	}
	e.ended.Store(false)
	return false, true
}

// newEntry makes a session at the first state that is held.
func (t *Table) newEntry(id string, now int64) *entry {
	m := t.Model()
	e := &entry{table: t, id: id, used: now}
	e.model.Store(m)
	e.floats = make([]Float, m.width+m.out)
	copy(e.floats, m.first)
	e.held = true
	e.loading.Store(true)
	return e
}

// load fills a new entry from the store, if it is there and wanted. It goes on when ctx ends:
// others may wait for the entry meanwhile.
func (t *Table) load(ctx context.Context, e *entry, how how, now int64) error {
	if t.options.Store == nil {
		return nil
	}
	r, err := t.options.Store.Load(context.WithoutCancel(ctx), e.id)
	if err == nil && t.over(r.Used.UnixNano(), now) {
		err = ErrNotFound
	}
	switch {
	case err == nil:
		if err := e.parse(e.model.Load(), r.Blob); errors.Is(err, ErrCorrupt) {
			return fmt.Errorf("%w: %w", ErrStateLost, err)
		} else if err != nil {
			return err
		}
		e.keep.Store(true)
		e.recorded.Store(r.Used.UnixNano())
		if how >= create {
			return ErrExists
		}
		return nil
	case errors.Is(err, ErrNotFound) && how != get:
		return nil
	}
	return err
}

// tidy forgets a session that has ended, could not be loaded, or was never stepped.
func (t *Table) tidy(e *entry) {
	sh := t.shard(e.id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	t.end(sh, e, (*entry).void)
}

// end forgets an entry that nobody holds and that is so, and reports whether it did. sh.mu is
// locked.
func (t *Table) end(sh *shard, e *entry, so func(*entry) bool) bool {
	m := e.model.Load()
	m.mu.Lock()
	defer m.mu.Unlock()
	if sh.byID[e.id] != e || e.model.Load() != m || e.held || so != nil && !so(e) {
		return false
	}
	e.gone = true
	sh.remove(e)
	t.count.Add(-1)
	return true
}

// void reports whether there is no session in an entry.
func (e *entry) void() bool {
	return e.ended.Load() || e.failed != nil || e.Steps() == 0 && !e.keep.Load()
}

// over reports whether there is none, as far as can be told while others use it.
func (e *entry) over() bool {
	m := e.model.Load()
	m.mu.Lock()
	defer m.mu.Unlock()
	return e.ended.Load() || e.model.Load() == m && !e.held && e.void()
}

// refuses gives c the error of an entry without a session, unless c makes one.
func (e *entry) refuses(c *Call) bool {
	switch {
	case c.Start:
		return false
	case e.failed != nil:
		c.Err = e.failed
	case c.Exist && e.void(): // it ended, or the step that was to make it was not done
		c.void, c.Err = true, ErrNotFound
	}
	return c.Err != nil
}

// forget takes an entry that the caller holds and nobody waits for out of the table.
func (t *Table) forget(e *entry) bool {
	sh := t.shard(e.id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	m := e.model.Load()
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.tail != nil {
		return false
	}
	e.gone = true
	sh.remove(e)
	t.count.Add(-1)
	return true
}

// over reports whether a session that was last used then has expired.
func (t *Table) over(used, now int64) bool {
	return t.options.TTL > 0 && now-used >= int64(t.options.TTL)
}

// now is the time in nanoseconds, which runs on whatever the clock is set to if Now gives
// times with a monotonic clock, as time.Now does.
func (t *Table) now() int64 { return t.start.UnixNano() + int64(t.options.Now().Sub(t.start)) }

func (t *Table) ended(id string, why End) {
	if t.options.OnEnd != nil {
		t.options.OnEnd(id, why)
	}
}

func (t *Table) shard(id string) *shard {
	return &t.shards[maphash.String(t.seed, id)%uint64(len(t.shards))]
}

// touch makes e the last used.
func (s *shard) touch(e *entry) {
	if e.next != nil {
		e.prev.next, e.next.prev = e.next, e.prev
	}
	e.prev, e.next = s.list.prev, &s.list
	e.prev.next, e.next.prev = e, e
}

func (s *shard) remove(e *entry) {
	delete(s.byID, e.id)
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
}
