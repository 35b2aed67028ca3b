package serve

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/coder/websocket"
)

// websocket makes the connection a WebSocket of a subprotocol, which the client need not name.
// A page of another origin may only if that is in Options.Origins. A page cannot send heads,
// so its token comes as a further subprotocol, "bearer." and the secret.
func (x *exchange) websocket(subprotocol string) (*websocket.Conn, error) {
	h := x.w.Header()
	h.Del("Content-Security-Policy")
	x.status = http.StatusSwitchingProtocols
	c, err := websocket.Accept(&statusNoter{x.w, x}, x.r, &websocket.AcceptOptions{
		Subprotocols:    []string{subprotocol},
		OriginPatterns:  slices.Clone(x.s.options.Origins),
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil { // which has been answered
		return nil, &Error{Class: Invalid, Text: clip(err.Error()), Err: err}
	}
	c.SetReadLimit(x.s.options.MaxBody)
	x.hijacked = true
	return c, nil
}

// A statusNoter notes the status that another package answers with.
type statusNoter struct {
	http.ResponseWriter
	x *exchange
}

func (w *statusNoter) WriteHeader(status int) {
	w.x.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusNoter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// messages is a WebSocket of texts as a transport of lines, a line a message.
type messages struct {
	c    *websocket.Conn
	ctx  context.Context
	rest io.Reader // of the message that is read
	ends bool      // a line is to end
	by   time.Time // when writing has to be done
}

func (m *messages) Read(b []byte) (int, error) {
	if m.ends {
		m.ends = false
		b[0] = '\n'
		return 1, nil
	}
	if m.rest == nil {
		kind, r, err := m.c.Reader(m.ctx)
		if err != nil {
			return 0, err
		}
		if kind != websocket.MessageText {
			m.c.Close(websocket.StatusUnsupportedData, "a step is a text message")
			return 0, io.EOF
		}
		m.rest = r
	}
	n, err := m.rest.Read(b)
	for i, c := range b[:n] {
		if c == '\n' { // white space of JSON
			b[i] = ' '
		}
	}
	if err == io.EOF {
		m.rest, m.ends, err = nil, true, nil
	}
	return n, err
}

// Write writes whole lines, each as a message.
func (m *messages) Write(b []byte) (n int, err error) {
	ctx, cancel := context.WithTimeout(m.ctx, time.Until(m.by))
	defer cancel()
	for len(b) > 0 {
		end := slices.Index(b, '\n')
		if err := m.c.Write(ctx, websocket.MessageText, b[:end]); err != nil {
			return n, err
		}
		n, b = n+end+1, b[end+1:]
	}
	return n, nil
}

func (m *messages) Close() error { return m.c.Close(websocket.StatusNormalClosure, "") }

func (m *messages) SetReadDeadline(time.Time) error { return nil } // a message is whole
func (m *messages) SetWriteDeadline(t time.Time) error {
	m.by = t
	return nil
}
