package tasks

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/recur-go/recur/serve"
)

// A gate lets so many in, keeps others waiting, and sends the rest away.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 1)
		leave, err := g.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() { _, err := g.enter(ctx); gone <- err }()
		synctest.Wait()
		if _, err := g.enter(t.Context()); serve.AsError(err).Status() != 503 {
			t.Errorf("the third: %v", err)
		}
		cancel()
		if err := <-gone; err != context.Canceled {
			t.Errorf("the second: %v", err)
		}
		in := make(chan error)
		go func() { _, err := g.enter(t.Context()); in <- err }()
		synctest.Wait()
		leave()
		if err := <-in; err != nil {
			t.Error(err)
		}
	})
}
