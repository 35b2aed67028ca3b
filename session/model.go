package session

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a Model. The zero value is a good choice.
type Options struct {
	MaxBatch int           // most rows of a batch; default 32
	Linger   time.Duration // how long a step waits for others to make a batch with; default 0
	Workers  int           // most batches at once, each on one core; default GOMAXPROCS
	MaxWait  int           // most steps that wait for one session; default 64; more are ErrBusy
	OnBatch  func(Batch)   // called after each batch, by several goroutines
}

// A Batch is what OnBatch is told.
type Batch struct {
	Rows int
	Took time.Duration
}

// A Model steps sessions with a Runner: the steps that are asked for at once become a batch.
// A step alone is done by the goroutine that asks for it. Goroutines share a Model.
type Model struct {
	runner  Runner
	options Options
	in, out int
	sizes   []int
	width   int // floats of a state
	first   []Float
	id      [32]byte
	blocks  sync.Pool   // of *block
	calls   sync.Pool   // of *Call
	crowded atomic.Bool // the last batch had several rows, or calls wait behind it

	mu      sync.Mutex
	queue   queue
	leaders int           // goroutines that take batches from queue
	took    time.Duration // by the last batch
}

// New makes a Model.
func New(r Runner, o Options) *Model {
	if o.MaxBatch <= 0 {
		o.MaxBatch = 32
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 64
	}
	m := &Model{runner: r, options: o, in: r.In(), out: r.Out(), sizes: r.StateSizes(), id: r.ID()}
	for _, n := range m.sizes {
		m.width += n
	}
	m.first = make([]Float, m.width)
	if st, ok := r.(Starter); ok {
		st.First(m.split(m.first))
	}
	m.blocks.New = func() any { return m.newBlock() }
	return m
}

// In, Out and ID are those of the Runner.
func (m *Model) In() int { return m.in }

// Out is the number of values of an answer.
func (m *Model) Out() int { return m.out }

// ID names what the states of its sessions mean.
func (m *Model) ID() [32]byte { return m.id }

// Floats is the number of floats of a session's state.
func (m *Model) Floats() int { return m.width }

// Runner returns what steps.
func (m *Model) Runner() Runner { return m.runner }

// split cuts one row of a state into its entries.
func (m *Model) split(row []Float) [][]Float {
	entries := make([][]Float, len(m.sizes))
	for i, n := range m.sizes {
		entries[i], row = row[:n:n], row[n:]
	}
	return entries
}

// Step does one step of s on x [In], with those of other sessions that are asked for at the
// same time, and returns the output [Out], in the memory of dst if that is large enough. On
// an error the session is as it was: one whose context ends while it waits is not stepped.
func (m *Model) Step(ctx context.Context, s *Session, dst, x []Float) ([]Float, error) {
	c := m.newCall()
	c.Session, c.X, c.Y = s, x, dst
	m.enqueue(c)
	return m.wait(ctx, c, dst)
}

// A Step is one of StepAll.
type Step struct {
	Session *Session
	X       []Float
	Y       []Float // output, in its memory if it is large enough
	Err     error   // nil if it was done
}

// StepAll does steps of many sessions, as Step does each, in the order of steps where a
// session has several. The error is the first of theirs.
func (m *Model) StepAll(ctx context.Context, steps []Step) error {
	calls := make([]*Call, len(steps))
	for i, s := range steps {
		calls[i] = m.newCall()
		calls[i].Session, calls[i].X, calls[i].Y = s.Session, s.X, s.Y
	}
	m.enqueue(calls...)
	var first error
	for i, c := range calls {
		steps[i].Y, steps[i].Err = m.wait(ctx, c, steps[i].Y)
		if first == nil {
			first = steps[i].Err
		}
	}
	return first
}

// Go asks for the steps of the sessions that the calls name; Done of each is called when it
// is done, perhaps before Go returns. The calls of one session are done in their order.
func (m *Model) Go(calls ...*Call) {
	for _, c := range calls {
		c.prepare(wantStep, nil, nil)
	}
	m.enqueue(calls...)
}

// prepare sets what is left of an earlier use.
func (c *Call) prepare(w want, t *Table, e *entry) {
	c.wants, c.table, c.entry = w, t, e
	c.void, c.durable, c.Err, c.Steps, c.Ended = false, false, nil, 0, false
}

// newCall makes a call to wait for. The calls of a model are its own, so that its channels are
// those of one testing/synctest bubble.
func (m *Model) newCall() *Call {
	c, ok := m.calls.Get().(*Call)
	if !ok {
		c = &Call{ready: make(chan struct{}, 1)}
		c.Done = func(c *Call) { c.ready <- struct{}{} }
	}
	c.prepare(wantStep, nil, nil)
	return c
}

// wait returns the answer of a call of newCall, which it gives back.
func (m *Model) wait(ctx context.Context, c *Call, dst []Float) ([]Float, error) {
	if c.await(ctx) {
		return dst, context.Cause(ctx)
	}
	y, err := c.Y, c.Err
	if err != nil {
		y = dst
	}
	m.giveBack(c)
	return y, err
}

// await waits until a call of newCall is done, or reports that the context ended while it
// waited: it is the queue's then.
func (c *Call) await(ctx context.Context) (dropped bool) {
	select {
	case <-c.ready:
		return false
	default:
	}
	select {
	case <-c.ready:
		return false
	case <-ctx.Done():
	}
	if c.drop() {
		return true
	}
	<-c.ready
	return false
}

func (m *Model) giveBack(c *Call) {
	*c = Call{ready: c.ready, Done: c.Done, after: c.after}
	m.calls.Put(c)
}

// drop forgets a call that still waits, and reports whether it did.
func (c *Call) drop() bool {
	m := c.model
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.state != callWaits {
		return false
	}
	c.state = callDropped
	return true
}
