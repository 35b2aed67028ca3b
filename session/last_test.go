package session

import (
	"errors"
	"fmt"
	"testing"
)

// The step that ended a session can be repeated, with and without a store; one without a number
// cannot be told from a step of another session.
func TestEndIsSafeToRepeat(t *testing.T) {
	for _, store := range []Store{nil, newShelf()} {
		tab := NewTable(New(sum{}, Options{}), TableOptions{Store: store})
		do := func(want string, c Call) {
			t.Helper()
			c.ID, c.X = "a", []Float{1}
			tab.Do(t.Context(), &c)
			got := fmt.Sprint(c.Y, c.Steps, c.Ended)
			if c.Err != nil {
				got = c.Err.Error()
			}
			if got != want {
				t.Errorf("%+v: %s, want %s", c, got, want)
			}
		}
		do("[1] 1 false", Call{Number: 1})
		do("[2] 2 true", Call{Number: 2, End: true})
		for range 2 {
			do("[2] 2 false", Call{Number: 2, End: true})
			do("[2] 2 false", Call{Number: 2, End: true, Exist: true})
		}
		do((&StepError{0, 2}).Error(), Call{Number: 2}) // does not end it
		do((&StepError{0, 3}).Error(), Call{Number: 3, End: true})
		do(ErrNotFound.Error(), Call{End: true, Exist: true})

		do("[1] 1 false", Call{Start: true})
		do("[2] 2 false", Call{})
		do("[2] 2 true", Call{Number: 2, End: true}) // the step before, which ends it now
		do("[2] 2 false", Call{Number: 2, End: true})
		if tab.Len() != 0 {
			t.Errorf("%d sessions are left", tab.Len())
		}
		if s, ok := store.(*shelf); ok && len(s.records) > 0 {
			t.Errorf("the store has %v", s.records)
		}

		do("[1] 1 false", Call{Start: true})
		do("[2] 2 true", Call{End: true})
		do("[1] 1 true", Call{Number: 1, End: true}) // of a new session
		do((&StepError{0, 2}).Error(), Call{Number: 2, End: true})
		tab.Close(t.Context())
	}
}

// A store that does not delete a session leaves it, and what was answered.
func TestEndThatIsNotSaved(t *testing.T) {
	store := newShelf()
	tab := NewTable(New(sum{}, Options{}), TableOptions{Store: store, Save: SaveEach})
	defer tab.Close(t.Context())
	wants(t, tab, "a", 1, 1)
	store.failing(errors.New("full"))
	var save *SaveError
	for _, n := range []uint64{1, 2} {
		if err := tab.Do(t.Context(), &Call{ID: "a", X: []Float{1}, Number: n, End: true}); !errors.As(err, &save) {
			t.Error(n, err)
		}
	}
	store.failing(nil)
	wants(t, tab, "a", 1, 1)
	wants(t, tab, "a", 2, 2)
}

// Go answers a repeated end as Do does, also where the two are asked for at once.
func TestEndsAtOnce(t *testing.T) {
	tab := NewTable(New(sum{}, Options{}), TableOptions{})
	defer tab.Close(t.Context())
	got := make(chan string, 5)
	call := func(n uint64, end bool) *Call {
		return &Call{ID: "a", X: []Float{1}, Number: n, End: end, Done: func(c *Call) { got <- fmt.Sprint(c.Y, c.Err) }}
	}
	tab.Go(t.Context(), call(1, false), call(2, true), call(2, true))
	tab.Go(t.Context(), call(2, true), call(3, true))
	for i, want := range []string{"[1] <nil>", "[2] <nil>", "[2] <nil>", "[2] <nil>", "[] " + (&StepError{0, 3}).Error()} {
		if s := <-got; s != want {
			t.Errorf("call %d: %s, want %s", i, s, want)
		}
	}
}

// The answers that are kept are bounded, the oldest go first.
func TestLastAnswersAreBounded(t *testing.T) {
	var l lastAnswers
	n := lastFloats/128 + 10
	for i := range n {
		l.keep(&Call{Number: 7, Y: make([]Float, 64), entry: &entry{id: fmt.Sprint(i)}})
	}
	repeat := func(i int) error {
		c := &Call{ID: fmt.Sprint(i), Number: 7, End: true, void: true, Err: ErrNotFound}
		l.repeat(c)
		return c.Err
	}
	if repeat(9) == nil || repeat(10) != nil || repeat(n-1) != nil || l.floats > lastFloats {
		t.Errorf("%v, %v, %v: %d floats", repeat(9), repeat(10), repeat(n-1), l.floats)
	}
}
