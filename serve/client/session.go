package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/recur-go/recur/serve/frame"
)

// A Session is a session of a model on a server. Its steps are done in the order in which they
// were asked for.
type Session struct {
	c       *Client
	model   string
	version string
	ready   chan struct{} // closed when it is open for the first time, or failed

	mu      sync.Mutex
	id      string
	inputs  layout
	outputs layout
	link    *link
	handle  uint32
	sent    uint64  // steps that were asked for
	done    uint64  // of them answered
	waiting []*Call // those without an answer, by number
	kept    ring
	failed  error
	once    sync.Once // closes ready
}

// A Call is a step on its way. It may be used again once Done was called.
type Call struct {
	X    []float32
	Y    []float32 // output, in its memory if that is large enough
	Err  error
	Done func(*Call) // called by the goroutine that reads, so it must not wait

	number uint64
	flags  uint8
}

// A BehindError is a session that has done fewer steps on the server than were answered, more
// than the client kept inputs of: the server was started anew without them, or the session
// ended by itself. It has to be begun again, or restored.
type BehindError struct{ Have, Want uint64 }

func (e *BehindError) Error() string {
	return fmt.Sprintf("client: the session has done %d steps on the server, but %d were answered; the steps between them are lost", e.Have, e.Want)
}

// ErrAnswerLost is of a step that was done, but whose answer was lost with the connection: the
// server keeps the last answer of a session alone.
var ErrAnswerLost = errors.New("client: the step was done, but its answer was lost with the connection")

// Session opens a session. An id of "" has the server make one, see ID. If the session has
// done steps, it goes on after them.
func (c *Client) Session(ctx context.Context, model, id string) (*Session, error) {
	s := &Session{c: c, model: model, id: id, kept: ring{max: c.options.Keep}, ready: make(chan struct{})}
	c.mu.Lock()
	if c.broken != nil {
		c.mu.Unlock()
		return nil, c.broken
	}
	c.sessions[s] = true
	if c.link != nil {
		c.open(c.link, s)
	}
	c.mu.Unlock()
	select {
	case <-s.ready:
	case <-ctx.Done():
		s.leave(context.Cause(ctx))
		return nil, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s, s.failed
}

// ID is the name of the session on the server.
func (s *Session) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// In and Out are the numbers of values of an input and of an output.
func (s *Session) In() int { return s.inputs.values }

// Out is the number of values of an output.
func (s *Session) Out() int { return s.outputs.values }

// Steps is the number of steps that were answered.
func (s *Session) Steps() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done
}

// Step does one step, and returns the output in the memory of dst if that is large enough. If
// the context ends before the answer comes, the step may be done all the same.
func (s *Session) Step(ctx context.Context, dst, x []float32) ([]float32, error) {
	return s.wait(ctx, &Call{X: x, Y: dst})
}

// Restart does the first step of the session anew.
func (s *Session) Restart(ctx context.Context, dst, x []float32) ([]float32, error) {
	return s.wait(ctx, &Call{X: x, Y: dst, flags: frame.Start})
}

// End does one more step and ends the session on the server.
func (s *Session) End(ctx context.Context, dst, x []float32) ([]float32, error) {
	y, err := s.wait(ctx, &Call{X: x, Y: dst, flags: frame.End})
	s.Close()
	return y, err
}

func (s *Session) wait(ctx context.Context, c *Call) ([]float32, error) {
	ready := make(chan struct{})
	c.Done = func(*Call) { close(ready) }
	s.Go(c)
	select {
	case <-ready:
		return c.Y, c.Err
	case <-ctx.Done():
		s.mu.Lock() // the caller's memory is the caller's again
		c.X, c.Y = slices.Clone(c.X), nil
		s.mu.Unlock()
		return nil, context.Cause(ctx)
	}
}

// Close forgets the session here. It stays on the server.
func (s *Session) Close() { s.leave(ErrClosed) }

// leave ends the session here with an error, and has the connection forget it.
func (s *Session) leave(err error) {
	s.c.forget(s)
	s.fail(err)
	s.mu.Lock()
	l, handle := s.link, s.handle
	s.link = nil
	s.mu.Unlock()
	if l != nil {
		l.drop(handle)
	}
}

// over reports whether the session has ended here.
func (s *Session) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed != nil
}

// Go asks for a step; Done is called when it is answered.
func (s *Session) Go(c *Call) {
	s.mu.Lock()
	c.Err = s.failed
	if c.Err == nil && len(c.X) != s.inputs.values {
		c.Err = fmt.Errorf("client: the input has %d values, want %d", len(c.X), s.inputs.values)
	}
	if c.Err != nil {
		s.mu.Unlock()
		c.Done(c)
		return
	}
	if c.flags&frame.Start != 0 {
		s.sent = 0
	}
	s.sent++
	c.number = s.sent
	s.waiting = append(s.waiting, c)
	l := s.link
	if l != nil {
		l.mu.Lock() // so that the steps of a session are sent in order
		l.out = s.append(l.out, c.number, c.flags, c.X)
		l.mu.Unlock()
	}
	s.mu.Unlock()
	if l != nil {
		l.send(func(b []byte) []byte { return b })
	}
}

// append appends a step.
func (s *Session) append(b []byte, number uint64, flags uint8, x []float32) []byte {
	b = frame.Append(b, frame.Header{Type: frame.Step, Flags: flags, Handle: s.handle, Step: number}, s.inputs.bytes)
	return s.inputs.append(b, x)
}

// opened takes up a session that was opened by l.
func (s *Session) opened(l *link, handle uint32, a *frame.OpenAnswer) {
	s.mu.Lock()
	first := s.link == nil
	s.id, s.version, s.handle = a.Session, a.Version, handle
	var errIn, errOut error
	s.inputs, errIn = layOut(a.Inputs)
	s.outputs, errOut = layOut(a.Outputs)
	err := errors.Join(errIn, errOut)
	var lost []*Call
	switch {
	case err != nil:
	case first:
		s.done, s.sent, s.link = a.Steps, a.Steps, l
	default:
		lost, err = s.resume(l, a.Steps)
	}
	s.mu.Unlock()
	if err != nil {
		s.c.forget(s)
		s.fail(err)
		return
	}
	s.once.Do(func() { close(s.ready) })
	for _, c := range lost {
		c.Err = ErrAnswerLost
		c.Done(c)
	}
}

// resume goes on with a session that has done so many steps on the server, by sending what has
// to be sent again. It returns the calls that were done and whose answers are lost. s.mu is
// locked.
func (s *Session) resume(l *link, have uint64) (lost []*Call, err error) {
	again := uint64(0) // answered steps to repeat
	from := 0          // of waiting
	for i, c := range s.waiting {
		if c.flags&frame.Start != 0 {
			from = i // what was before it does not matter, and it can be done again
		}
	}
	if from > 0 || len(s.waiting) > 0 && s.waiting[0].flags&frame.Start != 0 {
		// as it is
	} else if have < s.done {
		ends := slices.IndexFunc(s.waiting, func(c *Call) bool { return c.flags&frame.End != 0 })
		switch again = s.done - have; {
		case again <= uint64(s.kept.n):
		case have == 0 && ends >= 0: // it may have ended, and the server answers the step again that ended it
			again = 0
			from = s.skip(s.waiting[ends].number)
		default:
			return nil, &BehindError{have, s.done}
		}
	} else {
		from = s.skip(have)
	}
	lost = append(lost, s.waiting[:from]...)
	s.waiting = append(s.waiting[:0], s.waiting[from:]...)
	s.link = l
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range again {
		l.out = s.append(l.out, have+i+1, 0, s.kept.last(int(again-i)))
	}
	for _, c := range s.waiting {
		l.out = s.append(l.out, c.number, c.flags, c.X)
	}
	return lost, nil
}

// skip takes the steps that wait before one for done, and returns how many there are.
func (s *Session) skip(number uint64) (n int) {
	for ; n < len(s.waiting) && s.waiting[n].number < number; n++ {
		s.kept.add(s.waiting[n].X)
		s.done = s.waiting[n].number
	}
	return n
}

// answered is told of the answer to a step.
func (s *Session) answered(number uint64, payload []byte) {
	s.mu.Lock()
	if len(s.waiting) == 0 || s.waiting[0].number != number { // a repeated one
		s.mu.Unlock()
		return
	}
	c := s.waiting[0]
	s.waiting = s.waiting[:copy(s.waiting, s.waiting[1:])]
	if c.flags&frame.Start != 0 {
		s.kept.n = 0
	}
	s.done = number
	s.kept.add(c.X)
	if len(payload) == s.outputs.bytes {
		c.Y, c.Err = s.outputs.read(c.Y[:0], payload), nil
	} else {
		c.Err = fmt.Errorf("client: the answer to step %d has %d bytes, want %d", number, len(payload), s.outputs.bytes)
	}
	s.mu.Unlock()
	c.Done(c)
}

// refused is told of a step that was not done, or that was done for a connection which broke,
// as is seen when it is sent again.
func (s *Session) refused(number uint64, err *frame.ErrorText) {
	s.mu.Lock()
	i := slices.IndexFunc(s.waiting, func(c *Call) bool { return c.number == number })
	if i < 0 {
		s.mu.Unlock()
		return
	}
	c := s.waiting[i]
	c.Err = err
	s.waiting = slices.Delete(s.waiting, i, i+1)
	if i == 0 && err.Code == "step" && err.Have >= number {
		c.Err = ErrAnswerLost
		s.done = number
		s.kept.add(c.X)
	} else if n := len(s.waiting); n > 0 { // those behind it fail by their numbers
		s.sent = s.waiting[n-1].number
	} else {
		s.sent = s.done
	}
	s.mu.Unlock()
	c.Done(c)
}

// fail ends the session here.
func (s *Session) fail(err error) {
	s.mu.Lock()
	if s.failed == nil {
		s.failed = err
	}
	waiting := s.waiting
	s.waiting = nil
	s.mu.Unlock()
	s.once.Do(func() { close(s.ready) })
	for _, c := range waiting {
		c.Err = err
		c.Done(c)
	}
}
