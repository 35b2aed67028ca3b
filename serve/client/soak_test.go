package client_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/client"
	"github.com/recur-go/recur/session"
)

// A server that has done very many steps has the memory of one that has done few. Sessions are
// begun and ended meanwhile, some are left to expire, all are saved behind. RECUR_SOAK_STEPS
// sets how many steps are done; from ten million on the live heap may grow by 2 % at most, by
// the straight line through it after the first fifth of the steps.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("it does many steps")
	}
	total := 200_000
	if n, err := strconv.Atoi(os.Getenv("RECUR_SOAK_STEPS")); err == nil {
		total = n
	}
	const rounds, conns, sessions = 50, 4, 16
	h := start(t, "127.0.0.1:0", session.TableOptions{TTL: time.Second, Store: session.NewMemory(), Save: session.SaveBehind}, serve.Options{})
	var clients []*client.Client
	for range conns {
		clients = append(clients, dial(t, h.addr, client.Options{}))
	}
	var left atomic.Int64 // names of sessions that are left to expire
	lives := 0            // of each worker
	var live []float64
	each := max(total/(rounds*conns*sessions), 1) // steps of a worker in a round
	began := time.Now()
	for round := range rounds {
		var all sync.WaitGroup
		for i := range conns * sessions {
			all.Go(func() {
				for at, n := 0, 0; at < each && !t.Failed(); at, n = at+1000, n+1 {
					id := fmt.Sprint(i, "-", (lives+n)%4)
					leave := (i+lives+n)%256 == 0
					if leave {
						id = fmt.Sprint("left", left.Add(1))
					}
					live := life{t: t, s: open(t, clients[i/sessions], id), steps: min(1000, each-at)}
					live.run(leave)
				}
			})
		}
		all.Wait()
		if t.Failed() {
			return
		}
		lives += (each + 999) / 1000
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		live = append(live, float64(m.HeapAlloc))
		t.Logf("%d steps in %v: %.0f kB live, %.0f kB of the system, %d goroutines", (round+1)*each*conns*sessions, time.Since(began).Round(time.Millisecond), float64(m.HeapAlloc)/1e3, float64(m.Sys)/1e3, runtime.NumGoroutine())
	}
	grows := growth(live[rounds/5:])
	t.Logf("the live heap grows by %.2f %%", 100*grows)
	if total >= 10_000_000 && grows > 0.02 {
		t.Error("the live heap grows")
	}
}

// A life is that of one session: so many steps, some at once, each of which is checked.
type life struct {
	t     *testing.T
	s     *client.Session
	steps int
}

// run leaves the session to itself at last, or ends it.
func (l *life) run(leave bool) {
	const window = 32
	free := make(chan *client.Call, window)
	wants := make(map[*client.Call]float32, window)
	for range window {
		free <- &client.Call{X: make([]float32, 1), Done: func(c *client.Call) { free <- c }}
	}
	sum := float32(0)
	take := func() (c *client.Call) {
		c = <-free
		if want, asked := wants[c]; asked && (c.Err != nil || c.Y[0] != want) {
			l.t.Errorf("session %s: %v (%v), want %v", l.s.ID(), c.Y, c.Err, want)
		}
		return c
	}
	for i := range l.steps - 1 {
		c := take()
		c.X[0] = float32(i % 7)
		sum += c.X[0]
		wants[c] = sum
		l.s.Go(c)
	}
	for range window {
		take()
	}
	last := l.s.End
	if leave {
		last = l.s.Step
	}
	if y, err := last(l.t.Context(), nil, []float32{1}); err != nil || y[0] != sum+1 {
		l.t.Errorf("the last step of session %s: %v (%v), want %v", l.s.ID(), y, err, sum+1)
	}
	l.s.Close()
}

// growth is by how much the straight line through y rises from its first value to the last, as
// a share of their mean.
func growth(y []float64) float64 {
	n := float64(len(y))
	var mean, cov, dev float64
	for _, v := range y {
		mean += v / n
	}
	for i, v := range y {
		d := float64(i) - (n-1)/2
		cov += d * (v - mean)
		dev += d * d
	}
	return cov / dev * (n - 1) / mean
}
