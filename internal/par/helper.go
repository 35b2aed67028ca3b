package par

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// linger is how long a helper looks for more work before it ends, and a caller for
// the end of its work before it sleeps: longer than what a training step does on one
// core, so that not every loop in it waits the 50 µs it takes to wake a processor.
const linger = time.Millisecond

// A helper is a goroutine that works for others. Work for it is put in next.
type helper struct {
	next  atomic.Pointer[job]
	start func()
}

var helpers struct {
	sync.Mutex
	n      int       // helpers that run
	idle   []*helper // those of them that linger
	asleep []*helper
	calls  int64  // of a helper that was idle or asleep
	open   []*job // once for each helper that such a job still takes
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

// call gets want helpers for j, at once as far as there are processors for them, and
// later as others have done their work: one may be just about to when a caller whose
// last job it was comes with the next. It reports whether there is need to recall j.
func call(j *job, want int) (open bool) {
	helpers.Lock()
	defer helpers.Unlock()
	for range want {
		n := len(helpers.idle)
		switch {
		case n > 0:
			helpers.calls++
			h := helpers.idle[n-1]
			helpers.idle = helpers.idle[:n-1]
			j.users.Add(1)
			h.next.Store(j)
		case helpers.n < runtime.GOMAXPROCS(0)-1:
			helpers.n++
			helpers.calls++
			h := wake()
			j.users.Add(1)
			h.next.Store(j)
			go h.start()
		default:
			j.users.Add(1)
			helpers.open = append(helpers.open, j)
			open = true
		}
	}
	return open
}

// recall takes back what call left open.
func recall(j *job) {
	helpers.Lock()
	defer helpers.Unlock()
	helpers.open = slices.DeleteFunc(helpers.open, func(o *job) bool {
		if o == j {
			j.users.Add(-1)
		}
		return o == j
	})
}

func (h *helper) run() {
	for {
		j := h.next.Swap(nil)
		for j != nil {
			j.work()
			j.leave()
			j = h.another()
		}
		if !spin(h.called) && h.end() {
			return
		}
	}
}

// another is an open job, or nil, and h idle.
func (h *helper) another() *job {
	helpers.Lock()
	defer helpers.Unlock()
	n := len(helpers.open)
	if n == 0 {
		helpers.idle = append(helpers.idle, h)
		return nil
	}
	j := helpers.open[n-1]
	helpers.open[n-1] = nil
	helpers.open = helpers.open[:n-1]
	return j
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
	const most = 1 << 15 // rounds, which last longer; where a test has the clock stand still, no time passes here
	start := time.Now()
	for n := 0; n < most && time.Since(start) < linger; n++ {
		for range 50 {
			if ready() {
				return true
			}
		}
		runtime.Gosched()
	}
	return false
}
