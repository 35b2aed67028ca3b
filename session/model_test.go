package session

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recur-go/recur/internal/invariants"
	"github.com/recur-go/recur/internal/race"
)

// A sum is a Runner whose state is the sum of its inputs, which it answers. It refuses rows of
// input -1 by an error and of -2 by a panic, after waiting at gate.
type sum struct {
	id    byte
	start Float
	gate  chan struct{} // nil for none
	began chan int      // rows of each batch, nil for none
}

func (sum) In() int           { return 1 }
func (sum) Out() int          { return 1 }
func (sum) StateSizes() []int { return []int{1, 1} }
func (r sum) ID() [32]byte    { return [32]byte{r.id} }

func (r sum) First(states [][]Float) { states[0][0] = r.start }

func (r sum) Step(_ context.Context, rows int, x, y []Float, states [][]Float) error {
	if r.began != nil {
		r.began <- rows
	}
	if r.gate != nil {
		<-r.gate
	}
	for i := range rows {
		switch x[i] {
		case -1:
			return errors.New("the input is -1")
		case -2:
			panic("the input is -2")
		}
		states[0][i] += x[i]
		states[1][i]++
		y[i] = states[0][i]
	}
	return nil
}

func TestBatchesAreExact(t *testing.T) {
	m := New(sum{}, Options{MaxBatch: 8, Workers: 3})
	const sessions, steps = 40, 300
	var wg sync.WaitGroup
	for i := range sessions {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			s, want := m.New(), Float(0)
			var y []Float
			for range steps {
				x := Float(r.IntN(100))
				want += x
				var err error
				if y, err = m.Step(t.Context(), s, y, []Float{x}); err != nil || y[0] != want {
					t.Errorf("%v (%v), want %v", y, err, want)
					return
				}
			}
			if s.Steps() != steps {
				t.Errorf("%d steps", s.Steps())
			}
		})
	}
	wg.Wait()
	until(t, m, func() bool { return m.leaders == 0 && m.queue.n == 0 })
}

// Of a batch with bad rows the others are done, and the bad ones are as they were.
func TestBadRows(t *testing.T) {
	m := New(sum{}, Options{})
	nan := Float(math.NaN())
	xs := []Float{1, -1, 2, -2, nan, 3}
	steps := make([]Step, len(xs))
	for i, x := range xs {
		steps[i] = Step{Session: m.New(), X: []Float{x}}
	}
	steps = append(steps, Step{Session: m.New(), X: []Float{1, 2}})
	if err := m.StepAll(t.Context(), steps); err == nil || err.Error() != "the input is -1" {
		t.Errorf("first error %v", err)
	}
	for i, s := range steps {
		var bad bool
		var p *PanicError
		var n *NaNError
		var w *WidthError
		switch {
		case i == 1:
			bad = s.Err == nil
		case i == 3:
			bad = !errors.As(s.Err, &p)
		case i == 4:
			bad = !errors.As(s.Err, &n) || n.Step != 1 || !n.Input
		case i == 6:
			bad = !errors.As(s.Err, &w)
		default:
			bad = s.Err != nil || s.Y[0] != xs[i] || s.Session.Steps() != 1
		}
		if s.Err != nil && s.Session.Steps() != 0 || bad {
			t.Errorf("row %d: %v %v, %d steps", i, s.Y, s.Err, s.Session.Steps())
		}
	}
	if y, err := m.Step(t.Context(), steps[4].Session, nil, []Float{7}); err != nil || y[0] != 7 {
		t.Errorf("after NaN: %v %v", y, err)
	}
}

// gated is a model whose batches wait.
func gated(o Options) (m *Model, r sum) {
	r = sum{gate: make(chan struct{}), began: make(chan int)}
	return New(r, o), r
}

func TestCancelledStepIsNotDone(t *testing.T) {
	m, r := gated(Options{Workers: 1})
	a, b := m.New(), m.New()
	first := make(chan error)
	go func() {
		_, err := m.Step(t.Context(), a, nil, []Float{1})
		first <- err
	}()
	<-r.began
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("why")
	waiting := make(chan error)
	for _, s := range []*Session{a, b} { // behind its own session, and in the queue
		go func() {
			_, err := m.Step(ctx, s, nil, []Float{1})
			waiting <- err
		}()
	}
	until(t, m, func() bool { return m.queue.n == 1 && a.waiting == 1 })
	cancel(why)
	for range 2 {
		if err := <-waiting; err != why {
			t.Errorf("%v, want the cause", err)
		}
	}
	close(r.gate)
	if err := <-first; err != nil {
		t.Error(err)
	}
	until(t, m, func() bool { return m.queue.n == 0 && m.leaders == 0 && !a.held && !b.held })
	if a.Steps() != 1 || b.Steps() != 0 {
		t.Errorf("%d and %d steps", a.Steps(), b.Steps())
	}
}

// until waits for what other goroutines bring about.
func until(t *testing.T, m *Model, ok func() bool) {
	t.Helper()
	for {
		m.mu.Lock()
		now := ok()
		m.mu.Unlock()
		if now || t.Context().Err() != nil {
			return
		}
		runtime.Gosched()
	}
}

func TestCallsOfOneSessionAreInOrder(t *testing.T) {
	m := New(sum{}, Options{MaxBatch: 4, MaxWait: 1000})
	a, b := m.New(), m.New()
	var mu sync.Mutex
	var got []Float
	var calls []*Call
	done := make(chan struct{})
	for i := range 200 {
		calls = append(calls, &Call{Session: a, X: []Float{1}, Done: func(c *Call) {
			mu.Lock()
			got = append(got, c.Y[0])
			n := len(got)
			mu.Unlock()
			if c.Err != nil || c.Steps != uint64(i+1) {
				t.Errorf("call %d is step %d: %v", i, c.Steps, c.Err)
			}
			if n == 200 {
				close(done)
			}
		}}, &Call{Session: b, X: []Float{1}, Done: func(*Call) {}})
	}
	m.Go(calls...)
	<-done
	if !slices.IsSorted(got) {
		t.Errorf("answers %v", got)
	}
}

// A Done that asks for the next step does not nest.
func TestDoneMayGoOn(t *testing.T) {
	m := New(sum{}, Options{})
	s, done := m.New(), make(chan struct{})
	c := &Call{Session: s, X: []Float{1}}
	c.Done = func(c *Call) {
		if c.Steps == 100_000 {
			close(done)
			return
		}
		m.Go(c)
	}
	m.Go(c)
	<-done
}

func TestTooManyWait(t *testing.T) {
	m, r := gated(Options{MaxWait: 2})
	s := m.New()
	results := make(chan error, 8)
	for range 4 {
		m.Go() // nothing
	}
	go m.Go(&Call{Session: s, X: []Float{1}, Done: func(c *Call) { results <- c.Err }})
	<-r.began
	for range 3 {
		m.Go(&Call{Session: s, X: []Float{1}, Done: func(c *Call) { results <- c.Err }})
	}
	if err := <-results; err != ErrBusy {
		t.Errorf("%v, want %v", err, ErrBusy)
	}
	close(r.gate)
	for range 2 {
		<-r.began
	}
	for range 3 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestStepsThatWaitMakeABatch(t *testing.T) {
	m, r := gated(Options{MaxBatch: 6, Workers: 1})
	var wg sync.WaitGroup
	step := func() { m.Step(t.Context(), m.New(), nil, []Float{1}) }
	wg.Go(step)
	if n := <-r.began; n != 1 {
		t.Errorf("the first batch has %d rows", n)
	}
	for range 9 {
		wg.Go(step)
	}
	until(t, m, func() bool { return m.queue.n == 9 })
	r.gate <- struct{}{}
	for _, want := range []int{6, 3} {
		if n := <-r.began; n != want {
			t.Errorf("a batch has %d rows, want %d", n, want)
		}
		r.gate <- struct{}{}
	}
	wg.Wait()
}

// slow is a Runner that takes a second.
type slow struct{ sum }

func (s slow) Step(ctx context.Context, rows int, x, y []Float, states [][]Float) error {
	time.Sleep(time.Second)
	return s.sum.Step(ctx, rows, x, y, states)
}

// Where a batch takes long, a step does not wait for the end of it while a core is free.
func TestLongBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(slow{}, Options{Workers: 2})
		step := func() {
			if _, err := m.Step(t.Context(), m.New(), nil, []Float{1}); err != nil {
				t.Error(err)
			}
		}
		step()
		began := time.Now()
		var wg sync.WaitGroup
		wg.Go(step)
		synctest.Wait()
		wg.Go(step)
		wg.Wait()
		if took := time.Since(began); took > time.Second {
			t.Errorf("two steps take %v on two cores", took)
		}
	})
}

func TestSavedSession(t *testing.T) {
	m := New(sum{start: 5}, Options{})
	s := m.New()
	for x := range 3 {
		if _, err := m.Step(t.Context(), s, nil, []Float{Float(x)}); err != nil {
			t.Fatal(err)
		}
	}
	b, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	c := s.Clone()
	u := m.New()
	if err := u.UnmarshalBinary(b); err != nil || u.Steps() != 3 {
		t.Fatal(err, u.Steps())
	}
	s.Reset()
	for s, want := range map[*Session]Float{s: 6, c: 9, u: 9} {
		if y, err := m.Step(t.Context(), s, nil, []Float{1}); err != nil || y[0] != want {
			t.Errorf("%v (%v), want %v", y, err, want)
		}
	}
	before := u.floats[0]
	if err := u.UnmarshalBinary(b[:len(b)-1]); !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
	other := New(sum{id: 1}, Options{})
	if err := other.New().UnmarshalBinary(b); !errors.Is(err, ErrModel) {
		t.Error(err)
	}
	if _, err := other.Step(t.Context(), s, nil, []Float{1}); !errors.Is(err, ErrModel) {
		t.Error(err)
	}
	if u.floats[0] != before || u.Steps() != 4 {
		t.Error("a refused session has changed")
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	if invariants.Enabled || race.Enabled {
		t.Skip("counts allocations of the usual build")
	}
	m := New(sum{}, Options{})
	s, x, y := m.New(), []Float{1}, make([]Float, 1)
	if n := testing.AllocsPerRun(100, func() {
		y, _ = m.Step(t.Context(), s, y, x)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestOnBatch(t *testing.T) {
	rows := 0
	m := New(sum{}, Options{OnBatch: func(b Batch) { rows += b.Rows }})
	steps := make([]Step, 5)
	for i := range steps {
		steps[i] = Step{Session: m.New(), X: []Float{1}}
	}
	if err := m.StepAll(t.Context(), steps); err != nil || rows != 5 {
		t.Errorf("%d rows (%v)", rows, err)
	}
}

func BenchmarkStep(b *testing.B) {
	for _, callers := range []int{1, 16, 128} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			m := New(sum{}, Options{})
			var wg sync.WaitGroup
			for i := range callers {
				n := b.N / callers
				if i == 0 {
					n += b.N % callers
				}
				wg.Go(func() {
					s, x := m.New(), []Float{1}
					var y []Float
					for range n {
						y, _ = m.Step(b.Context(), s, y, x)
					}
				})
			}
			wg.Wait()
		})
	}
}
