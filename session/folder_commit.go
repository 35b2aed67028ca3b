package session

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
)

// A request is a call that waits for its records to be on the disk.
type request struct {
	move  []move // of records from a segment that is emptied
	save  []Record
	drop  []string
	ended []Record // of sessions that have ended
	seal  bool     // the next record begins a segment
	end   bool     // the store is closed

	err   error
	chief bool      // writes the next group
	wake  chan bool // true to the chief, false when it is done
}

// Groups collect requests while a group of others is written. Who comes to an idle store
// writes at once. Who comes while a group is written waits, and the first of these then
// writes them all as the next group.
type groups struct {
	mu      sync.Mutex
	waiting []*request
	spare   []*request
	busy    bool // somebody writes
	callers int  // of the last group, and those who waited behind it
	closed  bool
	pool    sync.Pool
}

// close refuses further requests, but for the end. It reports whether it was the first to.
func (q *groups) close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	first := !q.closed
	q.closed = true
	return first
}

// commit writes what is asked for, with what others ask for at the same time.
func (f *Folder) commit(ctx context.Context, ask request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	q := &f.queue
	r, _ := q.pool.Get().(*request)
	if r == nil {
		r = &request{wake: make(chan bool, 1)}
	}
	ask.wake = r.wake
	*r = ask
	err := f.submit(ctx, r)
	*r = request{wake: r.wake}
	q.pool.Put(r)
	return err
}

func (f *Folder) submit(ctx context.Context, r *request) error {
	q := &f.queue
	q.mu.Lock()
	if q.closed && !r.end {
		q.mu.Unlock()
		return f.errClosed()
	}
	q.waiting = append(q.waiting, r)
	r.chief = !q.busy
	write := r.chief
	q.busy = true
	q.mu.Unlock()

	if !write {
		select {
		case write = <-r.wake:
		case <-ctx.Done():
			if q.withdraw(r) {
				return ctx.Err()
			}
			write = <-r.wake
		}
	}
	if write {
		f.lead(r)
	}
	return r.err
}

// withdraw takes a request back that nobody has begun to write.
func (q *groups) withdraw(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, r)
	if i < 0 || r.chief {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	return true
}

// lead writes all that waits, the request of the caller too, and hands on.
func (f *Folder) lead(own *request) {
	q := &f.queue
	q.gather()
	q.mu.Lock()
	group := q.waiting
	q.waiting, q.spare = q.spare[:0], nil
	q.mu.Unlock()

	err := f.write(group)
	if err != nil {
		err = fmt.Errorf("session folder %s: %w", f.dir, err)
	}
	for _, r := range group {
		r.err = err
	}

	q.mu.Lock()
	q.callers = len(group) + len(q.waiting)
	q.busy = len(q.waiting) > 0
	if q.busy {
		q.waiting[0].chief = true
		q.waiting[0].wake <- true
	}
	for _, r := range group {
		if r != own {
			r.wake <- false
		}
	}
	clear(group)
	q.spare = group[:0]
	q.mu.Unlock()
}

// gather waits for the callers that the last group woke, as long as they come again: a group
// of all costs the disk no more than one of half of them.
func (q *groups) gather() {
	for n, idle := 0, 0; idle < 16; idle++ {
		q.mu.Lock()
		now := len(q.waiting)
		enough := now >= q.callers
		q.mu.Unlock()
		if enough {
			return
		}
		if now > n {
			n, idle = now, 0
		}
		runtime.Gosched()
	}
}
