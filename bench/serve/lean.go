//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

// A caller is one session on a connection of its own.
type caller struct {
	conn        net.Conn
	in          *bufio.Reader
	start, step []byte // requests
	took        []time.Duration
}

// first is the number of the next session: none is used twice.
var first = uint64(time.Now().UnixNano()) >> 10

func dial(s server, input string, width int) (*caller, error) {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		return nil, err
	}
	first++
	c := &caller{conn: conn, in: bufio.NewReaderSize(conn, 4096)}
	c.start = request(s, input, width, first, `,"sequence_start":true`)
	c.step = request(s, input, width, first, "")
	return c, nil
}

// request is the bytes of a step.
func request(s server, input string, width int, id uint64, more string) []byte {
	head := fmt.Sprintf(`{"parameters":{"sequence_id":%d%s,"binary_data_output":true},"inputs":[{"name":"%s","shape":[1,%d],"datatype":"FP32","parameters":{"binary_data_size":%d}}]}`,
		id, more, input, width, 4*width)
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST /v2/models/%s/infer HTTP/1.1\r\nHost: %s\r\nContent-Type: application/octet-stream\r\nInference-Header-Content-Length: %d\r\nContent-Length: %d\r\n\r\n%s",
		s.model, s.addr, len(head), len(head)+4*width, head)
	r := rand.New(rand.NewPCG(id, 1))
	for range width {
		binary.Write(&b, binary.LittleEndian, float32(r.NormFloat64()))
	}
	return b.Bytes()
}

var lengthHeader = []byte("content-length:")

// ask sends a request and reads its answer.
func (c *caller) ask(req []byte) error {
	if _, err := c.conn.Write(req); err != nil {
		return err
	}
	length, status := -1, ""
	for i := 0; ; i++ {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		switch line = bytes.TrimRight(line, "\r\n"); {
		case i == 0:
			if !bytes.HasPrefix(line, []byte("HTTP/1.1 200")) {
				status = string(line)
			}
			continue
		case len(line) > len(lengthHeader) && bytes.EqualFold(line[:len(lengthHeader)], lengthHeader):
			length = 0
			for _, d := range bytes.TrimSpace(line[len(lengthHeader):]) {
				length = 10*length + int(d-'0')
			}
			continue
		case len(line) > 0:
			continue
		}
		break
	}
	if length < 0 {
		return fmt.Errorf("the answer has no Content-Length")
	}
	if status != "" {
		text := make([]byte, min(length, 300))
		io.ReadFull(c.in, text)
		return fmt.Errorf("%s: %s", status, text)
	}
	_, err := c.in.Discard(length)
	return err
}

// run implements client: it asks for step after step.
func (c *caller) run(end time.Time, keep bool) error {
	for now := time.Now(); now.Before(end); {
		if err := c.ask(c.step); err != nil {
			return err
		}
		then := time.Now()
		if keep {
			c.took = append(c.took, then.Sub(now))
		}
		now = then
	}
	return nil
}

func (c *caller) times() []time.Duration { return c.took }

func (c *caller) close() { c.conn.Close() }

// lean has sessions ask for step after step for some time.
func lean(s server, input string, width, sessions int, length time.Duration) (turn, error) {
	return measured(s, sessions, length, func() (client, error) {
		c, err := dial(s, input, width)
		if err != nil {
			return nil, err
		}
		return c, c.ask(c.start)
	})
}
