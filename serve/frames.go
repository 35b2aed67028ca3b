package serve

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/recur-go/recur/serve/frame"
	"github.com/recur-go/recur/session"
)

// frames is the codec of package frame.
type frames struct {
	ctx     context.Context
	handles map[uint32]*handle
	last    uint32
	max     int // bytes of a payload
}

const maxOpen = 4096 // bytes of the payload of Open

func newFrames(ctx context.Context) *frames {
	return &frames{ctx: ctx, handles: map[uint32]*handle{}, max: maxOpen}
}

func (f *frames) take(st *stream, b []byte) (int, error) {
	head, payload, n, err := frame.Parse(b, f.max)
	switch {
	case err != nil:
		return 0, &Error{Class: Invalid, Text: err.Error(), Code: "frame", Err: err}
	case n == 0:
		if len(b) >= 4 && cap(st.in)-len(st.in) == 0 { // make room for a long one, at most max
			grown := make([]byte, len(st.in), max(2*cap(st.in), frame.Head+f.max))
			copy(grown, st.in)
			st.in = grown
		}
		return 0, nil
	}
	switch head.Type {
	case frame.Open:
		f.open(st, head, payload)
	case frame.Step:
		h := f.handles[head.Handle]
		if h == nil {
			return 0, errorf(Invalid, "a step has the handle %d, which was not opened", head.Handle)
		}
		c := st.step(h, head.Step)
		c.Start, c.End, c.Exist = head.Flags&frame.Start != 0, head.Flags&frame.End != 0, head.Flags&frame.Exist != 0
		if len(payload) != h.bytes {
			c.Err = errorf(Invalid, "the input has %d bytes, but that of model %s has %d", len(payload), quoted(h.m.Name), h.bytes)
			return n, nil
		}
		for _, t := range h.m.Inputs {
			width, _ := Count(t.Shape[1:])
			v := Value{Datatype: t.Datatype, Data: payload[:width*t.Datatype.Size()]}
			c.X = v.Floats(c.X)
			payload = payload[len(v.Data):]
		}
	case frame.Close:
		if h := f.handles[head.Handle]; h != nil {
			h.m.unuse()
			delete(f.handles, head.Handle)
		}
		st.send(func(b []byte) []byte { return frame.Append(b, reply(frame.Closed, head), 0) })
	case frame.Ping:
		st.send(func(b []byte) []byte {
			return append(frame.Append(b, reply(frame.Pong, head), len(payload)), payload...)
		})
	default:
		return 0, errorf(Invalid, "a frame has %v, which a client does not send", head.Type)
	}
	return n, nil
}

func (f *frames) release() {
	for _, h := range f.handles {
		h.m.unuse()
	}
}

func reply(t frame.Type, to frame.Header) frame.Header {
	return frame.Header{Type: t, Handle: to.Handle, Step: to.Step}
}

// open opens a session.
func (f *frames) open(st *stream, head frame.Header, payload []byte) {
	answer, err := f.opened(st, head, payload)
	st.send(func(b []byte) []byte {
		if err != nil {
			return appendErrorFrame(b, frame.Header{Step: head.Step}, err)
		}
		b = frame.Append(b, frame.Header{Type: frame.Opened, Handle: f.last, Step: head.Step}, len(answer))
		return append(b, answer...)
	})
}

func (f *frames) opened(st *stream, head frame.Header, payload []byte) ([]byte, error) {
	var req frame.OpenRequest
	if err := json.Unmarshal(payload, &req); err != nil {
		return nil, errorf(Invalid, "the payload of Open is not JSON as it should be: %v", err)
	}
	if len(f.handles) >= maxHandles {
		return nil, &Error{Class: Exhausted, Text: fmt.Sprintf("the connection has %d sessions open; close some, or use another", maxHandles), Code: "handles"}
	}
	m, err := st.s.use(req.Model, req.Version)
	if err != nil {
		return nil, err
	}
	defer m.unuse()
	if req.Session == "" {
		req.Session = rand.Text()
	}
	if req.Version == "" {
		m = st.s.Holder(f.ctx, m, req.Session)
	}
	h, err := st.s.newHandle(f.ctx, m, req.Session)
	if err != nil {
		return nil, err
	}
	a := frame.OpenAnswer{Model: m.Name, Version: m.Version, Session: h.own, Inputs: tensorsOf(m.Inputs), Outputs: tensorsOf(m.Outputs)}
	switch info, err := m.Sessions.Info(f.ctx, h.full); {
	case err == nil:
		a.Steps, h.made = info.Steps, true
	case !errors.Is(err, session.ErrNotFound) || head.Flags&frame.Exist != 0:
		return nil, noSession(err, h.own)
	}
	f.last++
	h.id = f.last
	f.handles[h.id] = h
	h.m.uses.Add(1)
	f.max = max(f.max, h.bytes)
	return json.Marshal(a)
}

func tensorsOf(list []Tensor) []frame.Tensor {
	out := make([]frame.Tensor, len(list))
	for i, t := range list {
		out[i] = frame.Tensor{Name: t.Name, Datatype: string(t.Datatype), Shape: t.Shape}
	}
	return out
}

func (f *frames) answer(b []byte, c *streamCall) []byte {
	if c.Err != nil {
		return appendErrorFrame(b, frame.Header{Handle: c.h.id, Step: c.number}, c.Err)
	}
	m := c.h.m
	n := 0
	for _, t := range m.Outputs {
		width, _ := Count(t.Shape[1:])
		n += width * t.Datatype.Size()
	}
	b = frame.Append(b, frame.Header{Type: frame.Answer, Handle: c.h.id, Step: c.Steps}, n)
	y := c.Y
	for _, t := range m.Outputs {
		width, _ := Count(t.Shape[1:])
		b = appendFloats(b, t.Datatype, y[:width])
		y = y[width:]
	}
	return b
}

func (f *frames) end(b []byte, err error) []byte {
	if err == nil {
		return frame.Append(b, frame.Header{Type: frame.GoAway}, 0)
	}
	return appendErrorFrame(b, frame.Header{}, err)
}

func appendErrorFrame(b []byte, h frame.Header, err error) []byte {
	text := appendError(nil, AsError(err))
	h.Type = frame.Error
	return append(frame.Append(b, h, len(text)), text...)
}

// frames is for GET /v2/frames: the connection becomes one of frames.
func (x *exchange) frames() error {
	if done, err := x.method("GET"); done || err != nil {
		return err
	}
	protocol := x.r.Header.Get("Upgrade")
	if strings.EqualFold(protocol, "websocket") {
		c, err := x.websocket(frame.Protocol)
		if err != nil {
			return err
		}
		return x.stream(websocket.NetConn(x.r.Context(), c, websocket.MessageBinary), newFrames(x.r.Context()))
	}
	h := x.w.Header()
	h["Upgrade"], h["Connection"] = []string{frame.Protocol}, []string{"Upgrade"}
	if protocol != frame.Protocol || x.r.ProtoMajor != 1 {
		h["Content-Type"] = ofJSON
		x.out = appendError(x.out[:0], errorf(Invalid, "over HTTP/1.1 a connection to this address becomes one of frames by the heads 'Connection: Upgrade' and 'Upgrade: %s', or is a WebSocket", frame.Protocol))
		return x.send(http.StatusUpgradeRequired)
	}
	x.status = http.StatusSwitchingProtocols
	x.w.WriteHeader(x.status)
	conn, rw, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		return &Error{Class: Internal, Text: "the connection cannot be upgraded here", Err: err}
	}
	x.hijacked = true
	conn.SetDeadline(time.Time{})
	return x.stream(hijacked{conn, rw.Reader}, newFrames(x.r.Context()))
}

// hijacked is a connection of which net/http may have read more than the request.
type hijacked struct {
	net.Conn
	read *bufio.Reader
}

func (h hijacked) Read(b []byte) (int, error) {
	if n := h.read.Buffered(); n > 0 {
		return h.read.Read(b[:min(len(b), n)])
	}
	return h.Conn.Read(b)
}
