package session

import (
	"errors"
	"fmt"
)

// Errors of sessions, for errors.Is.
var (
	ErrNotFound  = errors.New("no such session")
	ErrStateLost = errors.New("the state of the session is lost") // its record is damaged
	ErrExists    = errors.New("there is such a session already")
	ErrBusy      = errors.New("too many steps of the session wait")
	ErrFull      = errors.New("there are as many sessions as are allowed")
	ErrModel     = errors.New("the session is of another model")
	ErrCorrupt   = errors.New("the saved session is damaged")
	ErrClosed    = errors.New("the sessions are closed")
)

// A StepError is a numbered step that neither follows the last one nor repeats it. The
// session is as it was.
type StepError struct {
	Have uint64 // steps that the session has done
	Got  uint64 // number of the step that was asked for
}

func (e *StepError) Error() string {
	return fmt.Sprintf("step %d does not follow: the session has done %d; go on with step %d", e.Got, e.Have, e.Have+1)
}

// A NaNError is a step after which the state would be no number. The session is as it was.
type NaNError struct {
	Step  uint64 // number of the step
	Input bool   // the input had a value that is no number
}

func (e *NaNError) Error() string {
	if e.Input {
		return fmt.Sprintf("step %d has an input that is not a number", e.Step)
	}
	return fmt.Sprintf("step %d makes the state not a number; is the input in the range that the model was trained on?", e.Step)
}

// A WidthError is an input of the wrong number of values. The session is as it was.
type WidthError struct{ Got, Want int }

func (e *WidthError) Error() string {
	return fmt.Sprintf("the input has %d values, want %d", e.Got, e.Want)
}

// A PanicError is a Runner that panicked. The session is as it was.
type PanicError struct{ Value any }

func (e *PanicError) Error() string { return fmt.Sprintf("the model panicked: %v", e.Value) }

// Unwrap returns what the Runner panicked with, if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// A corruptError is ErrCorrupt, in the words of what is wrong.
type corruptError struct{ error }

func (e *corruptError) Error() string { return "the " + e.error.Error() }

func (e *corruptError) Unwrap() error { return e.error }

func (e *corruptError) Is(target error) bool { return target == ErrCorrupt }

// A SaveError is a step or a change that the store could not keep, and that was not done.
type SaveError struct{ Err error }

func (e *SaveError) Error() string { return "not done, since it could not be saved: " + e.Err.Error() }

func (e *SaveError) Unwrap() error { return e.Err }
