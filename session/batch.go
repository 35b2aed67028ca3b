package session

import (
	"context"
	"runtime"
	"time"

	"github.com/recur-go/recur/internal/par"
)

// worthLeader is how many calls have to wait for another goroutine to take batches: most of
// what a batch gains it gains with so many rows.
const worthLeader = 8

// longBatch is how long a batch takes if a call should not wait for it while a core is free.
const longBatch = time.Millisecond

// enqueue queues calls, each as soon as its session is free. The calling goroutine takes a
// batch itself where none is at it.
func (m *Model) enqueue(calls ...*Call) {
	lead := false
	for _, c := range calls {
		at, refused := c.Session.lock(m), true
		switch s := c.Session; {
		case s.gone:
			c.Err = errGone
		case at.id != m.id:
			c.Err = ErrModel
		case s.held && int(s.waiting) >= at.options.MaxWait:
			c.Err = ErrBusy
		default:
			refused = false
			c.model, c.state = at, callWaits
			if s.held {
				s.push(c)
			} else {
				s.held = true
				at.queue.push(c)
			}
		}
		if at.wantsLeader() {
			at.leaders++
			if at == m && !lead {
				lead = true
			} else {
				go at.lead(false)
			}
		}
		at.mu.Unlock()
		if refused {
			c.finish()
		}
	}
	if lead {
		m.lead(true)
	}
}

// lock locks the model that s has, which becomes m if s is free and its state is one of m's.
func (s *Session) lock(m *Model) *Model {
	for {
		at := s.model.Load()
		at.mu.Lock()
		switch {
		case s.model.Load() != at: // it moved
		case at == m || s.held || at.id != m.id:
			return at
		default:
			s.model.Store(m)
		}
		at.mu.Unlock()
	}
}

// wantsLeader reports whether another goroutine should take batches.
func (m *Model) wantsLeader() bool {
	worth := worthLeader * m.leaders
	if m.took > longBatch {
		worth = 1
	}
	return m.queue.n > 0 && (m.leaders == 0 || m.leaders < m.options.Workers && m.queue.n >= worth)
}

// lead takes batches until no call waits. A goroutine that has other things to do takes one,
// and leaves the rest to another.
func (m *Model) lead(once bool) {
	b := m.blocks.Get().(*block)
	defer m.blocks.Put(b)
	for first := true; ; first = false {
		if m.options.Linger > 0 {
			time.Sleep(m.options.Linger)
		} else if m.crowded.Load() && (first || !once) {
			runtime.Gosched() // who is about to ask joins the batch
		}
		m.mu.Lock()
		if m.queue.n == 0 || once && !first {
			rest := m.queue.n > 0
			if !rest {
				m.leaders--
			}
			m.mu.Unlock()
			if rest {
				go m.lead(false)
			}
			return
		}
		b.take(m)
		m.mu.Unlock()

		b.run(m)

		b.tell(m)
	}
}

// tell frees the sessions of the calls that are done, and tells who asked. Who waits for a call
// is told when its session is free. Who does not may have more calls of the session behind it:
// it is told before, so that answers come in order.
func (b *block) tell(m *Model) {
	m.mu.Lock()
	m.took = b.took
	m.crowded.Store(len(b.done) > 1 || m.queue.n > 0)
	for _, c := range b.done {
		if c.ready != nil && c.wants == wantStep {
			m.free(c.Session)
		}
	}
	m.mu.Unlock()
	for i, c := range b.done {
		if b.done[i] = nil; c.ready == nil {
			b.told = append(b.told, told{c.Session, c.ends()})
		}
		c.finish()
	}
	b.done = b.done[:0]
	if len(b.told) == 0 {
		return
	}
	m.mu.Lock()
	for _, t := range b.told {
		m.free(t.s)
	}
	m.mu.Unlock()
	for i, t := range b.told {
		if b.told[i] = (told{}); t.over != nil {
			t.over.table.tidy(t.over)
		}
	}
	b.told = b.told[:0]
}

// A told is a session to free after who asked was told.
type told struct {
	s    *Session
	over *entry // its entry, if there may be no session in it now
}

// ends is the entry of a call after which there may be no session in it.
func (c *Call) ends() *entry {
	if c.Err != nil || c.End {
		return c.entry
	}
	return nil
}

// finish tells whoever asked. c may be used again from here on.
func (c *Call) finish() {
	if c.table != nil {
		c.table.finished(c)
		return
	}
	c.Done(c)
}

// free gives s to the next call that waits for it. m.mu is locked.
func (m *Model) free(s *Session) {
	if c := s.pop(); c != nil {
		m.queue.push(c)
	} else {
		s.held = false
	}
}

// release is free for who held s.
func (m *Model) release(s *Session) {
	m.mu.Lock()
	m.free(s)
	lead := m.wantsLeader()
	if lead {
		m.leaders++
	}
	m.mu.Unlock()
	if lead {
		go m.lead(false)
	}
}

// hold waits until no step of s is done, and keeps others from it until release. It returns
// the model that s has meanwhile. ok is false if s has gone; it is not held then.
func (s *Session) hold() (m *Model, ok bool) {
	m = s.model.Load()
	for m.mu.Lock(); s.model.Load() != m; m.mu.Lock() {
		m.mu.Unlock()
		m = s.model.Load()
	}
	if !s.held {
		s.held = !s.gone
		ok = s.held
		m.mu.Unlock()
		return m, ok
	}
	c := m.newCall()
	c.Session, c.wants, c.model, c.state = s, wantHold, m, callWaits
	s.push(c)
	m.mu.Unlock()
	m.wait(context.Background(), c, nil)
	return m, true
}

// A block is the memory of one batch.
type block struct {
	x, y   []Float
	states [][]Float
	view   [][]Float // states of the rows that there are
	rows   []*Call   // calls to step
	last   []*Call   // calls that end a session after the step that it has done
	keep   []*Call   // calls of a table that saves a step before it counts
	done   []*Call   // calls to free and to tell
	told   []told
	took   time.Duration
}

func (m *Model) newBlock() *block {
	n := m.options.MaxBatch
	b := &block{x: make([]Float, n*m.in), y: make([]Float, n*m.out), view: make([][]Float, len(m.sizes))}
	for _, w := range m.sizes {
		b.states = append(b.states, make([]Float, n*w))
	}
	return b
}

// take takes a batch off the queue: rows to step, and those that need no step. m.mu is locked.
func (b *block) take(m *Model) {
	for len(b.rows) < m.options.MaxBatch && len(b.done) < 4*m.options.MaxBatch {
		c := m.queue.pop()
		if c == nil {
			return
		}
		s := c.Session
		if c.state == callDropped {
			m.free(s)
			continue
		}
		c.state = callTaken
		switch base := s.base(c); {
		case c.wants == wantHold:
		case c.entry != nil && c.entry.refuses(c):
		case c.Number == 0 || c.Number == base+1:
			if len(c.X) != m.in {
				c.Err = &WidthError{len(c.X), m.in}
				break
			}
			b.rows = append(b.rows, c)
			continue
		case c.Number == base && s.answered:
			c.Y = append(c.Y[:0], s.floats[m.width:]...)
			c.Steps = base
			if c.End {
				b.last = append(b.last, c)
				continue
			}
		default:
			c.void = c.entry != nil && c.entry.void()
			c.Err = &StepError{base, c.Number}
		}
		b.done = append(b.done, c)
	}
}

// base is the number of steps before that of c.
func (s *Session) base(c *Call) uint64 {
	if c.Start {
		return 0
	}
	return s.Steps()
}

// run steps the rows and moves them to done, but for those that a table has to save first.
func (b *block) run(m *Model) {
	if len(b.rows) > 0 {
		b.gather(m, b.rows)
		if err := b.step(m, len(b.rows)); err != nil {
			b.alone(m, err)
		} else {
			for r, c := range b.rows {
				b.settle(m, r, c)
			}
		}
		b.rows = b.sort(b.rows)
	}
	if len(b.last) > 0 {
		for _, c := range b.last {
			if !c.durable {
				c.count(m)
			}
		}
		b.last = b.sort(b.last)
	}
	if len(b.keep) > 0 {
		b.keep[0].table.keep(b.keep)
		clear(b.keep)
		b.keep = b.keep[:0]
	}
}

// sort moves calls to those that are to be saved, or that are done, and returns their memory.
func (b *block) sort(calls []*Call) []*Call {
	for i, c := range calls {
		calls[i] = nil
		if c.Err == nil && c.durable {
			b.keep = append(b.keep, c)
		} else {
			b.done = append(b.done, c)
		}
	}
	return calls[:0]
}

// alone steps the rows one by one, after the batch of them failed, to find which are at fault.
func (b *block) alone(m *Model, err error) {
	if len(b.rows) == 1 {
		b.rows[0].Err = err
		return
	}
	for i, c := range b.rows {
		b.gather(m, b.rows[i:i+1])
		if c.Err = b.step(m, 1); c.Err == nil {
			b.settle(m, 0, c)
		}
	}
}

// gather fills the block with the inputs and states of the rows.
func (b *block) gather(m *Model, rows []*Call) {
	for r, c := range rows {
		copy(b.x[r*m.in:], c.X)
		state := c.Session.floats[:m.width]
		if c.Start {
			state = m.first
		}
		for i, w := range m.sizes {
			copy(b.states[i][r*w:(r+1)*w], state)
			state = state[w:]
		}
	}
}

// step runs the Runner on the first rows of the block.
func (b *block) step(m *Model, rows int) (err error) {
	for i, w := range m.sizes {
		b.view[i] = b.states[i][:rows*w]
	}
	began := time.Now()
	alone := par.Alone()
	defer func() {
		alone()
		if v := recover(); v != nil {
			err = &PanicError{v}
		}
		b.took = time.Since(began)
		if m.options.OnBatch != nil {
			m.options.OnBatch(Batch{rows, b.took})
		}
	}()
	return m.runner.Step(context.Background(), rows, b.x[:rows*m.in], b.y[:rows*m.out], b.view)
}

// settle gives c what row r of the block has become.
func (b *block) settle(m *Model, r int, c *Call) {
	s := c.Session
	base := s.base(c)
	for i, w := range m.sizes {
		if !numbers(b.states[i][r*w : (r+1)*w]) {
			c.Err = &NaNError{base + 1, !numbers(c.X)}
			return
		}
	}
	c.Y = append(c.Y[:0], b.y[r*m.out:(r+1)*m.out]...)
	c.Steps = base + 1
	next := s.floats
	if c.durable {
		if cap(c.after) < m.width {
			c.after = make([]Float, m.width)
		}
		c.after = c.after[:m.width]
		next = c.after
	}
	for i, w := range m.sizes {
		copy(next[:w], b.states[i][r*w:(r+1)*w])
		next = next[w:]
	}
	if !c.durable {
		c.count(m)
	}
}

// count has the step of c count, whose session is held; its state is there.
func (c *Call) count(m *Model) {
	c.Session.commit(m, c)
	if c.table != nil {
		c.table.stepped(c) // before another can hold it
	}
}

// commit makes the step of c the last of s; its state is there.
func (s *Session) commit(m *Model, c *Call) {
	s.steps.Store(c.Steps)
	if len(s.floats) > m.width {
		copy(s.floats[m.width:], c.Y)
		s.answered = true
	}
	if s.ended.Store(c.End); c.End {
		c.Ended = true
		s.reset(m)
	}
}

// numbers reports whether no value is NaN.
func numbers(d []Float) bool {
	for _, v := range d {
		if v != v {
			return false
		}
	}
	return true
}

// A queue is a list of calls, first in, first out.
type queue struct {
	ring []*Call
	head int
	n    int
}

func (q *queue) push(c *Call) {
	if q.n == len(q.ring) {
		ring := make([]*Call, max(64, 2*q.n))
		k := copy(ring, q.ring[q.head:])
		copy(ring[k:], q.ring[:q.head])
		q.ring, q.head = ring, 0
	}
	q.ring[(q.head+q.n)&(len(q.ring)-1)] = c
	q.n++
}

func (q *queue) pop() *Call {
	if q.n == 0 {
		return nil
	}
	c := q.ring[q.head]
	q.ring[q.head] = nil
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.n--
	return c
}
