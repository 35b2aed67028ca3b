package par

import (
	"cmp"
	"context"
	"runtime"
	"sync"
)

// Each runs f for 0 to n-1, so many at a time, or with workers 0 as many as there are
// processors. They begin in this order. It returns the first error, which ends the context
// of the others, or why ctx itself ended. It is for long work such as training a net; Do
// and For are for loops within one.
func Each(ctx context.Context, n, workers int, f func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(n, cmp.Or(workers, runtime.GOMAXPROCS(0))) {
		wg.Go(func() {
			for i := range next {
				if ctx.Err() != nil {
					continue
				}
				if err := f(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}
