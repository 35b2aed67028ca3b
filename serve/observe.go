package serve

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// A Call is a request as Options.OnCall is told of it. Model and what follows are known when
// it ends.
type Call struct {
	ID        string // X-Request-Id of the client, or one that was made
	Transport string // "http" or "grpc"
	Method    string // "POST"; of gRPC the full name of the method
	Path      string // "" for gRPC
	Remote    string // address of the client
	Header    http.Header

	Model, Version, Session string
}

// A Result is how a request ended.
type Result struct {
	Status int // of HTTP, also for gRPC
	Err    error
	Took   time.Duration
}

// gauge counts the requests of a server.
type gauge struct {
	inFlight atomic.Int64
	bodies   atomic.Int64 // bytes of bodies that are held
	conns    atomic.Int64
	made     atomic.Uint64 // ids
	panics   atomic.Int64
	refused  atomic.Int64    // for being too many
	byStatus [6]atomic.Int64 // HTTP, by the first digit
	steps    atomic.Int64    // of requests of many steps
}

func newPrefix() string {
	b := make([]byte, 4)
	rand.Read(b)
	return hex.EncodeToString(b) + "-"
}

// RequestID is the id of a request: what the client sent, if it is short and plain, or a new one.
func (s *Server) RequestID(sent string) string {
	if plainID(sent) {
		return sent
	}
	var b [32]byte
	return string(strconv.AppendUint(append(b[:0], s.prefix...), s.gauge.made.Add(1), 36))
}

func plainID(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' {
			return false
		}
	}
	return true
}

// Begin is for what answers requests in another way than HTTP: it counts a request, refuses
// it if there are too many or if its secret is not that of a token, and tells OnCall. end is
// to be called in any case, with how the request ended.
func (s *Server) Begin(ctx context.Context, c *Call, secret string) (_ context.Context, end func(error), err error) {
	c.ID = s.RequestID(c.ID)
	began := s.options.Now()
	var told func(Result)
	if s.options.OnCall != nil {
		ctx, told = s.options.OnCall(ctx, c)
	}
	entered := s.enter()
	end = func(err error) {
		if entered {
			s.gauge.inFlight.Add(-1)
		}
		if told != nil {
			status := http.StatusOK
			if err != nil {
				status = AsError(err).Status()
			}
			told(Result{status, err, s.options.Now().Sub(began)})
		}
	}
	if !entered {
		return ctx, end, errTooMany
	}
	ctx, err = s.Authorize(ctx, secret)
	return ctx, end, err
}

// enter counts a request in, unless there are too many.
func (s *Server) enter() bool {
	if s.gauge.inFlight.Add(1) > int64(s.options.MaxInFlight) {
		s.gauge.inFlight.Add(-1)
		s.gauge.refused.Add(1)
		return false
	}
	return true
}

var errTooMany = &Error{Class: Unavailable, Text: "the server has as many requests as it takes; try again in a second", Code: "too_many"}

// Status is the code of HTTP for e.
func (e *Error) Status() int {
	switch e.Class {
	case Invalid:
		return http.StatusBadRequest
	case NotFound:
		return http.StatusNotFound
	case Conflict:
		return http.StatusConflict
	case Lost:
		return http.StatusGone
	case Unauthorized:
		return http.StatusUnauthorized
	case Forbidden:
		return http.StatusForbidden
	case Method:
		return http.StatusMethodNotAllowed
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case Media:
		return http.StatusUnsupportedMediaType
	case Exhausted:
		return http.StatusTooManyRequests
	case Unavailable, Timeout:
		return http.StatusServiceUnavailable
	case Cancelled:
		return 499 // which nobody reads
	case Unsupported:
		return http.StatusNotImplemented
	}
	return http.StatusInternalServerError
}
