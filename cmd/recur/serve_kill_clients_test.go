//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/recur-go/recur/serve/client"
	"github.com/recur-go/recur/serve/frame"
)

// patience is how long a client waits for an answer: now and then less than a server needs.
func (f *follower) patience() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 20*time.Millisecond<<f.r.IntN(7))
}

// tryAgain waits before the client asks again.
func (f *follower) tryAgain() {
	f.again.Add(1)
	time.Sleep(time.Duration(f.r.IntN(20)) * time.Millisecond)
}

// mayFail reports whether an error with this code can be of a server that ends or is busy.
func mayFail(code string) bool {
	return slices.Contains([]string{"draining", "closed", "busy", "full", "timeout"}, code)
}

func (f *follower) byJSON()  { f.byHTTP(false) }
func (f *follower) byBytes() { f.byHTTP(true) }

// byHTTP asks for some steps at once under their numbers, and after a failure for the same again.
func (f *follower) byHTTP(bare bool) {
	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", f.socket)
	}}}
	defer c.CloseIdleConnections()
	f.away = 3
	for !f.done() {
		first := f.ref.Steps() + 1
		for rows := f.r.IntN(int(f.away)) + 1; ; f.tryAgain() {
			ctx, cancel := f.patience()
			ok, err := f.ask(ctx, c, bare, first, rows)
			cancel()
			if !ok {
				return
			}
			if err == nil {
				break
			}
		}
		f.rest()
	}
}

// last asks for one more step, of a server that nothing happens to.
func (f *follower) last() {
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", f.socket)
	}}}
	for answered := f.steps.Load(); f.steps.Load() == answered; {
		if ok, err := f.ask(context.Background(), c, true, f.ref.Steps()+1, 1); !ok || err != nil {
			f.violation("session %s does not go on: %v", f.id, err)
			return
		}
	}
}

// ask asks once for steps. It returns an error if it has to ask again, and not ok if the
// server has done what it must not do.
func (f *follower) ask(ctx context.Context, c *http.Client, bare bool, first uint64, rows int) (ok bool, err error) {
	var body []byte
	url, kind := "http://localhost/v2/models/m/sessions/"+f.id+"/steps", "application/json"
	if bare {
		url, kind = fmt.Sprintf("%s?step=%d", url, first), "application/octet-stream"
		for i := range rows {
			body, _ = binary.Append(body, binary.LittleEndian, f.x(first+uint64(i)))
		}
	} else {
		q := map[string]any{"step": first}
		var x [][]float32
		for i := range rows {
			x = append(x, f.x(first+uint64(i)))
		}
		q["x"] = x
		body, _ = json.Marshal(q)
	}
	r, err := http.NewRequestWithContext(ctx, "POST", url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", kind)
	a, err := c.Do(r)
	if err != nil {
		return true, err
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		return true, err
	}
	if a.StatusCode != http.StatusOK {
		e := new(frame.ErrorText)
		json.Unmarshal(b, e)
		return f.refused(a.StatusCode, e, first)
	}
	var y [][]float32
	if bare {
		for ; len(b) >= 4*f.model.Out(); b = b[4*f.model.Out():] {
			row := make([]float32, f.model.Out())
			for i := range row {
				row[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
			}
			y = append(y, row)
		}
	} else {
		var answer struct{ Y [][]float32 }
		if err := json.Unmarshal(b, &answer); err != nil {
			f.violation("session %s: the answer %s: %v", f.id, b, err)
			return false, err
		}
		y = answer.Y
	}
	if len(y) != rows {
		f.violation("session %s: %d answers to %d steps", f.id, len(y), rows)
		return false, errors.New("too few answers")
	}
	for i, row := range y {
		if !f.answered(first+uint64(i), row) {
			return false, errors.New("a wrong answer")
		}
	}
	return true, nil
}

// refused is told that steps were refused. Some of them may have been done by the request
// before, whose answer was lost: then all answers but the last are lost.
func (f *follower) refused(status int, e *frame.ErrorText, first uint64) (ok bool, err error) {
	switch {
	case e.Code == "step" && e.Have >= first && e.Have < first+f.away:
		f.skip(e.Have)
		return true, nil
	case mayFail(e.Code):
		return true, e
	}
	f.violation("session %s: step %d is refused with %d: %s (code %q, the session has done %d)", f.id, first, status, e.Text, e.Code, e.Have)
	return false, e
}

// byFrames has some steps on their way at once, by a client that resumes by itself. Now and
// then it loses patience, and opens the session anew.
func (f *follower) byFrames() {
	f.away = 8
	var c *client.Client
	defer func() {
		if c != nil {
			c.Close()
		}
	}()
	for !f.done() {
		if c != nil && f.r.IntN(4) == 0 {
			c.Close()
			c = nil
		}
		if c == nil {
			var err error
			ctx, cancel := f.patience()
			c, err = client.Dial(ctx, "unix:"+f.socket, client.Options{Keep: -1, Retry: time.Hour})
			cancel()
			if err != nil {
				c = nil
				f.tryAgain()
				continue
			}
		}
		ctx, cancel := f.patience()
		s, err := c.Session(ctx, "m", f.id)
		cancel()
		if err != nil {
			if !f.mayBreak(err) {
				return
			}
			f.tryAgain()
			continue
		}
		ok := f.session(s)
		s.Close()
		if !ok {
			return
		}
	}
}

// session steps a session until it loses patience, and reports whether all was well.
func (f *follower) session(s *client.Session) (ok bool) {
	if have, at := s.Steps(), f.ref.Steps(); have < at {
		f.violation("session %s has done %d steps, but %d were answered", f.id, have, at)
		return false
	}
	f.skip(s.Steps())
	for !f.done() {
		calls := make(chan *client.Call, f.away)
		n := f.r.IntN(cap(calls)) + 1
		first := f.ref.Steps() + 1
		for i := range n {
			s.Go(&client.Call{X: f.x(first + uint64(i)), Done: func(c *client.Call) { calls <- c }})
		}
		ctx, cancel := f.patience()
		for i := range n { // answers come in order
			var c *client.Call
			select {
			case c = <-calls:
			case <-ctx.Done():
			}
			step := first + uint64(i)
			switch {
			case c == nil:
				f.tryAgain()
			case c.Err == nil:
				if ok := f.answered(step, c.Y); ok {
					continue
				}
				cancel()
				return false
			case errors.Is(c.Err, client.ErrAnswerLost):
				f.skip(step)
				continue
			default:
				if ok := f.mayBreak(c.Err); !ok {
					cancel()
					return false
				}
				f.tryAgain()
			}
			cancel()
			return true
		}
		cancel()
		f.rest()
	}
	return true
}

// mayBreak reports whether an error of a client is one that a sound server can be the cause of.
func (f *follower) mayBreak(err error) bool {
	var e *frame.ErrorText
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, client.ErrClosed) || errors.As(err, &e) && mayFail(e.Code) {
		return true
	}
	f.violation("session %s, which has done %d steps: %v (%T)", f.id, f.ref.Steps(), err, err)
	return false
}
