package par

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// sums adds in each step what all pieces left in the one before.
type sums struct {
	values [2][]int64
	slow   int // piece
	taken  atomic.Int64
}

func (s *sums) Step(t, piece int) {
	if piece == s.slow && t%50 == 0 {
		time.Sleep(20 * time.Microsecond)
	}
	s.taken.Add(1)
	var sum int64
	for _, v := range s.values[t%2] {
		sum += v
	}
	s.values[(t+1)%2][piece] = sum%1000 + int64(piece)
}

func TestStepsWaitForAllPieces(t *testing.T) {
	const steps = 500
	for _, pieces := range []int{1, 2, 3, 7} {
		run := func(slow int) []int64 {
			s := &sums{slow: slow}
			for i := range s.values {
				s.values[i] = make([]int64, pieces)
				s.values[i][0] = 1
			}
			Steps(steps, pieces, s)
			if n := s.taken.Load(); n != int64(steps*pieces) {
				t.Errorf("%d pieces: %d of %d were done", pieces, n, steps*pieces)
			}
			return s.values[steps%2]
		}
		var want []int64
		for _, procs := range []int{1, 2, 4} {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			for slow := -1; slow < pieces; slow++ {
				got := run(slow)
				if want == nil {
					want = got
				}
				for i := range want {
					if got[i] != want[i] {
						t.Fatalf("%d pieces, %d cores, piece %d late: %v, want %v", pieces, procs, slow, got, want)
					}
				}
			}
		}
	}
}

type failing struct{ at, piece int }

func (f failing) Step(t, piece int) {
	if t == f.at && piece == f.piece {
		panic("a step failed")
	}
}

func TestStepsPanicReachesTheCaller(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for range 50 {
		for piece := range 2 {
			func() {
				defer func() {
					if r := recover(); r != "a step failed" {
						t.Errorf("piece %d: panic %v", piece, r)
					}
				}()
				Steps(40, 2, failing{20, piece})
			}()
		}
	}
	Steps(3, 2, failing{-1, 0}) // and all is clean again
}

type late struct{}

func (late) Step(t, piece int) {
	if piece == 1 {
		time.Sleep(5 * time.Millisecond)
	} else {
		time.Sleep(time.Millisecond) // let the follower have its piece
	}
}

func TestCrowded(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	crowded.Store(0)
	if Crowded() {
		t.Error("crowded at first")
	}
	for range 100 { // until the second piece has been with a follower once
		if Steps(1, 2, late{}); Crowded() {
			break
		}
	}
	if !Crowded() {
		t.Error("not crowded after a core was late")
	}
	crowded.Store(time.Now().Add(-time.Second).UnixNano())
	if Crowded() {
		t.Error("crowded for ever")
	}
}

func BenchmarkSteps(b *testing.B) {
	const steps = 1000
	for b.Loop() {
		Steps(steps, 2, failing{-1, 0})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/steps, "ns/step")
}
