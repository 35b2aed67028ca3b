package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/recur-go/recur/internal/saved"
)

// lastFloats is about how many floats of last answers a table keeps.
const lastFloats = 1 << 20

// lastAnswers are the answers to the last steps of sessions that have ended, so that a client
// whose connection broke meanwhile can repeat its step. Of those without a number none is kept:
// they cannot be told from a step of a new session.
type lastAnswers struct {
	mu     sync.Mutex
	byID   map[string]lastAnswer
	ids    []string // in the order in which they first ended
	floats int
}

// A lastAnswer is an answer to a step of a number.
type lastAnswer struct {
	number uint64
	y      []Float
}

// size is about how many floats an answer takes with its name.
func (a lastAnswer) size() int { return len(a.y) + 64 }

// keep keeps the answer of a call that has ended its session.
func (l *lastAnswers) keep(c *Call) {
	if c.Number == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byID == nil {
		l.byID = map[string]lastAnswer{}
	}
	if old, ok := l.byID[c.entry.id]; ok {
		l.floats -= old.size()
	} else {
		l.ids = append(l.ids, c.entry.id)
	}
	a := lastAnswer{c.Number, slices.Clone(c.Y)}
	l.byID[c.entry.id] = a
	for l.floats += a.size(); l.floats > lastFloats && len(l.ids) > 1; l.ids = l.ids[1:] {
		l.floats -= l.byID[l.ids[0]].size()
		delete(l.byID, l.ids[0])
	}
}

// repeat answers a call, if it is the one that ended its session, and reports whether it did.
func (l *lastAnswers) repeat(c *Call) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.byID[c.ID]
	if !ok || a.number != c.Number {
		return false
	}
	c.Y, c.Steps, c.Err = append(c.Y[:0], a.y...), a.number, nil
	return true
}

// repeat answers a call that found no session, if it is the one that ended it.
func (t *Table) repeat(c *Call) {
	if !c.void || !c.End || c.Start || c.Number == 0 || t.last.repeat(c) {
		return
	}
	s := t.endStore()
	if s == nil {
		return
	}
	r, err := s.Ended(context.Background(), c.ID)
	if errors.Is(err, ErrNotFound) {
		return
	}
	var v saved.Session
	if err == nil {
		if v, err = saved.Parse(r.Blob); err != nil {
			err = fmt.Errorf("%w: %w", ErrStateLost, err)
		}
	}
	switch m := t.Model(); {
	case err != nil:
		c.Err = err
	case v.Steps == c.Number && v.IsOf(m.id) && v.Last.Len() == m.out:
		c.Y = slices.Grow(c.Y[:0], m.out)[:m.out]
		saved.Read(c.Y, v.Last)
		c.Steps, c.Err = v.Steps, nil
	}
}

// endStore is where last answers are saved with the ends of sessions, nil if they are not: in a
// store that lacks the steps since the last save an answer may be that of another session.
func (t *Table) endStore() EndStore {
	if t.options.Save != SaveEach {
		return nil
	}
	s, _ := t.options.Store.(EndStore)
	return s
}

// saveEnds saves that calls end their sessions.
func (t *Table) saveEnds(calls []*Call, now int64) error {
	if len(calls) == 0 {
		return nil
	}
	s := t.endStore()
	if s == nil {
		var ids []string
		for _, c := range calls {
			ids = append(ids, c.entry.id)
		}
		return t.options.Store.Delete(context.Background(), ids...)
	}
	var records []Record
	for _, c := range calls {
		r := Record{ID: c.entry.id, Used: time.Unix(0, now)}
		if c.Number > 0 {
			r.Blob = saved.Append(nil, c.model.id, c.Steps, nil, c.Y)
		}
		records = append(records, r)
	}
	return s.End(context.Background(), records)
}
