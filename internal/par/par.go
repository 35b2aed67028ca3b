// Package par runs loops over several cores so that the result does not depend on
// how many there are: the caller fixes the pieces, and each piece writes what no
// other does.
package par

import (
	"sync"
	"sync/atomic"
)

// A Task is a loop cut into pieces.
type Task interface {
	Piece(i int) // do piece i
}

// Do runs t.Piece(i) once for every i in [0, n), in no order, on the calling
// goroutine and up to GOMAXPROCS-1 helpers, and returns when all are done. Helpers
// that are busy or find no free processor come late or never, and nobody waits for them, so a
// Piece may call Do. If pieces panic, the others still run, and Do then panics with
// the value of the lowest one. Do allocates nothing once warm.
func Do(n int, t Task) {
	if n <= 1 || Cores() == 1 {
		for i := range n {
			t.Piece(i)
		}
		return
	}
	j := newJob(n, t)
	open := call(j, min(n, Cores())-1)
	j.work()
	if open {
		recall(j)
	}
	j.wait()
	failed, value := j.failed, j.value
	j.leave()
	if failed {
		panic(value)
	}
}

// For calls f(lo, hi) for the pieces [0, grain), [grain, 2·grain)… of [0, n), as Do
// does.
func For(n, grain int, f func(lo, hi int)) {
	Do((n+grain-1)/grain, &ranges{n, grain, f})
}

type ranges struct {
	n, grain int
	f        func(lo, hi int)
}

func (r *ranges) Piece(i int) { r.f(i*r.grain, min(r.n, (i+1)*r.grain)) }

// A job is one call of Do. It goes back to the pool with the last of its users,
// which may be a helper that came after the caller had left.
type job struct {
	task  Task
	n     int64
	next  atomic.Int64 // piece
	left  atomic.Int64 // pieces not done
	users atomic.Int32

	// Unlocked by whoever does the last piece, and locked again by the caller. Unlike
	// a WaitGroup, it may be unlocked by a helper that is not of the caller's
	// testing/synctest bubble.
	done sync.Mutex

	mu     sync.Mutex
	failed bool
	piece  int
	value  any // panic of the lowest piece that did
}

var jobs = sync.Pool{New: func() any {
	j := new(job)
	j.done.Lock()
	return j
}}

func newJob(n int, t Task) *job {
	j := jobs.Get().(*job)
	j.task, j.n = t, int64(n)
	j.next.Store(0)
	j.left.Store(int64(n))
	j.users.Store(1)
	return j
}

func (j *job) work() {
	for {
		i := j.next.Add(1) - 1
		if i >= j.n {
			return
		}
		j.run(int(i))
	}
}

func (j *job) run(i int) {
	finished := false
	defer func() {
		if !finished {
			j.fail(i, recover())
		}
		if j.left.Add(-1) == 0 {
			j.done.Unlock()
		}
	}()
	j.task.Piece(i)
	finished = true
}

func (j *job) fail(i int, value any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.failed || i < j.piece {
		j.failed, j.piece, j.value = true, i, value
	}
}

// wait returns when all pieces are done.
func (j *job) wait() {
	spin(func() bool { return j.left.Load() == 0 })
	j.done.Lock()
}

func (j *job) leave() {
	if j.users.Add(-1) == 0 {
		j.task, j.failed, j.value = nil, false, nil
		jobs.Put(j)
	}
}
