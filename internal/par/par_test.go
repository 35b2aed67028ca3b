package par

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func TestForCoversEachIndexOnce(t *testing.T) {
	for _, procs := range []int{1, 2, 5} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		for _, n := range []int{0, 1, 2, 7, 64, 1000} {
			for _, grain := range []int{1, 3, 64} {
				seen := make([]atomic.Int32, n)
				For(n, grain, func(lo, hi int) {
					if lo%grain != 0 || hi-lo > grain || hi <= lo {
						t.Errorf("piece [%d, %d) of %d by %d", lo, hi, n, grain)
					}
					for i := lo; i < hi; i++ {
						seen[i].Add(1)
					}
				})
				for i := range seen {
					if c := seen[i].Load(); c != 1 {
						t.Fatalf("%d procs: index %d of %d done %d times", procs, i, n, c)
					}
				}
			}
		}
	}
}

func TestNested(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	var sum atomic.Int64
	For(20, 1, func(lo, _ int) {
		For(20, 1, func(mid, _ int) {
			For(20, 3, func(a, b int) { sum.Add(int64(b - a)) })
		})
	})
	if sum.Load() != 8000 {
		t.Errorf("%d, want 8000", sum.Load())
	}
	quiet(t)
}

func TestConcurrentCallers(t *testing.T) {
	var sum atomic.Int64
	done := make(chan bool)
	for range 8 {
		go func() {
			for range 200 {
				For(10, 1, func(lo, hi int) { sum.Add(1) })
			}
			done <- true
		}()
	}
	for range 8 {
		<-done
	}
	if sum.Load() != 16000 {
		t.Errorf("%d pieces, want 16000", sum.Load())
	}
}

func TestPanicReachesTheCaller(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	low, high := errors.New("low"), errors.New("high")
	for range 100 {
		var ran atomic.Int32
		func() {
			defer func() {
				if r := recover(); r != low {
					t.Fatalf("panic %v, want the value of the lowest piece", r)
				}
			}()
			For(50, 1, func(i, _ int) {
				ran.Add(1)
				switch i {
				case 11:
					panic(low)
				case 40:
					panic(high)
				}
			})
		}()
		if ran.Load() != 50 {
			t.Fatalf("%d pieces ran, want all 50", ran.Load())
		}
	}
	For(10, 1, func(lo, hi int) {}) // and the job is clean again
}

type count struct{ n [4]int }

func (c *count) Piece(i int) { c.n[i]++ }

func TestDoDoesNotAllocate(t *testing.T) {
	c := new(count)
	if a := testing.AllocsPerRun(1000, func() { Do(4, c) }); a >= 1 {
		t.Errorf("%v allocations a call", a)
	}
}

func BenchmarkDo(b *testing.B) {
	c := new(count)
	for b.Loop() {
		Do(2, c)
	}
}

// until waits for a state of the helpers.
func until(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for late := time.After(20 * time.Second); ; runtime.Gosched() {
		helpers.Lock()
		ok := ready()
		helpers.Unlock()
		select {
		case <-late:
			t.Fatal("waited in vain: ", what)
		default:
		}
		if ok {
			return
		}
	}
}

// quiet waits until the helpers of what ran before have ended.
func quiet(t *testing.T) {
	t.Helper()
	until(t, "no helper runs", func() bool { return helpers.n == 0 })
}

// meeting is a task whose first piece ends once another has begun.
type meeting struct{ begun chan bool }

func (m meeting) Piece(i int) {
	select {
	case m.begun <- true:
	case <-m.begun:
	}
}

func TestBusyHelperComesLater(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	quiet(t) // a helper that lingers would be the second one
	release, inside := make(chan bool), make(chan bool)
	first := make(chan bool)
	go func() {
		For(2, 1, func(int, int) { inside <- true; <-release })
		close(first)
	}()
	<-inside
	<-inside // the one helper is busy
	second := make(chan bool)
	go func() {
		Do(2, meeting{make(chan bool)}) // needs two at once
		close(second)
	}()
	until(t, "the second job is open", func() bool { return len(helpers.open) > 0 })
	close(release)
	<-first
	select {
	case <-second:
	case <-time.After(20 * time.Second):
		t.Fatal("a helper that was busy at the call never came")
	}
}
