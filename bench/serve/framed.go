//go:build linux

package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/recur-go/recur/serve/frame"
)

// A pipe is one session on a connection of frames, with several steps on their way.
type pipe struct {
	conn net.Conn
	in   *bufio.Reader
	step []byte // frames of as many steps as may be on their way
	one  int    // bytes of one of them
	sent []time.Time
	took []time.Duration
}

// open makes the connection one of frames and opens a session.
func (p *pipe) open(s server, width, flight int, id uint64) error {
	if _, err := fmt.Fprintf(p.conn, "GET /v2/frames HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", s.addr, frame.Protocol); err != nil {
		return err
	}
	switch resp, err := http.ReadResponse(p.in, nil); {
	case err != nil:
		return err
	case resp.StatusCode != http.StatusSwitchingProtocols:
		return fmt.Errorf("%s to a connection of frames", resp.Status)
	}
	ask, err := json.Marshal(frame.OpenRequest{Model: s.model, Session: fmt.Sprint(id)})
	if err != nil {
		return err
	}
	if _, err := p.conn.Write(append(frame.Append(nil, frame.Header{Type: frame.Open}, len(ask)), ask...)); err != nil {
		return err
	}
	h, _, err := p.next()
	if err != nil {
		return err
	}
	one := frame.Append(nil, frame.Header{Type: frame.Step, Handle: h.Handle}, 4*width)
	r := rand.New(rand.NewPCG(id, 1))
	for range width {
		one = binary.LittleEndian.AppendUint32(one, math.Float32bits(float32(r.NormFloat64())))
	}
	for range flight {
		p.step = append(p.step, one...)
	}
	p.one, p.sent = len(one), make([]time.Time, 0, flight)
	return nil
}

// next reads a whole frame.
func (p *pipe) next() (frame.Header, []byte, error) {
	for want := frame.Head; ; want++ {
		b, err := p.in.Peek(max(want, p.in.Buffered()))
		if err != nil {
			return frame.Header{}, nil, err
		}
		h, payload, n, err := frame.Parse(b, 16<<10)
		if err != nil {
			return h, nil, err
		}
		if n == 0 {
			continue
		}
		payload = slices.Clone(payload)
		p.in.Discard(n)
		if h.Type == frame.Error {
			return h, nil, fmt.Errorf("%s", payload)
		}
		return h, payload, nil
	}
}

// send sends n steps.
func (p *pipe) send(n int) error {
	if n == 0 {
		return nil
	}
	_, err := p.conn.Write(p.step[:n*p.one])
	for now := time.Now(); n > 0; n-- {
		p.sent = append(p.sent, now)
	}
	return err
}

// run implements client: an answer makes room for the next step.
func (p *pipe) run(end time.Time, keep bool) error {
	if err := p.send(cap(p.sent)); err != nil {
		return err
	}
	for len(p.sent) > 0 {
		h, payload, err := p.next()
		if err != nil {
			return err
		}
		if h.Type != frame.Answer {
			return fmt.Errorf("a frame %v in place of an answer", h.Type)
		}
		// Further answers that have come are not looked at.
		answer := frame.Head + len(payload)
		got := 1 + p.in.Buffered()/answer
		p.in.Discard((got - 1) * answer)
		now := time.Now()
		if keep {
			for _, sent := range p.sent[:got] {
				p.took = append(p.took, now.Sub(sent))
			}
		}
		p.sent = p.sent[:copy(p.sent, p.sent[got:])]
		if now.Before(end) {
			if err := p.send(got); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pipe) times() []time.Duration { return p.took }

func (p *pipe) close() { p.conn.Close() }

// framed has sessions step for some time, each on a connection of frames with so many steps
// on their way.
func framed(s server, width, sessions, flight int, length time.Duration) (turn, error) {
	return measured(s, sessions, length, func() (client, error) {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			return nil, err
		}
		first++
		p := &pipe{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
		return p, p.open(s, width, flight, first)
	})
}
