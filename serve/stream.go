package serve

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/recur-go/recur/session"
)

// Limits of a stream.
const (
	maxAsked   = 256      // steps that were asked for and not answered yet; more wait unread
	maxOfOne   = 48       // of them those of one session, which is less than a session lets wait
	maxUnread  = 1 << 20  // bytes of answers that the client has not read; more steps wait
	maxHandles = 1 << 16  // sessions of one stream
	firstRead  = 16 << 10 // bytes of its buffer at first
)

// A stream is a connection by which steps of sessions come, and their answers go as they are
// done, while more come.
type stream struct {
	s     *Server
	ctx   context.Context
	c     transport
	codec codec

	in    []byte        // what was read and not taken
	calls []*streamCall // read and to ask for
	group []*session.Call

	mu      sync.Mutex
	room    sync.Cond
	out     []byte // to write
	spare   []byte
	asking  bool // who asks writes afterwards, unless that is late
	writing bool
	asked   int
	late    bool        // what is in out has waited long enough
	linger  *time.Timer // makes it late
	failed  error       // of writing
	free    []*streamCall
}

// A transport is what a stream goes over.
type transport interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// A codec is a form of steps and answers.
type codec interface {
	// take takes what is at the start of b: n bytes of it, 0 if it is not whole. It may ask
	// for a step by st.step, or send something. An error ends the stream.
	take(st *stream, b []byte) (n int, err error)

	// answer appends the answer of a call, or its error.
	answer(b []byte, c *streamCall) []byte

	// end appends what tells that the stream ends: err, or if that is nil that the server does.
	end(b []byte, err error) []byte

	// release gives the models of its sessions back, when all is answered.
	release()
}

// A streamCall is a step of a stream.
type streamCall struct {
	session.Call
	st     *stream
	h      *handle
	number uint64 // as it was asked for
	began  time.Time
	admit  func(made, ended bool) // of a quota, or nil
}

// A handle is a session of a stream.
type handle struct {
	id    uint32
	m     *Model
	own   string // its name as the client knows it
	full  string // and in the table
	bytes int    // of an input
	made  bool   // it is there, as far as is known
	asked int    // steps without an answer; guarded by the stream
}

func (s *Server) newHandle(ctx context.Context, m *Model, own string) (*handle, error) {
	if m.Sessions == nil {
		return nil, errorf(Unsupported, "model %s keeps no state, so it has no sessions", quoted(m.Name))
	}
	full, err := s.SessionName(ctx, own)
	if err != nil {
		return nil, err
	}
	h := &handle{m: m, own: own, full: full}
	for _, t := range m.Inputs {
		n, _ := Count(t.Shape[1:])
		h.bytes += n * t.Datatype.Size()
	}
	return h, nil
}

// stream serves a stream, which does not count as a request in flight: its steps wait in their
// own queue.
func (x *exchange) stream(c transport, codec codec) error {
	x.s.gauge.inFlight.Add(-1)
	defer x.s.gauge.inFlight.Add(1)
	if x.hijacked { // net/http has counted it out
		x.s.gauge.conns.Add(1)
		defer x.s.gauge.conns.Add(-1)
	}
	return x.s.stream(x.r.Context(), c, codec)
}

// stream reads until the client has no more, or the server ends, and answers all that was asked.
func (s *Server) stream(ctx context.Context, c transport, codec codec) error {
	st := &stream{s: s, ctx: ctx, c: c, codec: codec, in: make([]byte, 0, firstRead)}
	st.room.L = &st.mu
	st.linger = time.AfterFunc(time.Hour, st.hurry)
	defer st.linger.Stop()
	over := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { st.watch(over) })
	err := st.read()
	if err != nil && err != io.EOF {
		st.send(func(b []byte) []byte { return codec.end(b, err) })
	}
	st.wait()
	close(over)
	c.Close()
	watching.Wait()
	codec.release()
	if err == io.EOF {
		return nil
	}
	return err
}

// watch tells the client when the server ends, and closes the connection when all is answered.
func (st *stream) watch(over <-chan struct{}) {
	select {
	case <-over:
	case <-st.ctx.Done():
		st.c.Close()
	case <-st.s.Drained():
		st.send(func(b []byte) []byte { return st.codec.end(b, nil) })
		st.wait()
		st.c.Close()
	}
}

// wait waits until all steps are answered and written, or cannot be.
func (st *stream) wait() {
	st.mu.Lock()
	defer st.mu.Unlock()
	for st.failed == nil && (st.asked > 0 || st.writing || len(st.out) > 0) || st.asked > 0 {
		st.room.Wait()
	}
}

func (st *stream) read() error {
	whole := true
	for {
		if len(st.in) == cap(st.in) {
			st.in = append(st.in, 0)[:len(st.in)]
		}
		n, err := st.c.Read(st.in[len(st.in):cap(st.in)])
		st.in = st.in[:len(st.in)+n]
		at := 0
		for n > 0 && at < len(st.in) {
			k, err := st.codec.take(st, st.in[at:])
			if err != nil {
				st.ask()
				return err
			}
			if k == 0 {
				break
			}
			if at += k; len(st.calls) >= maxAsked/2 {
				if err := st.ask(); err != nil {
					return err
				}
			}
		}
		st.in = st.in[:copy(st.in, st.in[at:])]
		if err := st.ask(); err != nil {
			return err
		}
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) && st.s.Ready() { // a stream is closed that way too
				return errorf(Timeout, "a message was not sent to its end in time")
			}
			return io.EOF // whatever ended it: nothing more comes
		}
		if now := len(st.in) == 0; now != whole { // a message that has begun has to end
			if whole = now; whole {
				st.c.SetReadDeadline(time.Time{})
			} else {
				st.c.SetReadDeadline(time.Now().Add(st.s.options.Timeout))
			}
		}
	}
}

// step asks for a step, once all that was read is taken. The caller sets X, which has the
// memory of an earlier one.
func (st *stream) step(h *handle, number uint64) *streamCall {
	st.mu.Lock()
	if h.asked >= maxOfOne {
		st.mu.Unlock()
		st.ask()
		st.mu.Lock()
		for h.asked >= maxOfOne {
			st.room.Wait()
		}
	}
	h.asked++
	var c *streamCall
	if n := len(st.free); n > 0 {
		c, st.free = st.free[n-1], st.free[:n-1]
	}
	st.mu.Unlock()
	if c == nil {
		c = &streamCall{st: st}
		c.Done = func(*session.Call) { st.done(c) }
	}
	c.h, c.number = h, number
	c.ID, c.Number = h.full, number
	c.X, c.Err, c.Start, c.Exist, c.End = c.X[:0], nil, false, false, false
	st.calls = append(st.calls, c)
	return c
}

// ask asks for the steps that were read, and writes what is done by then.
func (st *stream) ask() error {
	st.mu.Lock()
	for st.failed == nil && (len(st.out) > maxUnread || st.asked > 0 && st.asked+len(st.calls) > maxAsked) {
		st.room.Wait()
	}
	if err := st.failed; err != nil {
		for _, c := range st.calls {
			c.h.asked--
		}
		st.calls = st.calls[:0]
		st.mu.Unlock()
		return err
	}
	st.asked += len(st.calls)
	st.asking = true
	st.mu.Unlock()

	st.askAll()

	st.mu.Lock()
	st.asking = false
	write := !st.writing && st.due()
	st.writing = st.writing || write
	st.mu.Unlock()
	if write {
		st.write()
	}
	return nil
}

// askAll asks for what was read, those of a model together.
func (st *stream) askAll() {
	if len(st.calls) == 0 {
		return
	}
	now := time.Now()
	for i, c := range st.calls {
		c.began = now
		if c.Err == nil && st.s.tokens.Load().quotas {
			var err error
			if _, c.admit, err = st.s.admitSession(st.ctx, c.h.m, c.h.own, !c.h.made && !c.Exist && c.Number <= 1); err != nil {
				c.Err = err
			}
		}
		if c.Err != nil {
			st.done(c)
		} else {
			st.group = append(st.group, &c.Call)
		}
		if i+1 == len(st.calls) || st.calls[i+1].h.m != c.h.m {
			c.h.m.Sessions.Go(st.ctx, st.group...)
			clear(st.group)
			st.group = st.group[:0]
		}
	}
	clear(st.calls)
	st.calls = st.calls[:0]
}

// done answers a call.
func (st *stream) done(c *streamCall) {
	m, now := c.h.m, time.Now()
	took := now.Sub(c.began)
	if m.stats.request(now, took, c.Err); c.Err == nil {
		st.s.gauge.steps.Add(1)
	}
	if c.admit != nil {
		c.admit(c.Err == nil, c.Ended)
		c.admit = nil
	}
	st.mu.Lock()
	if st.s.tokens.Load().quotas && c.Err == nil {
		c.h.made = !c.End
	}
	st.asked--
	c.h.asked--
	if st.failed == nil {
		if len(st.out) == 0 && st.asked > 0 {
			st.linger.Reset(min(8*took, maxLinger))
		}
		st.out = st.codec.answer(st.out, c)
	}
	st.free = append(st.free, c)
	st.mayWrite()
}

// send sends something that is no answer.
func (st *stream) send(add func(b []byte) []byte) {
	st.mu.Lock()
	if st.failed == nil {
		st.out, st.late = add(st.out), true
	}
	st.mayWrite()
}

// Answers wait for those of the other steps that are on their way, to be written together:
// a write costs more than a step. They wait no longer than eight times what the first of them
// took, nor than maxLinger, and only until there are enough of them.
const (
	maxLinger = 2 * time.Millisecond
	enough    = 64 << 10 // bytes
)

// due reports whether there is something to be written now. st.mu is locked.
func (st *stream) due() bool {
	return len(st.out) > 0 && (st.asked == 0 || st.late || len(st.out) >= enough)
}

// hurry ends the waiting.
func (st *stream) hurry() {
	st.mu.Lock()
	st.late = true
	st.mayWrite()
}

// mayWrite has what is due be written, unless somebody is about to. st.mu is locked, and
// unlocked here.
func (st *stream) mayWrite() {
	write := !st.writing && (!st.asking || st.late) && st.due()
	st.writing = st.writing || write
	st.room.Broadcast()
	st.mu.Unlock()
	if write {
		go st.write()
	}
}

// write writes what is due. One goroutine at a time does.
func (st *stream) write() {
	st.mu.Lock()
	for st.failed == nil && st.due() {
		b := st.out
		st.out, st.late = st.spare[:0], false
		st.linger.Stop()
		st.mu.Unlock()
		st.c.SetWriteDeadline(time.Now().Add(st.s.options.Timeout))
		_, err := st.c.Write(b)
		st.mu.Lock()
		if st.spare = b[:0]; cap(b) > maxKept {
			st.spare = nil
		}
		if st.failed = err; err != nil {
			st.out = nil
			st.c.Close() // so that reading ends too
		}
		st.room.Broadcast()
	}
	st.writing = false
	st.room.Broadcast()
	st.mu.Unlock()
}
