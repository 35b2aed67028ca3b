package session

import "errors"

// A Call is a step that is asked for and told of when it is done, so that a server need not
// keep a goroutine for it. It may be used again once Done was called. Its memory belongs to
// the session's model from Go to Done.
type Call struct {
	Session *Session // for Model.Go; Table.Go finds it by ID
	ID      string   // for Table.Go

	// Number makes a step safe to repeat: the one after the session's steps is done, the last
	// one is answered again, any other is a *StepError. 0 is the next one, whatever it is. A
	// table also answers the last step of a session that has ended again, if it had a number
	// and End was set both times, as long as not many sessions have ended since: with SaveEach
	// and an EndStore after a restart too.
	Number uint64

	X    []Float // input
	Y    []Float // output, in the memory of Y if it is large enough
	Err  error   // why nothing was done; the session is as it was
	Done func(*Call)

	// What the step does before and after, as one with it.
	Start bool // go to the first state; a session that is not there is made, whatever Exists
	Exist bool // a session that is not there is an error that wraps ErrNotFound, and is not made
	End   bool // end the session; one without a table goes back to the first state

	// What is known when it is done.
	Steps uint64 // steps of the session
	Ended bool   // the call has ended the session, which one that is answered again has not

	next    *Call
	wants   want
	state   callState
	void    bool    // there is no session
	durable bool    // the step is saved before it counts
	after   []Float // state after it, until it counts
	model   *Model  // where it waits
	table   *Table  // whose session it is
	entry   *entry  // which
	used    int64   // when it was found
	ready   chan struct{}
}

// A want is what a call does when its turn comes.
type want uint8

const (
	wantStep want = iota
	wantHold      // hold the session
)

// callState is where a call is. It is guarded by the mutex of its model.
type callState uint8

const (
	callIdle callState = iota
	callWaits
	callTaken
	callDropped // by its owner, who forgot it
)

// errGone comes back from a session that its table has forgotten since it was found.
var errGone = errors.New("session: gone")

// push makes c the last call that waits for s.
func (s *Session) push(c *Call) {
	if s.tail == nil {
		c.next = c
	} else {
		c.next, s.tail.next = s.tail.next, c
	}
	s.tail = c
	s.waiting++
}

// pop takes the first of them, nil if there is none.
func (s *Session) pop() *Call {
	if s.tail == nil {
		return nil
	}
	c := s.tail.next
	if c == s.tail {
		s.tail = nil
	} else {
		s.tail.next = c.next
	}
	c.next = nil
	s.waiting--
	return c
}
