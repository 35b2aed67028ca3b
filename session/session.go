package session

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/recur-go/recur/internal/saved"
)

// A Session is the state of one sequence: floats and a count. Steps of one session are done
// one after another, in the order in which they were asked for, from whatever goroutines.
type Session struct {
	model  atomic.Pointer[Model]
	floats []Float // state and, where it is kept, the last answer
	steps  atomic.Uint64
	ended  atomic.Bool // by a call or by Delete; the next call that may make a session makes it anew

	// Guarded by model.mu. Who holds the session, a batch or a caller, has floats and steps
	// to itself.
	held     bool
	gone     bool // of no table any more: calls come back with errGone
	answered bool // the last answer is there
	waiting  int32
	tail     *Call // last of the calls that wait, whose next is the first
}

// New makes a session at the first state.
func (m *Model) New() *Session {
	s := &Session{floats: make([]Float, m.width)}
	s.model.Store(m)
	copy(s.floats, m.first)
	return s
}

// Steps is the number of steps since the first state.
func (s *Session) Steps() uint64 { return s.steps.Load() }

// Reset goes back to the first state.
func (s *Session) Reset() {
	s.alone(func(m *Model) { s.reset(m) })
}

func (s *Session) reset(m *Model) {
	copy(s.floats[:m.width], m.first)
	s.steps.Store(0)
	s.answered = false
}

// Clone returns a session that goes on from the present state by itself.
func (s *Session) Clone() *Session {
	t := new(Session)
	s.alone(func(m *Model) {
		t.model.Store(m)
		t.floats, t.answered = slices.Clone(s.floats), s.answered
		t.steps.Store(s.Steps())
	})
	return t
}

// AppendBinary appends the saved session to b: its state, its count of steps and, where it is
// kept, its last answer, with the ID of the model and a checksum. A rnn.Stream of the same
// cell reads it too.
func (s *Session) AppendBinary(b []byte) ([]byte, error) {
	s.alone(func(m *Model) { b = s.append(m, b) })
	return b, nil
}

// MarshalBinary is AppendBinary to nothing.
func (s *Session) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary takes up a saved session. On an error, which wraps ErrCorrupt or ErrModel,
// s is as it was.
func (s *Session) UnmarshalBinary(b []byte) (err error) {
	s.alone(func(m *Model) { err = s.parse(m, b) })
	return err
}

func (s *Session) append(m *Model, b []byte) []byte {
	var last []Float
	if s.answered {
		last = s.floats[m.width:]
	}
	return saved.Append(b, m.id, s.Steps(), s.floats[:m.width], last)
}

func (s *Session) parse(m *Model, b []byte) error {
	v, err := saved.Parse(b)
	switch {
	case err != nil:
		return &corruptError{err}
	case !v.IsOf(m.id):
		return fmt.Errorf("%w: its ID is %x…, this model's is %x…", ErrModel, v.ID()[:8], m.id[:8])
	case v.State.Len() != m.width:
		return fmt.Errorf("%w: it has %d floats, this model's sessions have %d", ErrModel, v.State.Len(), m.width)
	case v.Last.Len() != 0 && v.Last.Len() != m.out:
		return fmt.Errorf("%w: its answer has %d values, this model's have %d", ErrModel, v.Last.Len(), m.out)
	}
	s.steps.Store(v.Steps)
	saved.Read(s.floats[:m.width], v.State)
	s.answered = len(s.floats) > m.width && v.Last.Len() > 0
	if s.answered {
		saved.Read(s.floats[m.width:], v.Last)
	}
	return nil
}

// alone calls f while no step of s is done.
func (s *Session) alone(f func(*Model)) {
	m, _ := s.hold()
	defer m.release(s)
	f(m)
}
