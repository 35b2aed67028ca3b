package par

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// linger is how long a helper looks for more work before it ends, and a caller for
// the end of its work before it sleeps: about what it takes to wake a processor.
const linger = 100 * time.Microsecond

// A helper is a goroutine that works for others. Work for it is put in next.
type helper struct {
	next  atomic.Pointer[job]
	start func()
}

var helpers struct {
	sync.Mutex
	n      int       // that run
	idle   []*helper // of those, that linger
	asleep []*helper
}

// wake returns a helper that does not run.
func wake() *helper {
	if n := len(helpers.asleep); n > 0 {
		h := helpers.asleep[n-1]
		helpers.asleep = helpers.asleep[:n-1]
		return h
	}
	h := new(helper)
	h.start = h.run
	return h
}

// call gets up to want helpers for j, as far as there are processors for them.
func call(j *job, want int) {
	helpers.Lock()
	defer helpers.Unlock()
	for range want {
		n := len(helpers.idle)
		switch {
		case n > 0:
			h := helpers.idle[n-1]
			helpers.idle = helpers.idle[:n-1]
			j.users.Add(1)
			h.next.Store(j)
		case helpers.n < runtime.GOMAXPROCS(0)-1:
			helpers.n++
			h := wake()
			j.users.Add(1)
			h.next.Store(j)
			go h.start()
		default:
			return
		}
	}
}

func (h *helper) run() {
	for {
		j := h.next.Swap(nil)
		j.work()
		j.leave()

		helpers.Lock()
		helpers.idle = append(helpers.idle, h)
		helpers.Unlock()
		if !spin(h.called) && h.end() {
			return
		}
	}
}

func (h *helper) called() bool { return h.next.Load() != nil }

// end takes h off the idle ones, unless it was called just now.
func (h *helper) end() bool {
	helpers.Lock()
	defer helpers.Unlock()
	i := slices.Index(helpers.idle, h)
	if i < 0 {
		return false
	}
	helpers.idle = slices.Delete(helpers.idle, i, i+1)
	helpers.n--
	helpers.asleep = append(helpers.asleep, h)
	return true
}

// spin waits for ready, letting other goroutines run, and reports whether it came
// about before linger was over.
func spin(ready func() bool) bool {
	if ready() {
		return true
	}
	for start := time.Now(); time.Since(start) < linger; {
		for range 50 {
			if ready() {
				return true
			}
		}
		runtime.Gosched()
	}
	return false
}
