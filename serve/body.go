package serve

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const (
	firstBody = 4 << 10  // a body is read into this much at first
	smallBody = 64 << 10 // longer ones count in MaxBodies
)

// read reads the body into x.body, whose memory grows with what arrives, not with what the
// client announces.
func (x *exchange) read() error {
	o := &x.s.options
	if x.r.ContentLength > o.MaxBody {
		return tooLong(o.MaxBody)
	}
	src, limit := io.Reader(x.r.Body), o.MaxBody
	switch encoding := x.r.Header.Get("Content-Encoding"); {
	case encoding == "" || strings.EqualFold(encoding, "identity"):
	case strings.EqualFold(encoding, "gzip") && o.Gzip:
		in := &counter{r: io.LimitReader(x.r.Body, o.MaxBody+1)}
		z, err := gzip.NewReader(in)
		if err != nil {
			return errorf(Invalid, "the body is not compressed by gzip: %v", err)
		}
		src = &ratio{z: z, in: in}
	default:
		accepted := "identity"
		if o.Gzip {
			accepted = "gzip, identity"
		}
		x.w.Header().Set("Accept-Encoding", accepted)
		return errorf(Media, "the body has the Content-Encoding %s; %s is read", quoted(encoding), accepted)
	}
	b := x.body[:0]
	if cap(b) < firstBody {
		b = make([]byte, 0, firstBody)
	}
	for {
		if len(b) == cap(b) {
			n := min(2*int64(cap(b)), limit+1)
			if n > smallBody {
				if err := x.hold(n - x.held); err != nil {
					return err
				}
			}
			grown := make([]byte, len(b), n)
			copy(grown, b)
			b = grown
		}
		n, err := src.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		x.body = b
		if int64(len(b)) > limit {
			return tooLong(limit)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return bodyError(err)
		}
	}
}

// hold counts n more bytes of bodies, unless all requests have too many.
func (x *exchange) hold(n int64) error {
	if x.s.gauge.bodies.Add(n) > x.s.options.MaxBodies {
		x.s.gauge.bodies.Add(-n)
		return &Error{Class: Unavailable, Code: "too_many", Text: "the server reads as many long requests as it takes; try again in a second"}
	}
	x.held += n
	return nil
}

func tooLong(limit int64) error {
	return errorf(TooLarge, "the body has more than the %d bytes that are allowed; send less at once", limit)
}

func bodyError(err error) error {
	var e *Error
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &long):
		return tooLong(long.Limit)
	}
	return &Error{Class: Invalid, Text: "the body ends too early, comes too slowly, or is not encoded as it should", Err: fmt.Errorf("body: %w", err)}
}

// A counter counts the bytes that are read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// maxRatio is how many times longer than its compressed form a body may be, beyond the
// first smallBody bytes.
const maxRatio = 10

// A ratio reads what is compressed, and ends if it grows too much.
type ratio struct {
	z   io.Reader
	in  *counter
	out int64
}

func (r *ratio) Read(b []byte) (int, error) {
	n, err := r.z.Read(b)
	r.out += int64(n)
	if r.out > smallBody && r.out > maxRatio*r.in.n {
		return 0, errorf(TooLarge, "the body grows to more than %d times its compressed form", maxRatio)
	}
	return n, err
}
