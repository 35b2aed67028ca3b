package rnn

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/recur-go/recur/internal/saved"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// Errors of UnmarshalBinary.
var (
	ErrSessionCorrupt = saved.ErrCorrupt
	ErrSessionVersion = saved.ErrVersion
	ErrSessionModel   = errors.New("saved session is from another model")
)

// SessionID names what the state of c means. It is a digest of the widths of the input, the
// output and the state, and of the names and shapes of the parameters, not of their values
// nor of Go's types: a model trained further takes up the sessions of its former self, and
// a cell those of the same cell in a wrapper that adds no parameters, or frozen.
func SessionID(c Cell) (id [32]byte) {
	h := sha256.New()
	in, out, _ := Widths(c)
	fmt.Fprintf(h, "%d %d %v\n", in, out, c.StateSize())
	for _, p := range nn.Params(c) {
		fmt.Fprintf(h, "%s %v\n", p.Name, p.Shape())
	}
	h.Sum(id[:0])
	return id
}

// MarshalBinary saves the state of the session, as package session does with sessions of
// the cell's Runner.
func (st *Stream) MarshalBinary() ([]byte, error) {
	return saved.Append(nil, SessionID(st.cell), st.steps, st.now, nil), nil
}

// UnmarshalBinary takes up a session saved from a stream or a Runner of the same cell. On
// an error, which wraps ErrSessionCorrupt, ErrSessionVersion or ErrSessionModel, the stream
// keeps the state that it had.
func (st *Stream) UnmarshalBinary(b []byte) error {
	s, err := saved.Parse(b)
	if err != nil {
		return fmt.Errorf("rnn: %w", err)
	}
	if id := SessionID(st.cell); !s.IsOf(id) {
		return fmt.Errorf("rnn: %w: its ID is %x, this cell's is %x", ErrSessionModel, s.ID(), id[:len(s.ID())])
	}
	if s.State.Len() != len(st.now) {
		return fmt.Errorf("rnn: %w: it has %d floats, the cell has %d", ErrSessionModel, s.State.Len(), len(st.now))
	}
	saved.Read[tensor.Float](st.now, s.State)
	st.steps = s.Steps
	return nil
}
