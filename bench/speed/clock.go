package speed

import (
	"context"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"github.com/recur-go/recur/internal/kernel"
)

// Times are the milliseconds of several runs.
type Times struct {
	Best   float64 `json:"best"`
	Median float64 `json:"median"`
	Runs   int     `json:"runs"`
}

// Clock runs f once to warm up, then for about d and at least the given times. It
// ends early with the error of ctx.
func Clock(ctx context.Context, f func(), d time.Duration, least int) (Times, error) {
	f()
	var ms []float64
	for begin := time.Now(); len(ms) < least || time.Since(begin) < d; {
		if err := ctx.Err(); err != nil {
			return Times{}, err
		}
		t := time.Now()
		f()
		ms = append(ms, float64(time.Since(t).Nanoseconds())/1e6)
	}
	slices.Sort(ms)
	return Times{ms[0], ms[len(ms)/2], len(ms)}, nil
}

// Profile writes a profile of the processor to path until stop is called; none if path is "".
func Profile(path string) (stop func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}

// Peak measures the most floating-point operations a second that GOMAXPROCS cores do
// in the tile that products are made of, in units of 1e9.
func Peak() float64 {
	best := 0.0
	for range 20 {
		flops, wait := make([]int, runtime.GOMAXPROCS(0)), sync.WaitGroup{}
		begin := time.Now()
		for i := range flops {
			wait.Go(func() { flops[i] = kernel.PeakTile(tiles()) })
		}
		wait.Wait()
		seconds, total := time.Since(begin).Seconds(), 0
		for _, n := range flops {
			total += n
		}
		best = max(best, float64(total)/seconds/1e9)
	}
	return best
}

// tiles is how many take some milliseconds.
func tiles() int {
	if kernel.Tier() == "go" {
		return 10
	}
	return 1000
}
