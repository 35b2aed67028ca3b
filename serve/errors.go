package serve

import (
	"context"
	"errors"
	"fmt"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/session"
)

// A Class is what kind of failure an Error is: HTTP and gRPC have their codes for each.
type Class int

// The classes.
const (
	Internal     Class = iota // the server or the model failed
	Invalid                   // the request is wrong
	NotFound                  // there is no such model, version or session
	Conflict                  // the session does not stand where the request expects it
	Lost                      // the state of the session is damaged
	Unauthorized              // the token is missing or wrong
	Forbidden                 // this caller may not do that
	Method                    // the method does not fit the address
	TooLarge                  // the body is longer than is allowed
	Media                     // the body is encoded in a way that is not read
	Exhausted                 // a quota, or the queue of the session, is full; try again later
	Unavailable               // the server is too busy or is about to end; try again
	Timeout                   // the time of the request is over
	Cancelled                 // the client has gone
	Unsupported               // the server does not do that
)

// An Error is why a request was not done.
type Error struct {
	Class Class
	Text  string // what is wrong and what to try
	Code  string // one word for programs, such as "state_lost"; "" for most
	Have  uint64 // with Code "step": steps that the session has done
	Err   error  // what it was caused by, if anything; it is not told to clients
}

func (e *Error) Error() string { return e.Text }

// Unwrap returns what e was caused by.
func (e *Error) Unwrap() error { return e.Err }

func errorf(c Class, format string, args ...any) *Error {
	return &Error{Class: c, Text: fmt.Sprintf(format, args...)}
}

// maxErrorText is the longest text of an error that a client is told.
const maxErrorText = 512

// AsError returns err as an Error: those of package session, of contexts and of a model that
// refuses its input get their class, others are Internal and are not told to clients.
func AsError(err error) *Error {
	var e *Error
	var step *session.StepError
	var nan *session.NaNError
	var width *session.WidthError
	var save *session.SaveError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &step):
		return &Error{Class: Conflict, Text: step.Error(), Code: "step", Have: step.Have, Err: err}
	case errors.As(err, &nan):
		return &Error{Class: Invalid, Text: nan.Error(), Code: "not_a_number", Err: err}
	case errors.As(err, &width):
		return &Error{Class: Invalid, Text: width.Error(), Err: err}
	case errors.As(err, &save):
		return &Error{Class: Unavailable, Text: "the state could not be saved, so nothing was done; try again", Code: "not_saved", Err: err}
	case errors.Is(err, session.ErrStateLost):
		return &Error{Class: Lost, Text: "the state of the session is lost, since what was saved of it is damaged; begin it anew with START, or delete it", Code: "state_lost", Err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Class: Timeout, Text: "the time of the request is over", Code: "timeout", Err: err}
	case errors.Is(err, context.Canceled):
		return &Error{Class: Cancelled, Text: "the request was cancelled", Err: err}
	}
	for _, of := range sessionErrors {
		if errors.Is(err, of.err) {
			return &Error{Class: of.class, Text: clip(err.Error()), Code: of.code, Err: err}
		}
	}
	if fault.Of(err) == fault.Data { // of the input, which the model tells what is wrong with
		return &Error{Class: Invalid, Text: clip(err.Error()), Err: err}
	}
	return &Error{Class: Internal, Text: "the model failed; the log of the server has the reason by the id of this request", Err: err}
}

var sessionErrors = []struct {
	err   error
	class Class
	code  string
}{
	{session.ErrNotFound, NotFound, "not_found"},
	{session.ErrExists, Conflict, "exists"},
	{session.ErrBusy, Exhausted, "busy"},
	{session.ErrFull, Exhausted, "full"},
	{session.ErrModel, Invalid, "other_model"},
	{session.ErrCorrupt, Invalid, "corrupt"},
	{session.ErrClosed, Unavailable, "closed"},
}

// clip cuts a text at maxErrorText bytes, between characters.
func clip(s string) string {
	if len(s) <= maxErrorText {
		return s
	}
	n := maxErrorText - len("…")
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}

// name is a name that a client gave, cut so that a text with it stays short.
func quoted(s string) string {
	if len(s) > 64 {
		n := 61
		for n > 0 && s[n]&0xc0 == 0x80 {
			n--
		}
		s = s[:n] + "…"
	}
	return "'" + s + "'"
}
