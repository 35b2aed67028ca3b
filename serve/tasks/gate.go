package tasks

import (
	"context"
	"runtime"

	"github.com/recur-go/recur/serve"
)

// A gate lets so many in at once, and some more wait.
type gate struct {
	in   chan struct{}
	wait chan struct{}
}

// cores bounds the whole sequences that the process works on at once: more would only take
// longer, and hold the memory of all. Steps of sessions have bounds of their own.
var cores = newGate(runtime.GOMAXPROCS(0), 256)

func newGate(n, wait int) *gate {
	return &gate{make(chan struct{}, n), make(chan struct{}, n+wait)}
}

// enter waits for a place, which leave gives back.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	select {
	case g.wait <- struct{}{}:
	default:
		return nil, &serve.Error{Class: serve.Unavailable, Code: "too_many", Text: "the server works on as many requests as it takes; try again in a second"}
	}
	select {
	case g.in <- struct{}{}:
		return func() { <-g.in; <-g.wait }, nil
	case <-ctx.Done():
		<-g.wait
		return nil, context.Cause(ctx)
	}
}
