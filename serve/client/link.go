package client

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"sync"

	"github.com/recur-go/recur/serve/frame"
)

// A link is one connection.
type link struct {
	conn net.Conn
	in   *bufio.Reader

	mu      sync.Mutex
	out     []byte
	spare   []byte
	writing bool
	holding bool                // by who reads
	opening map[uint64]*Session // by the number of their Open
	open    map[uint32]*Session // by handle
}

// send writes what add appends, together with what others send meanwhile. A connection that
// breaks is found by reading.
func (l *link) send(add func([]byte) []byte) {
	l.mu.Lock()
	l.out = add(l.out)
	write := !l.writing && !l.holding && len(l.out) > 0
	l.writing = l.writing || write
	l.mu.Unlock()
	if write {
		l.write()
	}
}

// write writes until there is no more. One goroutine at a time does.
func (l *link) write() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.out) > 0 {
		b := l.out
		l.out = l.spare[:0]
		l.mu.Unlock()
		_, err := l.conn.Write(b)
		l.mu.Lock()
		l.spare = b[:0]
		if err != nil {
			l.conn.Close()
			l.out = l.out[:0]
		}
	}
	l.writing = false
}

// hold has what is sent wait while answers are taken; then another goroutine writes it, so
// that reading goes on whatever the server does.
func (l *link) hold(on bool) {
	l.mu.Lock()
	l.holding = on
	write := !on && !l.writing && len(l.out) > 0
	l.writing = l.writing || write
	l.mu.Unlock()
	if write {
		go l.write()
	}
}

const maxPayload = 64 << 20

// read takes frames until the connection ends.
func (l *link) read(c *Client) error {
	var long []byte
	for {
		if _, err := l.in.Peek(frame.Head); err != nil {
			return err
		}
		b, err := l.in.Peek(l.in.Buffered())
		if err != nil {
			return err
		}
		at, err := l.takeAll(c, b)
		if err != nil {
			return err
		}
		if at > 0 {
			l.in.Discard(at)
			continue
		}
		// One frame is longer than what was read, perhaps than the buffer.
		if long, err = l.one(c, long); err != nil {
			return err
		}
	}
}

// takeAll takes the frames in b, and returns how many bytes they are.
func (l *link) takeAll(c *Client, b []byte) (at int, err error) {
	l.hold(true)
	defer l.hold(false)
	for {
		h, payload, n, err := frame.Parse(b[at:], maxPayload)
		if err != nil || n == 0 {
			return at, err
		}
		if err := l.take(c, h, payload); err != nil {
			return at, err
		}
		at += n
	}
}

// one reads one frame of any length.
func (l *link) one(c *Client, b []byte) ([]byte, error) {
	head, err := l.in.Peek(4)
	if err != nil {
		return b, err
	}
	n := int(uint32(head[0])|uint32(head[1])<<8|uint32(head[2])<<16|uint32(head[3])<<24) + 4
	if cap(b) < n {
		b = make([]byte, n)
	}
	b = b[:n]
	for at := 0; at < n; {
		k, err := l.in.Read(b[at:])
		if err != nil {
			return b, err
		}
		at += k
	}
	h, payload, _, err := frame.Parse(b, maxPayload)
	if err != nil {
		return b, err
	}
	return b, l.take(c, h, payload)
}

func (l *link) take(c *Client, h frame.Header, payload []byte) error {
	switch h.Type {
	case frame.Answer:
		if s := l.session(h.Handle); s != nil {
			s.answered(h.Step, payload)
		}
	case frame.Opened:
		if s := l.opened(h); s != nil {
			var a frame.OpenAnswer
			if err := json.Unmarshal(payload, &a); err != nil {
				return fmt.Errorf("client: the answer to Open is not as it should be: %w", err)
			}
			if s.opened(l, h.Handle, &a); s.over() { // nobody waits for it any more
				l.drop(h.Handle)
			}
		}
	case frame.Error:
		err := errorText(payload)
		switch {
		case h.Handle != 0:
			if s := l.session(h.Handle); s != nil {
				s.refused(h.Step, err)
			}
		case h.Step != 0:
			if s := l.opened(h); s != nil {
				c.forget(s)
				s.fail(err)
			}
		default:
			return err
		}
	}
	return nil
}

// drop forgets a handle, here and on the server. No step has it after that.
func (l *link) drop(handle uint32) {
	l.mu.Lock()
	delete(l.open, handle)
	l.mu.Unlock()
	l.send(func(b []byte) []byte { return frame.Append(b, frame.Header{Type: frame.Close, Handle: handle}, 0) })
}

func (l *link) session(handle uint32) *Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open[handle]
}

// opened finds the session whose Open was answered.
func (l *link) opened(h frame.Header) *Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.opening[h.Step]
	delete(l.opening, h.Step)
	if s != nil && h.Handle != 0 {
		l.open[h.Handle] = s
	}
	return s
}

func (c *Client) forget(s *Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sessions, s)
}
