package session

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
)

// shelf is a Store whose operations fail when told to.
type shelf struct {
	mu      sync.Mutex
	records map[string]Record
	fail    error
	saves   int
	slow    chan struct{} // what Save waits for; nil for nothing
}

func newShelf() *shelf { return &shelf{records: map[string]Record{}} }

func (s *shelf) failing(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saves
}

func (s *shelf) Load(_ context.Context, id string) (Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.records[id]
	if !ok {
		return r, ErrNotFound
	}
	return r, nil
}

func (s *shelf) Save(_ context.Context, records []Record) error {
	if s.slow != nil {
		<-s.slow
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	for _, r := range records {
		r.Blob = slices.Clone(r.Blob)
		s.records[r.ID] = r
		s.saves++
	}
	return nil
}

func (s *shelf) Delete(_ context.Context, ids ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	for _, id := range ids {
		delete(s.records, id)
	}
	return nil
}

func (s *shelf) All(_ context.Context, after string) iter.Seq2[Record, error] {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := maps.Clone(s.records)
	return func(yield func(Record, error) bool) {
		for _, id := range slices.Sorted(maps.Keys(all)) {
			if id > after && !yield(Record{ID: id, Used: all[id].Used}, nil) {
				return
			}
		}
	}
}

// step steps a session by 1 and returns the answer, -1 after an error.
func step(t *testing.T, tab *Table, id string, n uint64) (Float, error) {
	t.Helper()
	y, err := tab.Step(t.Context(), id, n, nil, []Float{1})
	if err != nil {
		return -1, err
	}
	return y[0], nil
}

// wants steps a session and checks the answer.
func wants(t *testing.T, tab *Table, id string, n uint64, want Float) {
	t.Helper()
	if y, err := step(t, tab, id, n); err != nil || y != want {
		t.Errorf("step %d of %s: %v (%v), want %v", n, id, y, err, want)
	}
}

func TestNumberedSteps(t *testing.T) {
	tab := NewTable(New(sum{}, Options{}), TableOptions{})
	defer tab.Close(t.Context())
	var gap *StepError
	if _, err := step(t, tab, "a", 2); !errors.As(err, &gap) || gap.Have != 0 || tab.Len() != 0 {
		t.Errorf("a gap at the start: %v, %d sessions", err, tab.Len())
	}
	wants(t, tab, "a", 1, 1)
	wants(t, tab, "a", 1, 1)
	wants(t, tab, "a", 2, 2)
	wants(t, tab, "a", 2, 2)
	for _, n := range []uint64{1, 4, 1<<64 - 1} {
		if _, err := step(t, tab, "a", n); !errors.As(err, &gap) || gap.Have != 2 || gap.Got != n {
			t.Errorf("step %d: %v", n, err)
		}
	}
	wants(t, tab, "a", 0, 3)
	wants(t, tab, "a", 3, 3)
	wants(t, tab, "a", 4, 4)
}

func TestStartExistEnd(t *testing.T) {
	for _, store := range []Store{nil, newShelf()} {
		tab := NewTable(New(sum{}, Options{}), TableOptions{Store: store})
		do := func(want Float, c Call) {
			t.Helper()
			c.ID, c.X = "a", []Float{1}
			if err := tab.Do(t.Context(), &c); want < 0 != errors.Is(err, ErrNotFound) || want >= 0 && (err != nil || c.Y[0] != want) {
				t.Errorf("%v (%v), want %v", c.Y, err, want)
			}
		}
		do(-1, Call{Exist: true})
		do(1, Call{Exist: true, Start: true})
		do(2, Call{Exist: true})
		do(1, Call{Start: true, Number: 1})
		do(1, Call{Start: true, Number: 1}) // the same again
		do(2, Call{Number: 2, End: true})
		do(-1, Call{Exist: true})
		do(1, Call{})
		do(2, Call{Exist: true})
		do(1, Call{Start: true, End: true})
		if tab.Len() != 0 {
			t.Errorf("%d sessions are left", tab.Len())
		}
		if s, ok := store.(*shelf); ok && len(s.records) > 0 {
			t.Errorf("the store has %v", s.records)
		}
		tab.Close(t.Context())
	}
}

// A step that was to make a session and is cancelled leaves none to the calls behind it.
func TestCallsBehindACancelledStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := gated(Options{Workers: 1})
		tab := NewTable(m, TableOptions{})
		defer tab.Close(t.Context())
		go tab.Step(t.Context(), "busy", 0, nil, []Float{1})
		<-r.began
		ctx, cancel := context.WithCancel(t.Context())
		start, next := make(chan error), make(chan error)
		go func() { start <- tab.Do(ctx, &Call{ID: "a", Start: true, X: []Float{1}}) }()
		synctest.Wait()
		go func() { next <- tab.Do(t.Context(), &Call{ID: "a", Exist: true, X: []Float{1}}) }()
		synctest.Wait()
		cancel()
		if err := <-start; !errors.Is(err, context.Canceled) {
			t.Errorf("the cancelled step ended with %v", err)
		}
		go func() {
			for range r.began {
			}
		}()
		close(r.gate)
		if err := <-next; !errors.Is(err, ErrNotFound) {
			t.Errorf("the step behind it ended with %v", err)
		}
		synctest.Wait()
		close(r.began)
		if tab.Len() != 1 {
			t.Errorf("there are %d sessions", tab.Len())
		}
	})
}

// A sluggish store loads when it is let.
type sluggish struct {
	*shelf
	loads chan struct{}
}

func (s sluggish) Load(ctx context.Context, id string) (Record, error) {
	select {
	case <-s.loads:
		return s.shelf.Load(ctx, id)
	case <-ctx.Done():
		return Record{}, ctx.Err()
	}
}

// A session that is loaded for a call whose context ends meanwhile is there for the calls behind it.
func TestCallsBehindACancelledLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		tab := NewTable(New(sum{}, Options{}), TableOptions{Store: store})
		if _, err := tab.Step(t.Context(), "a", 0, nil, []Float{1}); err != nil {
			t.Fatal(err)
		}
		tab.Close(t.Context())
		slow := sluggish{store, make(chan struct{})}
		tab = NewTable(New(sum{}, Options{}), TableOptions{Store: slow})
		defer tab.Close(t.Context())
		ctx, cancel := context.WithCancel(t.Context())
		first, next := make(chan error), make(chan *Call)
		go func() { first <- tab.Do(ctx, &Call{ID: "a", X: []Float{1}, Number: 2}) }()
		synctest.Wait()
		go func() {
			c := &Call{ID: "a", X: []Float{1}, Number: 2}
			tab.Do(t.Context(), c)
			next <- c
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(slow.loads)
		if err := <-first; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the cancelled step ended with %v", err)
		}
		if c := <-next; c.Err != nil || c.Steps != 2 || c.Y[0] != 2 {
			t.Errorf("the step behind it gave %v after %d steps (%v)", c.Y, c.Steps, c.Err)
		}
	})
}

// Calls behind one that ends the session find that it has ended, in their order.
func TestCallsBehindAnEnd(t *testing.T) {
	for _, store := range []Store{nil, newShelf()} {
		tab := NewTable(New(sum{}, Options{}), TableOptions{Store: store})
		var mu sync.Mutex
		got := map[int]string{}
		var wg sync.WaitGroup
		var calls []*Call
		for i, c := range []*Call{{Start: true}, {End: true}, {Exist: true}, {Start: true}, {End: true}, {}} {
			wg.Add(1)
			c.ID, c.X = "a", []Float{1}
			c.Done = func(c *Call) {
				mu.Lock()
				got[i] = fmt.Sprint(c.Y, " ", c.Err)
				mu.Unlock()
				wg.Done()
			}
			calls = append(calls, c)
		}
		tab.Go(t.Context(), calls...)
		wg.Wait()
		for i, want := range []string{"[1] <nil>", "[2] <nil>", "[] " + ErrNotFound.Error(), "[1] <nil>", "[2] <nil>", "[1] <nil>"} {
			if got[i] != want {
				t.Errorf("call %d: %s, want %s", i, got[i], want)
			}
		}
		tab.Close(t.Context())
	}
}

func TestNames(t *testing.T) {
	tab := NewTable(New(sum{}, Options{}), TableOptions{})
	defer tab.Close(t.Context())
	for _, id := range []string{"", string(make([]byte, 257))} {
		if _, err := step(t, tab, id, 0); err == nil {
			t.Errorf("%d bytes of a name are taken", len(id))
		}
	}
	wants(t, tab, string(make([]byte, 256)), 0, 1)
}

func TestTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended []string
		tab := NewTable(New(sum{}, Options{}), TableOptions{TTL: time.Minute, OnEnd: func(id string, why End) { ended = append(ended, id+" "+why.String()) }})
		wants(t, tab, "a", 0, 1)
		wants(t, tab, "b", 0, 1)
		time.Sleep(50 * time.Second)
		wants(t, tab, "a", 0, 2)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if !slices.Equal(ended, []string{"b expired"}) || tab.Len() != 1 {
			t.Errorf("ended %v, %d left", ended, tab.Len())
		}
		wants(t, tab, "b", 0, 1)
		if _, err := tab.Info(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute) // at the very moment, before the table looks by itself
		if err := tab.Do(t.Context(), &Call{ID: "a", Exist: true, X: []Float{1}}); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		tab.Close(t.Context())
	})
}

// A session in use does not expire, however long it takes.
func TestTTLSparesWhatIsInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := gated(Options{})
		tab := NewTable(m, TableOptions{TTL: time.Second})
		go func() {
			<-r.began
			time.Sleep(time.Hour)
			r.gate <- struct{}{}
		}()
		wants(t, tab, "a", 0, 1)
		if tab.Len() != 1 {
			t.Error("the session has expired during its step")
		}
		tab.Close(t.Context())
	})
}

func TestClockJumps(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tab := NewTable(New(sum{}, Options{}), TableOptions{TTL: time.Hour, Now: func() time.Time { return now }})
	defer tab.Close(t.Context())
	wants(t, tab, "a", 1, 1)
	now = now.Add(-24 * time.Hour)
	wants(t, tab, "a", 2, 2)
	now = now.Add(59 * time.Minute)
	wants(t, tab, "a", 3, 3)
	now = now.Add(time.Hour)
	if n := tab.Expire(); n != 1 {
		t.Errorf("%d have expired", n)
	}
}

func TestMax(t *testing.T) {
	tab := NewTable(New(sum{}, Options{}), TableOptions{Max: 2})
	defer tab.Close(t.Context())
	wants(t, tab, "a", 0, 1)
	wants(t, tab, "b", 0, 1)
	if _, err := step(t, tab, "c", 0); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	wants(t, tab, "a", 0, 2)
	if err := tab.Delete(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	wants(t, tab, "c", 0, 1)
}

func TestPutAway(t *testing.T) {
	store, away := newShelf(), 0
	tab := NewTable(New(sum{}, Options{}), TableOptions{Max: 10, Store: store, OnEnd: func(_ string, why End) {
		if why == PutAway {
			away++
		}
	}})
	for round := range 3 {
		for i := range 50 {
			wants(t, tab, fmt.Sprint(i), uint64(round+1), Float(round+1))
			if tab.Len() > 10 {
				t.Fatalf("%d sessions are in memory", tab.Len())
			}
		}
	}
	if away < 140 {
		t.Errorf("%d were put away", away)
	}
	store.failing(errors.New("the disk is full"))
	if _, err := step(t, tab, "new", 0); !errors.Is(err, store.fail) || !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	store.failing(nil)
	if err := tab.Close(t.Context()); err != nil || len(store.records) != 50 {
		t.Errorf("the store has %d sessions (%v)", len(store.records), err)
	}
}

func TestSaveEach(t *testing.T) {
	store := newShelf()
	o := TableOptions{Store: store, Save: SaveEach}
	tab := NewTable(New(sum{}, Options{}), o)
	wants(t, tab, "a", 1, 1)
	wants(t, tab, "a", 2, 2)
	store.failing(errors.New("the disk is full"))
	var s *SaveError
	if _, err := step(t, tab, "a", 3); !errors.As(err, &s) || !errors.Is(err, store.fail) {
		t.Error(err)
	}
	store.failing(nil)
	wants(t, tab, "a", 3, 3)

	again := NewTable(New(sum{}, Options{}), o) // as after a kill
	wants(t, again, "a", 3, 3)
	wants(t, again, "a", 4, 4)
	again.Close(t.Context())
	tab.Close(t.Context())
}

func TestSaveBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		var failed error
		o := TableOptions{Store: store, Save: SaveBehind, After: time.Second, Steps: 5, OnError: func(err error) { failed = err }}
		tab := NewTable(New(sum{}, Options{}), o)
		wants(t, tab, "a", 1, 1)
		synctest.Wait()
		if store.count() != 0 {
			t.Errorf("%d saves at once", store.count())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if store.count() != 1 {
			t.Errorf("%d saves after a second", store.count())
		}
		for n := range 4 {
			wants(t, tab, "a", uint64(n+2), Float(n+2))
		}
		synctest.Wait()
		if store.count() != 2 {
			t.Errorf("%d saves after 5 steps", store.count())
		}
		store.failing(errors.New("the disk is full"))
		wants(t, tab, "a", 6, 6)
		time.Sleep(time.Second)
		synctest.Wait()
		if failed != store.fail {
			t.Errorf("%v is reported", failed)
		}
		store.failing(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		again := NewTable(New(sum{}, Options{}), o)
		wants(t, again, "a", 7, 7)
		again.Close(t.Context())
		tab.Close(t.Context())
	})
}

// What is saved late does not undo what was saved, or deleted, meanwhile.
func TestSaveBehindIsNeverStale(t *testing.T) {
	store, ctx := newShelf(), t.Context()
	tab := NewTable(New(sum{}, Options{}), TableOptions{Store: store})
	defer tab.Close(ctx)
	var w writer
	for _, id := range []string{"reset", "deleted", "ended"} {
		wants(t, tab, id, 1, 1)
		e, err := tab.open(ctx, id, get, tab.now())
		if err != nil {
			t.Fatal(err)
		}
		m, _ := e.hold()
		w.addEntry(tab, e, m)
		m.release(&e.Session)
	}
	for _, err := range []error{tab.Reset(ctx, "reset"), tab.Delete(ctx, "deleted"), tab.Do(ctx, &Call{ID: "ended", End: true, X: []Float{1}})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.save(ctx, store); err != nil || len(store.records) != 1 {
		t.Fatalf("the store has %d records (%v)", len(store.records), err)
	}
	again := NewTable(New(sum{}, Options{}), TableOptions{Store: store})
	defer again.Close(ctx)
	wants(t, again, "reset", 1, 1)
}

func TestClose(t *testing.T) {
	store := newShelf()
	tab := NewTable(New(sum{}, Options{}), TableOptions{Store: store})
	for i := range 2000 {
		wants(t, tab, fmt.Sprint(i), 1, 1)
	}
	if err := tab.Close(t.Context()); err != nil || len(store.records) != 2000 || tab.Len() != 0 {
		t.Errorf("%v; %d are saved, %d left", err, len(store.records), tab.Len())
	}
	if _, err := step(t, tab, "1", 0); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := tab.Close(t.Context()); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	again := NewTable(New(sum{}, Options{}), TableOptions{Store: store})
	wants(t, again, "7", 2, 2)
}

// A wide runner sums, and has a megabyte of state.
type wide struct{}

func (wide) In() int           { return 1 }
func (wide) Out() int          { return 1 }
func (wide) StateSizes() []int { return []int{1 << 20 / int(unsafe.Sizeof(Float(0)))} }
func (wide) ID() [32]byte      { return [32]byte{'w'} }
func (wide) Step(_ context.Context, rows int, x, y []Float, states [][]Float) error {
	width := len(states[0]) / rows
	for i := range rows {
		states[0][i*width] += x[i]
		y[i] = states[0][i*width]
	}
	return nil
}

// calls is a shelf that notes how many records it is given at once.
type calls struct {
	*shelf
	records []int
}

func (c *calls) Save(ctx context.Context, records []Record) error {
	c.mu.Lock()
	c.records = append(c.records, len(records))
	c.mu.Unlock()
	return c.shelf.Save(ctx, records)
}

// What is saved at once is bounded by its bytes, so that small sessions need one call of the store
// and large ones little memory.
func TestSavesByBytes(t *testing.T) {
	for _, c := range []struct {
		r           Runner
		policy      Policy
		n           int
		least, most int
	}{{sum{}, SaveAtClose, 2000, 1, 1}, {wide{}, SaveAtClose, 12, 3, 4}, {sum{}, SaveBehind, 2000, 1, 1}, {wide{}, SaveBehind, 12, 3, 4}} {
		synctest.Test(t, func(t *testing.T) {
			store := &calls{shelf: newShelf()}
			tab := NewTable(New(c.r, Options{}), TableOptions{Store: store, Save: c.policy, After: time.Second})
			for i := range c.n {
				wants(t, tab, fmt.Sprint(i), 1, 1)
			}
			if c.policy == SaveBehind {
				time.Sleep(1500 * time.Millisecond)
			}
			if err := tab.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if n := len(store.records); n < c.least || n > c.most || len(store.shelf.records) != c.n {
				t.Errorf("%T, policy %d: %d are saved, by %v", c.r, c.policy, len(store.shelf.records), store.records)
			}
		})
	}
}

func TestMoves(t *testing.T) {
	for _, store := range []Store{nil, newShelf()} {
		ctx := t.Context()
		tab := NewTable(New(sum{}, Options{}), TableOptions{Store: store})
		wants(t, tab, "a", 1, 1)
		wants(t, tab, "a", 2, 2)
		b, err := tab.Export(ctx, "a")
		if err != nil {
			t.Fatal(err)
		}
		if err := tab.Fork(ctx, "a", "b"); err != nil {
			t.Fatal(err)
		}
		wants(t, tab, "b", 2, 2) // the last answer goes with it
		wants(t, tab, "b", 3, 3)
		wants(t, tab, "a", 3, 3)
		if err := tab.Import(ctx, "c", b); err != nil {
			t.Fatal(err)
		}
		if err := tab.Import(ctx, "b", b); err != nil {
			t.Fatal(err)
		}
		wants(t, tab, "c", 3, 3)
		wants(t, tab, "b", 3, 3)
		if err := tab.Reset(ctx, "c"); err != nil {
			t.Fatal(err)
		}
		wants(t, tab, "c", 1, 1)
		if err := tab.Create(ctx, "d"); err != nil {
			t.Fatal(err)
		}
		if err := tab.Do(ctx, &Call{ID: "d", Exist: true, X: []Float{1}}); err != nil {
			t.Error(err)
		}
		var names []string
		for info, err := range tab.All(ctx, "a") {
			names = append(names, info.ID)
			if err != nil || info.Steps == 0 || !info.Memory {
				t.Errorf("%+v (%v)", info, err)
			}
		}
		if !slices.Equal(names, []string{"b", "c", "d"}) {
			t.Errorf("names %v", names)
		}
		for _, c := range []struct {
			err, want error
		}{
			{tab.Create(ctx, "a"), ErrExists},
			{tab.Fork(ctx, "a", "b"), ErrExists},
			{tab.Fork(ctx, "none", "e"), ErrNotFound},
			{tab.Reset(ctx, "none"), ErrNotFound},
			{tab.Delete(ctx, "none"), ErrNotFound},
			{tab.Import(ctx, "e", b[:9]), ErrCorrupt},
			{tab.Import(ctx, "e", blobOf(t, New(sum{id: 3}, Options{}))), ErrModel},
			{tab.Delete(ctx, "a"), nil},
			{tab.Delete(ctx, "a"), ErrNotFound},
		} {
			if !errors.Is(c.err, c.want) {
				t.Errorf("%v, want %v", c.err, c.want)
			}
		}
		if tab.Len() != 3 {
			t.Errorf("%d sessions", tab.Len())
		}
		tab.Close(ctx)
	}
}

// Forks in a circle, of sessions without a step, do not wait for one another.
func TestForksInACircle(t *testing.T) {
	tab := NewTable(New(sum{}, Options{}), TableOptions{})
	defer tab.Close(t.Context())
	for _, id := range []string{"a", "b"} {
		if err := tab.Create(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for _, c := range [][2]string{{"a", "b"}, {"b", "a"}, {"a", "a"}} {
		wg.Go(func() {
			for range 200 {
				if err := tab.Fork(t.Context(), c[0], c[1]); !errors.Is(err, ErrExists) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func blobOf(t *testing.T, m *Model) []byte {
	t.Helper()
	b, err := m.New().MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A record that cannot be read is an error until the session is deleted or started anew.
func TestLostState(t *testing.T) {
	store := newShelf()
	good := blobOf(t, New(sum{}, Options{}))
	good[50] ^= 1
	for _, id := range []string{"a", "b"} {
		store.records[id] = Record{id, time.Now(), good}
	}
	tab := NewTable(New(sum{}, Options{}), TableOptions{Store: store})
	defer tab.Close(t.Context())
	for range 2 {
		if _, err := step(t, tab, "a", 0); !errors.Is(err, ErrStateLost) {
			t.Errorf("%v, want %v", err, ErrStateLost)
		}
	}
	if err := tab.Delete(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	wants(t, tab, "a", 0, 1)
	if err := tab.Do(t.Context(), &Call{ID: "b", Start: true, X: []Float{1}}); err != nil {
		t.Error(err)
	}
	wants(t, tab, "b", 0, 2)
}

func TestSwap(t *testing.T) {
	tab := NewTable(New(sum{}, Options{}), TableOptions{})
	defer tab.Close(t.Context())
	wants(t, tab, "a", 0, 1)
	if err := tab.Swap(New(sum{id: 1}, Options{})); !errors.Is(err, ErrModel) {
		t.Error(err)
	}
	batches := 0
	next := New(sum{start: 10}, Options{OnBatch: func(Batch) { batches++ }})
	if err := tab.Swap(next); err != nil {
		t.Fatal(err)
	}
	wants(t, tab, "a", 0, 2)
	wants(t, tab, "b", 0, 11)
	if batches != 2 || tab.Model() != next {
		t.Errorf("the new model has stepped %d times", batches)
	}
}

// Many clients do all there is to do at random; each knows what its sessions hold.
func TestTableStress(t *testing.T) {
	for _, o := range []TableOptions{
		{},
		{Max: 30, Store: newShelf()},
		{Max: 30, Store: newShelf(), Save: SaveEach},
		{Max: 30, Store: newShelf(), Save: SaveBehind, After: time.Millisecond, Steps: 3},
	} {
		t.Run(fmt.Sprint(o.Save, o.Max), func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			tab := NewTable(New(sum{}, Options{MaxBatch: 4}), o)
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() { stress(t, tab, rand.New(rand.NewPCG(seed, uint64(i))), fmt.Sprint(i)) })
			}
			swapped := make(chan struct{})
			go func() {
				defer close(swapped)
				for range 20 {
					if err := tab.Swap(New(sum{}, Options{MaxBatch: 4})); err != nil {
						t.Error(err)
					}
					time.Sleep(time.Millisecond)
				}
			}()
			wg.Wait()
			<-swapped
			if err := tab.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func stress(t *testing.T, tab *Table, r *rand.Rand, name string) {
	ctx := t.Context()
	type known struct {
		sum   Float
		steps uint64
	}
	have := map[string]known{}
	for range 1500 {
		id := fmt.Sprintf("%s/%d", name, r.IntN(6))
		k, ok := have[id]
		x := Float(r.IntN(9) + 1)
		var err error
		switch r.IntN(12) {
		case 0:
			if err = tab.Delete(ctx, id); ok != (err == nil) {
				t.Errorf("delete: %v", err)
			}
			delete(have, id)
		case 1:
			to := fmt.Sprintf("%s/%d", name, r.IntN(6))
			_, taken := have[to]
			if err = tab.Fork(ctx, id, to); ok && !taken {
				have[to] = k
				if err != nil {
					t.Errorf("fork: %v", err)
				}
			} else if err == nil {
				t.Errorf("fork of %v to %v was done", ok, taken)
			}
		case 2:
			b, err := tab.Export(ctx, id)
			if ok != (err == nil) {
				t.Errorf("export: %v", err)
			}
			if err == nil {
				if err := tab.Import(ctx, id+"'", b); err != nil {
					t.Errorf("import: %v", err)
				}
				have[id+"'"] = k
			}
		case 3:
			c := &Call{ID: id, X: []Float{x}, Start: true}
			if err := tab.Do(ctx, c); err != nil || c.Y[0] != x {
				t.Errorf("start: %v %v, want %v", c.Y, err, x)
			}
			have[id] = known{x, 1}
		case 4:
			c := &Call{ID: id, X: []Float{x}, Exist: true, End: true}
			if err := tab.Do(ctx, c); ok != (err == nil) || ok && c.Y[0] != k.sum+x {
				t.Errorf("end: %v %v", c.Y, err)
			}
			delete(have, id)
		case 5:
			short, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(30))*time.Microsecond)
			y, err := tab.Step(short, id, k.steps+1, nil, []Float{x})
			cancel()
			if err == nil {
				if y[0] != k.sum+x {
					t.Errorf("%v, want %v", y, k.sum+x)
				}
				have[id] = known{k.sum + x, k.steps + 1}
			} else if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			} else if !ok {
				tab.Delete(ctx, id) // it may have been made
			}
		default:
			y, err := tab.Step(ctx, id, k.steps+1, nil, []Float{x})
			if err != nil || y[0] != k.sum+x {
				t.Errorf("%s step %d: %v %v, want %v", id, k.steps+1, y, err, k.sum+x)
				return
			}
			have[id] = known{k.sum + x, k.steps + 1}
			if y, err := tab.Step(ctx, id, k.steps+1, nil, []Float{100}); err != nil || y[0] != k.sum+x {
				t.Errorf("%s step %d again: %v %v, want %v", id, k.steps+1, y, err, k.sum+x)
			}
		}
	}
}
