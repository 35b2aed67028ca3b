package par

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A Stepper is work in steps, each in pieces that write what no other does.
type Stepper interface {
	Step(t, piece int)
}

// Steps runs s.Step(t, piece) for every piece in [0, pieces) of every step t in
// [0, steps): the pieces of a step on several cores, all of them before the next
// step begins. It is for steps of a microsecond or more, in which a core waits for
// another by looking, not by sleeping. A piece whose core is late is done by the
// caller, so Steps ends whatever cores are free; nothing but speed depends on them.
func Steps(steps, pieces int, s Stepper) {
	if Cores() == 1 {
		for t := range steps {
			for i := range pieces {
				s.Step(t, i)
			}
		}
		return
	}
	m := marches.Get().(*march)
	m.steps, m.s = steps, s
	if cap(m.lanes) < pieces {
		m.lanes = make([]lane, pieces)
	}
	m.lanes = m.lanes[:pieces]
	for i := range m.lanes {
		m.lanes[i].turn.Store(closed)
		m.lanes[i].done.Store(0)
	}
	Do(pieces, m)
	m.s = nil
	marches.Put(m)
}

var marches = sync.Pool{New: func() any { return new(march) }}

// Crowded reports whether a core of a late call of Steps kept the others waiting, as
// happens when another program has it: then a loop does better on one core.
func Crowded() bool {
	until := crowded.Load()
	return until != 0 && time.Now().UnixNano() < until
}

const (
	stall   = 1 << 16 // looks at a lane: some 50 µs
	cooling = 200 * time.Millisecond
)

var crowded atomic.Int64 // until when, in Unix nanoseconds

// A march is one call of Steps. Piece 0 of it leads and offers the pieces of each
// step on their lanes; the others follow.
type march struct {
	steps int
	s     Stepper
	lanes []lane
}

// A lane is where a piece of each step is offered. Its turn is 2(t+1) while that of
// step t is to be had, and 1 more once it is taken. A follower sets done to t+1.
type lane struct {
	turn atomic.Int64
	_    [56]byte // the leader writes turn, the follower done: each has a line
	done atomic.Int64
	_    [56]byte
}

const (
	closed = 0  // the first step has not begun
	ended  = -1 // there are no more steps
)

// Piece implements Task.
func (m *march) Piece(i int) {
	if i == 0 {
		m.lead()
	} else {
		m.follow(i)
	}
}

func (m *march) lead() {
	defer func() {
		for i := range m.lanes {
			m.lanes[i].turn.Store(ended)
		}
	}()
	for t := range m.steps {
		turn := int64(2 * (t + 1))
		for i := 1; i < len(m.lanes); i++ {
			m.lanes[i].turn.Store(turn)
		}
		m.s.Step(t, 0)
		for i := 1; i < len(m.lanes); i++ {
			l := &m.lanes[i]
			if l.turn.CompareAndSwap(turn, turn+1) {
				m.s.Step(t, i)
				continue
			}
			for n := 1; l.done.Load() != int64(t+1); n++ {
				if rest(n); n == stall {
					crowded.Store(time.Now().Add(cooling).UnixNano())
				}
			}
		}
	}
}

func (m *march) follow(i int) {
	l := &m.lanes[i]
	for n := 1; ; n++ {
		turn := l.turn.Load()
		switch {
		case turn == ended:
			return
		case turn > 0 && turn%2 == 0 && l.turn.CompareAndSwap(turn, turn+1):
			m.do(int(turn/2-1), i)
			n = 0
		default:
			rest(n)
		}
	}
}

// do does a piece, and notifies the leader even if it panics, which then goes on until
// Do reports it.
func (m *march) do(t, i int) {
	defer m.lanes[i].done.Store(int64(t + 1))
	m.s.Step(t, i)
}

// rest lets others run now and then.
func rest(n int) {
	if n%200 == 0 {
		runtime.Gosched()
	}
}
