package session

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A timed is something asked of the session "a" of sums at a time, and what came of it.
type timed struct {
	at   time.Duration // since the session was made
	op   string        // step, start, end, exist, export, delete; expire and stored ask the table
	n    uint64
	err  string
	y    Float
	step uint64
}

func (o *timed) do(tab *Table) {
	ctx := context.Background()
	var err error
	switch o.op {
	case "expire":
		tab.Expire()
	case "stored":
		err = tab.expireStored()
	case "export":
		var b []byte
		if b, err = tab.Export(ctx, "a"); err == nil {
			s := tab.Model().New()
			err = s.UnmarshalBinary(b)
			o.y, o.step = s.floats[0], s.Steps()
		}
	case "delete":
		err = tab.Delete(ctx, "a")
	default:
		c := &Call{ID: "a", Number: o.n, X: []Float{1}, Start: o.op == "start", End: o.op == "end", Exist: o.op != "step" && o.op != "start"}
		if err = tab.Do(ctx, c); err == nil {
			o.y, o.step = c.Y[0], c.Steps
		}
	}
	var step *StepError
	switch {
	case errors.Is(err, ErrNotFound):
		o.err = "none"
	case errors.As(err, &step):
		o.err = fmt.Sprintf("has done %d", step.Have)
	case err != nil:
		o.err = err.Error()
	}
}

// A mortal is a session with a time to live as it has to be: it is there until nobody has asked
// for it for that long, and not a moment longer.
type mortal struct {
	there   bool
	steps   uint64 // and the sum
	used    time.Duration
	expired int
}

const mortalTTL = time.Second

// passes ends it if its time is over.
func (m *mortal) passes(at time.Duration) {
	if m.there && at-m.used >= mortalTTL {
		m.there = false
		m.expired++
	}
}

// explains reports whether a session that is asked in this order answers so.
func (m *mortal) explains(o timed) bool {
	if o.op == "expire" || o.op == "stored" {
		return o.err == ""
	}
	m.passes(o.at)
	want := timed{at: o.at, op: o.op, n: o.n}
	if !m.there {
		m.steps = 0
	}
	switch {
	case !m.there && o.op != "start" && (o.op != "step" || o.n > 1):
		if want.err = "none"; o.op == "step" {
			want.err = "has done 0"
		}
		return o == want
	case o.op == "export":
	case o.op == "delete":
		m.there = false
		return o == want
	default:
		if o.op == "start" {
			m.steps = 0
		}
		switch m.there = true; o.n {
		case 0, m.steps + 1:
			m.steps++
			m.there = o.op != "end"
		case m.steps:
		default:
			want.err = fmt.Sprintf("has done %d", m.steps)
		}
	}
	m.used = o.at
	if want.err == "" {
		want.step, want.y = m.steps, Float(m.steps)
	}
	return o == want
}

// explained reports whether there is an order of what was asked at the same time by which a
// session answers so and expires so often.
func explained(m mortal, asked []timed, expired int) bool {
	if len(asked) == 0 {
		m.passes(time.Hour)
		return m.expired == expired
	}
	for i, o := range asked {
		if o.at > asked[0].at {
			break
		}
		if next := m; next.explains(o) && explained(next, slices.Delete(slices.Clone(asked), i, i+1), expired) {
			return true
		}
	}
	return false
}

// A nap is a sum that takes its time.
type nap struct {
	sum
	time *atomic.Int64
}

func (r nap) Step(ctx context.Context, rows int, x, y []Float, states [][]Float) error {
	if d := r.time.Load(); d > 0 {
		time.Sleep(time.Duration(d))
	}
	return r.sum.Step(ctx, rows, x, y, states)
}

// Requests, the table's own look at the clock and Expire meet at the moment at which a session
// expires, and one before and after it. Each request finds all of the session or nothing of
// it, and nobody ends one that is in use. RECUR_TTL_TRIALS sets how often it is tried.
func TestTTLRaces(t *testing.T) {
	trials := 4000
	if n, err := strconv.Atoi(os.Getenv("RECUR_TTL_TRIALS")); err == nil {
		trials = n
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for first := 0; first < trials && !t.Failed(); first += 500 {
		synctest.Test(t, func(t *testing.T) {
			o := TableOptions{TTL: mortalTTL}
			switch first / 500 % 3 {
			case 1:
				o.Store, o.Save = newShelf(), SaveEach
			case 2:
				o.Store, o.Save, o.After = newShelf(), SaveBehind, mortalTTL/4
			}
			var expired atomic.Int64
			o.OnEnd = func(string, End) { expired.Add(1) }
			r := nap{sum{}, new(atomic.Int64)}
			tab := NewTable(New(r, Options{}), o)
			for i := first; i < min(first+500, trials) && !t.Failed(); i++ {
				c := rand.New(rand.NewPCG(seed, uint64(i)))
				expired.Store(0)
				if i%8 == 7 {
					longSteps(t, c, tab, r.time)
				} else {
					ttlRace(t, c, tab, &expired)
				}
			}
			if err := tab.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

func ttlRace(t *testing.T, r *rand.Rand, tab *Table, expired *atomic.Int64) {
	asked := []timed{{op: "step"}}
	for range r.IntN(5) + 2 {
		o := timed{op: []string{"step", "step", "step", "exist", "start", "end", "export", "delete", "expire", "expire", "stored"}[r.IntN(11)]}
		if o.op == "step" || o.op == "exist" {
			o.n = uint64(r.IntN(4))
		}
		o.at = time.Duration(1+r.IntN(4)/3)*mortalTTL + time.Duration(r.IntN(3)-1)
		asked = append(asked, o)
	}
	var all sync.WaitGroup
	for i := range asked {
		all.Go(func() {
			time.Sleep(asked[i].at)
			asked[i].do(tab)
		})
	}
	all.Wait()
	time.Sleep(4*mortalTTL - asked[0].at) // so that the next begins at a moment when the table looks
	time.Sleep(mortalTTL - time.Duration(time.Now().UnixNano()%int64(mortalTTL)))
	synctest.Wait()
	slices.SortStableFunc(asked, func(a, b timed) int { return int(a.at - b.at) })
	if !explained(mortal{}, asked, int(expired.Load())) {
		t.Errorf("expired %d times, and no order explains these: %+v", expired.Load(), asked)
	}
}

// longSteps has steps wait for one that takes longer than the session may live unused.
func longSteps(t *testing.T, r *rand.Rand, tab *Table, takes *atomic.Int64) {
	ctx := context.Background()
	wants(t, tab, "a", 1, 1)
	long := mortalTTL/2 + time.Duration(r.Int64N(int64(2*mortalTTL)))
	takes.Store(int64(long))
	n := r.IntN(3) + 1
	got := make([]Float, n)
	var all sync.WaitGroup
	for i := range n {
		from := mortalTTL - 1
		if i > 0 {
			from += time.Duration(r.Int64N(int64(long)))
		}
		all.Go(func() {
			time.Sleep(from)
			y, err := step(t, tab, "a", 0)
			if err != nil {
				t.Error(err)
			}
			got[i] = y
		})
		for _, at := range []time.Duration{mortalTTL + time.Duration(r.IntN(3)-1), mortalTTL - 1 + time.Duration(i+1)*long} { // the second is when a step ends
			all.Go(func() {
				time.Sleep(at)
				tab.Expire()
			})
		}
	}
	all.Wait()
	takes.Store(0)
	slices.Sort(got)
	for i, y := range got {
		if y != Float(i+2) {
			t.Fatalf("steps of %v that wait for one another are answered %v", long, got)
		}
	}
	time.Sleep(mortalTTL - 1)
	wants(t, tab, "a", 0, Float(n+2))
	time.Sleep(mortalTTL)
	if _, err := tab.Export(ctx, "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("it is there after its time: %v", err)
	}
	time.Sleep(mortalTTL - time.Duration(time.Now().UnixNano()%int64(mortalTTL)))
}

// A lister is a shelf that calls a function when all records were listed.
type lister struct {
	*shelf
	listed func()
}

func (l *lister) All(ctx context.Context, after string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for r, err := range l.shelf.All(ctx, after) {
			if !yield(r, err) {
				return
			}
		}
		l.listed()
	}
}

// A session that is begun anew while the records of those that have expired are looked for
// keeps its record, though it is out of memory again by then.
func TestExpiredRecordThatIsNewAgain(t *testing.T) {
	now := time.Unix(0, 0)
	store := &lister{shelf: newShelf()}
	tab := NewTable(New(sum{}, Options{}), TableOptions{TTL: time.Hour, Store: store, Save: SaveEach, Max: 1, Now: func() time.Time { return now }})
	wants(t, tab, "a", 1, 1)
	wants(t, tab, "old", 1, 1)
	now = now.Add(time.Hour)
	store.listed = func() {
		wants(t, tab, "a", 1, 1)
		wants(t, tab, "b", 1, 1) // puts a away
	}
	if err := tab.expireStored(); err != nil {
		t.Error(err)
	}
	wants(t, tab, "a", 2, 2)
	if _, err := store.Load(t.Context(), "old"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the record of a session that has expired is there: %v", err)
	}
	if err := tab.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// What uses a session without changing it counts too, when it is put away and when the table is
// closed: it expires by its last use.
func TestUseCountsAfterPuttingAway(t *testing.T) {
	now := time.Unix(1000, 0)
	o := TableOptions{TTL: time.Hour, Store: newShelf(), Save: SaveEach, Max: 1, Now: func() time.Time { return now }}
	tab := NewTable(New(sum{}, Options{}), o)
	wants(t, tab, "a", 1, 1)
	now = now.Add(50 * time.Minute)
	wants(t, tab, "a", 1, 1)
	wants(t, tab, "b", 1, 1) // puts a away
	now = now.Add(50 * time.Minute)
	if _, err := tab.Export(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if err := tab.Close(t.Context()); err != nil {
		t.Error(err)
	}
	now = now.Add(50 * time.Minute)
	tab = NewTable(New(sum{}, Options{}), o)
	wants(t, tab, "a", 2, 2)
	if err := tab.Delete(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	now = now.Add(10 * time.Minute)
	wants(t, tab, "b", 1, 1) // it has expired, and is begun anew
	if err := tab.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := o.Store.Load(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted session is saved: %v", err)
	}
}
