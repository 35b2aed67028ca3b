package serve

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// lines is the codec of JSON, a step and an answer a line:
//
//	{"x":[0.1,0.2],"session":"a","step":7,"start":false,"end":false,"exist":false}
//	{"session":"a","steps":7,"y":[0.5]}
//	{"session":"a","error":"…","code":"step","have":5,"step":7}
//
// session is left out on the stream of one session. All but x may be left out.
type lines struct {
	ctx     context.Context
	m       *Model
	one     *handle // the only session, nil for any
	handles map[string]*handle
	scan    scanner
	x       []Float
}

func (l *lines) take(st *stream, b []byte) (int, error) {
	n := bytes.IndexByte(b, '\n') + 1
	if n == 0 {
		if int64(len(b)) > st.s.options.MaxBody {
			return 0, tooLong(st.s.options.MaxBody)
		}
		return 0, nil
	}
	line := bytes.TrimSpace(b[:n])
	if len(line) == 0 {
		return n, nil
	}
	p := plainSteps{in: l.m.Sessions.Model().In(), x: l.x[:0]}
	l.scan = scanner{b: line, depth: st.s.options.MaxDepth, keys: l.scan.keys[:0]}
	name, exist := "", false
	err := l.scan.object("a step", func(key []byte) (err error) {
		switch string(key) {
		case "session":
			var s []byte
			s, err = l.scan.string("session")
			name = string(s)
		case "exist":
			exist, err = l.scan.bool("exist")
		case "x":
			err = l.row(&p)
		default:
			err = p.read(&l.scan, key)
		}
		return err
	})
	l.x = p.x
	if err == nil {
		err = l.scan.end()
	}
	if err == nil && !p.there {
		err = errorf(Invalid, "the step has no x")
	}
	h := l.one
	if err == nil {
		h, err = l.handle(st, name)
	}
	if err != nil {
		st.send(func(b []byte) []byte { return append(appendError(b, AsError(err)), '\n') })
		return n, nil
	}
	c := st.step(h, p.step)
	c.X = append(c.X, p.x...)
	c.Start, c.End, c.Exist = p.start, p.end, exist
	return n, nil
}

// row reads the x of a line, the values of one step.
func (l *lines) row(p *plainSteps) error {
	p.there = true
	if p.in == 1 && l.scan.next() != '[' {
		return p.number(&l.scan, 0, 0)
	}
	n := 0
	err := l.scan.array("x", func(i int) error {
		if n = i + 1; n > p.in {
			return l.scan.fail("x has more than the %d values that the model takes", p.in)
		}
		return p.number(&l.scan, 0, i)
	})
	if err == nil && n < p.in {
		return l.scan.fail("x has %d values, but the model takes %d", n, p.in)
	}
	return err
}

// handle finds the session that a line is for.
func (l *lines) handle(st *stream, name string) (*handle, error) {
	if l.one != nil {
		if name != "" && name != l.one.own {
			return nil, errorf(Invalid, "the stream is that of session %s, not of %s", quoted(l.one.own), quoted(name))
		}
		return l.one, nil
	}
	if h := l.handles[name]; h != nil {
		return h, nil
	}
	h, err := st.s.newHandle(l.ctx, l.m, name)
	if err != nil {
		return nil, err
	}
	if len(l.handles) >= maxHandles {
		clear(l.handles)
	}
	l.handles[name] = h
	return h, nil
}

func (l *lines) answer(b []byte, c *streamCall) []byte {
	if c.Err == nil {
		at := len(b)
		b = append(b, '{')
		if l.one == nil {
			b = append(appendString(append(b, `"session":`...), c.h.own), ',')
		}
		b = append(strconv.AppendUint(append(b, `"steps":`...), c.Steps, 10), `,"y":[`...)
		for i, v := range c.Y {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = appendNumber(b, float64(v), floatBits); err != nil {
				b, c.Err = b[:at], err
				break
			}
		}
		if c.Err == nil {
			return append(b, "]}\n"...)
		}
	}
	b = appendError(b, AsError(c.Err))
	b = b[:len(b)-1]
	if l.one == nil {
		b = appendString(append(b, `,"session":`...), c.h.own)
	}
	if c.number > 0 {
		b = strconv.AppendUint(append(b, `,"step":`...), c.number, 10)
	}
	return append(b, "}\n"...)
}

func (l *lines) release() {} // the request holds the only model

func (l *lines) end(b []byte, err error) []byte {
	if err == nil {
		err = &Error{Class: Unavailable, Text: "the server is about to end", Code: "closed"}
	}
	return append(appendError(b, AsError(err)), '\n')
}

// lines is for …/stream: POST with lines in both directions at once, or a WebSocket with a
// step a message. own is the session, "" for those that the lines name.
func (x *exchange) lines(m *Model, own string) error {
	if done, err := x.method("POST", "GET"); done || err != nil {
		return err
	}
	if m.Sessions == nil {
		return errorf(Unsupported, "model %s keeps no state, so it has no sessions", quoted(m.Name))
	}
	ctx := x.r.Context()
	l := &lines{ctx: ctx, m: m, handles: map[string]*handle{}}
	if own != "" {
		var err error
		if l.one, err = x.s.newHandle(ctx, m, own); err != nil {
			return err
		}
	}
	if x.r.Method == http.MethodGet {
		if !strings.EqualFold(x.r.Header.Get("Upgrade"), "websocket") {
			x.w.Header()["Allow"] = []string{"POST"}
			return errorf(Method, "GET is for a WebSocket here; POST sends lines of JSON")
		}
		c, err := x.websocket("recur.lines.1")
		if err != nil {
			return err
		}
		return x.stream(&messages{c: c, ctx: ctx}, l)
	}
	rc := http.NewResponseController(x.w)
	if err := rc.EnableFullDuplex(); err != nil && x.r.ProtoMajor == 1 {
		return &Error{Class: Internal, Text: "this connection cannot send and receive at once", Err: err}
	}
	rc.SetReadDeadline(time.Time{})
	rc.SetWriteDeadline(time.Time{})
	x.w.Header()["Content-Type"] = []string{"application/x-ndjson"}
	x.status = http.StatusOK
	x.w.WriteHeader(x.status)
	rc.Flush()
	return x.stream(&duplex{body: x.r.Body, w: x.w, ResponseController: rc}, l)
}

// A duplex is a request and its answer as a transport.
type duplex struct {
	body io.ReadCloser
	w    http.ResponseWriter
	*http.ResponseController
	ended atomic.Bool // the request has been read to its end
}

func (d *duplex) Read(b []byte) (int, error) {
	n, err := d.body.Read(b)
	if err == io.EOF {
		d.ended.Store(true)
	}
	return n, err
}

func (d *duplex) Write(b []byte) (int, error) {
	n, err := d.w.Write(b)
	if err == nil {
		err = d.Flush()
	}
	return n, err
}

// Close ends reading, and the connection with it if there was more to read. The answer ends
// when the handler returns.
func (d *duplex) Close() error {
	if d.ended.Load() {
		return nil
	}
	return d.SetReadDeadline(time.Unix(1, 0))
}
