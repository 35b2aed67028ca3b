package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/recur-go/recur/serve/client"
)

const frameTime = time.Second * frameLen / rate // 32 ms

func runStream(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("stream", flag.ContinueOnError)
	server := f.String("server", "127.0.0.1:8090", "address of the server")
	fast := f.Bool("fast", false, "send as fast as the server answers, not as a microphone does")
	n := f.Int("connections", 0, "send so many streams at once, at the pace of microphones, and measure")
	long := f.Duration("for", 30*time.Second, "how long to measure")
	files, err := parse(f, args, out)
	if err != nil {
		return err
	}
	switch {
	case *n < 0 || *n > 100_000:
		return fmt.Errorf("--connections %d: want 1 to 100000", *n)
	case *n > 0 && *fast:
		return errors.New("--connections measures at the pace of microphones: leave --fast out")
	case *long < 2*frameTime || *long > time.Hour:
		return fmt.Errorf("--for %v: want %v to 1h", *long, 2*frameTime)
	case *n > 0:
		return load(ctx, *server, files, *n, *long, out)
	}
	c, err := dial(ctx, *server)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, path := range files {
		if err := streamFile(ctx, c, path, *fast, out); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func dial(ctx context.Context, server string) (*client.Client, error) {
	c, err := client.Dial(ctx, server, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("%w; is a server there? Start one by vad serve silero_vad.onnx", err)
	}
	return c, nil
}

// A stream is a session of the server that takes what one microphone hears.
type stream struct {
	*client.Session
	begun bool
	y     []float32
}

func newStream(ctx context.Context, c *client.Client) (*stream, error) {
	s, err := c.Session(ctx, "vad", "")
	if err != nil {
		return nil, err
	}
	if s.In() != frameLen || s.Out() != 1 {
		return nil, fmt.Errorf("model vad of the server takes %d values and gives %d, want %d and 1: is that another server?", s.In(), s.Out(), frameLen)
	}
	return &stream{Session: s}, nil
}

// send sends a frame, the last one of the session too, and returns the probability of speech.
func (s *stream) send(ctx context.Context, frame []float32, last bool) (p float32, err error) {
	switch {
	case last:
		s.y, err = s.End(ctx, s.y, frame)
	case !s.begun:
		s.y, err = s.Restart(ctx, s.y, frame)
	default:
		s.y, err = s.Step(ctx, s.y, frame)
	}
	if err != nil {
		return 0, err
	}
	s.begun = true
	return s.y[0], nil
}

// streamFile sends a file and prints the speech in it.
func streamFile(ctx context.Context, c *client.Client, path string, fast bool, out io.Writer) error {
	w, done, err := openWAV(path)
	if err != nil {
		return err
	}
	defer done()
	s, err := newStream(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	report := func(found segment, ok bool) {
		if ok {
			start, end := found.seconds()
			fmt.Fprintf(out, "%s\t%.3f\t%.3f\n", path, start, end)
		}
	}
	var found segments
	var frame, next [frameLen]float32
	begin, total := time.Now(), 0
	n, err := w.read(frame[:])
	for n > 0 && err == nil {
		total += n
		clear(frame[n:])
		var more int
		if more, err = w.read(next[:]); err != nil && err != io.EOF {
			break
		}
		if !fast { // a microphone has a frame when all of it was heard
			if e := sleep(ctx, time.Until(begin.Add(time.Duration(found.at/frameLen+1)*frameTime))); e != nil {
				return e
			}
		}
		p, e := s.send(ctx, frame[:], more == 0)
		if e != nil {
			return e
		}
		report(found.add(p))
		n, frame = more, next
	}
	if err != io.EOF {
		return err
	}
	report(found.end(total))
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
