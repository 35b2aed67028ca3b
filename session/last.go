package session

import (
	"slices"
	"sync"
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

// repeat answers a call that found no session, if it is the one that ended it.
func (l *lastAnswers) repeat(c *Call) {
	if !c.void || !c.End || c.Start || c.Number == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if a, ok := l.byID[c.ID]; ok && a.number == c.Number {
		c.Y, c.Steps, c.Err = append(c.Y[:0], a.y...), a.number, nil
	}
}
