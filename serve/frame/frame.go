// Package frame is the binary form in which steps of many sessions go over one connection.
//
// A frame is, little-endian and without padding,
//
//	length uint32 of what follows | type uint8 | flags uint8 | handle uint32 | step uint64 | payload
//
// Over HTTP/1.1 a connection becomes one of frames by GET /v2/frames with the heads
// "Connection: Upgrade" and "Upgrade: recur.frames.1"; over WebSocket, on the same path, the
// frames go in binary messages, whose borders mean nothing.
//
// A client opens a session by Open, whose payload is JSON (OpenRequest) and whose step is a
// number of its choice, and gets Opened with that number, a handle and JSON (OpenAnswer), or
// Error. From then on it sends Step with the handle, as many as it likes before the first
// answer. The payload is the values of all inputs of the model in the order of its metadata,
// each in its datatype; that of Answer is the outputs. Step numbers make steps safe to repeat:
// the one after the last that the session has done is done, the last is answered again, any
// other is an error; 0 is the next one. Answer has the number of steps that the session has
// done. Each Step gets an Answer or an Error; those of one session come in order, but for
// Errors of steps that were refused at once, which have the step of their Step.
//
// Error has JSON (ErrorText) and concerns one Step or Open, or with handle 0 and no step the
// connection, which ends then. Close forgets a handle, not the session, and gets Closed. Ping
// gets Pong. GoAway tells that the server is about to end: what it was sent is still answered.
package frame

import (
	"encoding/binary"
	"fmt"
)

// Protocol is the name of the protocol in the head Upgrade.
const Protocol = "recur.frames.1"

// A Type is what a frame is.
type Type uint8

// The types of frames. A server sends those after Ping.
const (
	Open Type = iota + 1
	Step
	Close
	Ping

	Opened Type = iota + 12
	Answer
	Error
	Closed
	Pong
	GoAway
)

func (t Type) String() string {
	switch {
	case t >= Open && t <= Ping:
		return [...]string{"Open", "Step", "Close", "Ping"}[t-Open]
	case t >= Opened && t <= GoAway:
		return [...]string{"Opened", "Answer", "Error", "Closed", "Pong", "GoAway"}[t-Opened]
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// Flags of Step, and Exist of Open too.
const (
	Start = 1 << iota // go to the first state before the step
	End               // end the session after it
	Exist             // a session that is not there is an error
)

// Head is the number of bytes of a frame before its payload.
const Head = 18

// A Header is a frame without its payload.
type Header struct {
	Type   Type
	Flags  uint8
	Handle uint32
	Step   uint64
}

// Append appends a frame with a payload of so many bytes, which are still to be appended.
func Append(b []byte, h Header, payload int) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(Head-4+payload))
	b = append(b, byte(h.Type), h.Flags)
	b = binary.LittleEndian.AppendUint32(b, h.Handle)
	return binary.LittleEndian.AppendUint64(b, h.Step)
}

// Parse returns the frame at the start of b and its length n, which is 0 if not all of it is
// there. A frame whose payload has more than max bytes is an error, as soon as its length is
// there.
func Parse(b []byte, max int) (h Header, payload []byte, n int, err error) {
	if len(b) < 4 {
		return h, nil, 0, nil
	}
	length := binary.LittleEndian.Uint32(b)
	if length < Head-4 || uint64(length) > uint64(max)+Head-4 {
		return h, nil, 0, &LengthError{length, max}
	}
	if n = int(length) + 4; len(b) < n {
		return h, nil, 0, nil
	}
	h = Header{Type(b[4]), b[5], binary.LittleEndian.Uint32(b[6:]), binary.LittleEndian.Uint64(b[10:])}
	return h, b[Head:n:n], n, nil
}

// A LengthError is a frame whose length cannot be.
type LengthError struct {
	Length uint32
	Max    int // most bytes of a payload
}

func (e *LengthError) Error() string {
	return fmt.Sprintf("frame: a frame has the length %d, want %d to %d", e.Length, Head-4, Head-4+e.Max)
}

// An OpenRequest is the payload of Open.
type OpenRequest struct {
	Model   string `json:"model"`
	Version string `json:"version,omitempty"` // the highest if it is ""
	Session string `json:"session,omitempty"` // a new name is made if it is ""
}

// An OpenAnswer is the payload of Opened.
type OpenAnswer struct {
	Model   string   `json:"model"`
	Version string   `json:"version"`
	Session string   `json:"session"`
	Steps   uint64   `json:"steps"` // that the session has done; 0 if it is not there yet
	Inputs  []Tensor `json:"inputs"`
	Outputs []Tensor `json:"outputs"`
}

// A Tensor is an input or an output, as in the metadata of the model.
type Tensor struct {
	Name     string  `json:"name"`
	Datatype string  `json:"datatype"`
	Shape    []int64 `json:"shape"`
}

// An ErrorText is the payload of Error: the body of an error over HTTP.
type ErrorText struct {
	Text string `json:"error"`
	Code string `json:"code,omitempty"` // one word for programs
	Have uint64 `json:"have,omitempty"` // of code "step": steps that the session has done
}

func (e *ErrorText) Error() string { return e.Text }
