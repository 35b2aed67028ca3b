//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/recur-go/recur/serve/client"
	"github.com/recur-go/recur/serve/frame"
)

// A sequence is what a follower does from the first step of a session to its end.
type sequence struct {
	count  uint64 // of sequences before it
	length uint64
	flag   bool // START marks its first step
	waits  bool // the client waits for answers as long as its connection holds
	left   bool // it did not wait for an answer, so that what it asked for may be done at any time
	names  int  // that were given up
}

// begin begins a sequence, under the name of the last one, which has ended. If a request of that
// one may still be under way the name is another: it could be taken for a step of the new one.
func (f *follower) begin() {
	if f.left {
		f.names++
		f.id = fmt.Sprintf("%d-%d", f.number, f.names)
	}
	waits := f.r.IntN(2) == 0
	f.sequence = sequence{f.count + 1, uint64(f.r.IntN(12) + 1), waits && f.r.IntN(2) == 0, waits, false, f.names}
	f.ref.Reset()
}

// A sequenceStep is a request for a step.
type sequenceStep struct {
	id         string
	number     uint64
	start, end bool
	x          []float32
}

func (f *follower) step(number uint64) sequenceStep {
	return sequenceStep{f.id, number, number == 1 && f.flag, number == f.length, f.x(number)}
}

// hasEnded begins another sequence after the last step of one.
func (f *follower) hasEnded() {
	if f.ref.Steps() == f.length {
		f.sequences.Add(1)
		f.begin()
	}
}

// bySteps asks for the steps of sequences one by one, and for each until it is answered.
func (f *follower) bySteps(ask func(context.Context, sequenceStep) ([]float32, error)) {
	for f.begin(); !f.done(); f.rest() {
		q := f.step(f.ref.Steps() + 1)
		for {
			ctx, cancel := context.Background(), context.CancelFunc(func() {})
			if !f.waits {
				ctx, cancel = f.patience()
			}
			y, err := ask(ctx, q)
			f.left = f.left || err != nil && ctx.Err() != nil
			cancel()
			if err == nil {
				if !f.answered(q.number, y) {
					return
				}
				break
			}
			if !f.mayAskAgain(q.number, err) {
				return
			}
			if f.tryAgain(); q.end {
				f.endsAgain.Add(1)
			}
		}
		f.hasEnded()
	}
}

// mayAskAgain reports whether an error is of a connection, or of a server that ends or is busy.
func (f *follower) mayAskAgain(step uint64, err error) bool {
	var e *frame.ErrorText
	if !errors.As(err, &e) || mayFail(e.Code) {
		return true
	}
	f.violation("session %s: step %d of %d is refused: %s (code %q, the session has done %d)", f.id, step, f.length, e.Text, e.Code, e.Have)
	return false
}

// A pipe is a connection that has several steps under way.
type pipe interface {
	send(sequenceStep) error
	receive() ([]float32, error) // the answer to the first one
	close()
}

// byPipe has some steps of sequences under way at once, but the last one alone. After a failure
// it asks again from the first that was not answered on.
func (f *follower) byPipe(open func(context.Context) (pipe, error)) {
	f.away = 3
	f.begin()
	for !f.done() {
		ctx, cancel := context.WithCancel(context.Background())
		p, err := open(ctx)
		if err == nil {
			for err == nil && !f.done() {
				err = f.some(ctx, cancel, p)
				f.hasEnded()
				f.rest()
			}
			p.close()
		}
		cancel()
		if errors.Is(err, errViolation) {
			return
		}
		if err != nil {
			f.tryAgain()
		}
	}
}

var (
	errViolation = errors.New("the server has done what it must not do")
	errSkipped   = errors.New("some steps were done before")
)

// some asks for some steps. After an error the pipe is not used any more.
func (f *follower) some(ctx context.Context, cancel context.CancelFunc, p pipe) error {
	if !f.waits {
		defer time.AfterFunc(20*time.Millisecond<<f.r.IntN(7), cancel).Stop()
	}
	first := f.ref.Steps() + 1
	n := min(uint64(f.r.IntN(int(f.away))+1), f.length-first)
	if first == f.length {
		n = 1
	}
	for i := range n {
		if err := p.send(f.step(first + i)); err != nil {
			return f.broke(ctx, first, err)
		}
	}
	for step := first; step < first+n; step++ {
		y, err := p.receive()
		if err != nil {
			return f.broke(ctx, step, err)
		}
		if !f.answered(step, y) {
			return errViolation
		}
	}
	return nil
}

// broke is told of an error in place of the answer to a step.
func (f *follower) broke(ctx context.Context, step uint64, err error) error {
	if step == f.length {
		f.endsAgain.Add(1)
	}
	var e *frame.ErrorText
	if f.left = f.left || ctx.Err() != nil || errors.As(err, &e); e == nil { // those behind it are given up
		return err
	}
	if e.Code == "step" && step < f.length && e.Have >= step && e.Have < step+f.away && e.Have < f.length {
		f.skip(e.Have)
		return errSkipped
	}
	if !f.mayAskAgain(step, err) {
		return errViolation
	}
	return err
}

// byFramesThatEnd steps and ends sequences by a client that resumes by itself, with all patience.
func (f *follower) byFramesThatEnd() {
	var c *client.Client
	for c == nil {
		var err error
		if c, err = client.Dial(context.Background(), "unix:"+f.socket, client.Options{Keep: -1, Retry: time.Hour}); err != nil {
			f.tryAgain()
		}
	}
	defer c.Close()
	for f.begin(); !f.done(); f.rest() {
		s, err := c.Session(context.Background(), "m", f.id)
		if err == nil {
			err = f.toEnd(s)
			s.Close()
		}
		if errors.Is(err, errViolation) || err != nil && !f.mayBreak(err) {
			return
		}
		if err != nil {
			f.tryAgain()
		}
		f.hasEnded()
	}
}

// toEnd steps a session to its end.
func (f *follower) toEnd(s *client.Session) error {
	switch have, at := s.Steps(), f.ref.Steps(); {
	case have == 0 && at > 0 && at+2 >= f.length: // the step that ended it was done
		f.skip(f.length)
		return nil
	case have != at && have != at+1:
		f.violation("session %s has done %d steps, but %d were answered", f.id, have, at)
		return errViolation
	default:
		f.skip(have)
	}
	for !f.done() && f.ref.Steps() < f.length {
		step, ask := f.ref.Steps()+1, s.Step
		var before chan *client.Call // the step before the last one, where both are under way
		if step == f.length-1 && f.r.IntN(2) == 0 {
			before = make(chan *client.Call, 1)
			s.Go(&client.Call{X: f.x(step), Done: func(c *client.Call) { before <- c }})
			step++
		}
		if step == f.length {
			ask = s.End
		}
		y, err := ask(context.Background(), nil, f.x(step))
		if before != nil {
			c := <-before
			if err := f.came(step-1, c.Y, c.Err); err != nil {
				return err
			}
		}
		if err := f.came(step, y, err); err != nil {
			return err
		}
	}
	return nil
}

// came is told what came of a step that a client of frames was asked for.
func (f *follower) came(step uint64, y []float32, err error) error {
	switch {
	case errors.Is(err, client.ErrAnswerLost):
		f.skip(step)
	case err != nil:
		return err
	case !f.answered(step, y):
		return errViolation
	}
	return nil
}
