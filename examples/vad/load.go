package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

const maxMemory = 1 << 24 // samples of a file that are kept to be sent again and again, 17 min

// load sends n streams at once, each over a connection of its own, and prints how late the
// answers came.
func load(ctx context.Context, server string, files []string, n int, long time.Duration, out io.Writer) error {
	var sounds [][]float32
	for _, path := range files {
		s, err := readAll(path)
		if err != nil {
			return err
		}
		sounds = append(sounds, s)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := make([][]time.Duration, n)
	random := rand.New(rand.NewPCG(1, uint64(n)))
	var connecting, sending sync.WaitGroup
	start := make(chan time.Time)
	connecting.Add(n)
	for k := range n {
		phase, sound := time.Duration(random.Int64N(int64(frameTime))), sounds[k%len(sounds)]
		at := random.IntN(len(sound)/frameLen) * frameLen
		sending.Go(func() {
			err := one(ctx, server, connecting.Done, start, phase, sound, at, long, &late[k])
			if err != nil {
				cancel(fmt.Errorf("stream %d of %d: %w", k+1, n, err))
			}
		})
	}
	connecting.Wait()
	begin := time.Now()
	for range n {
		select {
		case start <- begin:
		case <-ctx.Done():
		}
	}
	sending.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	summarize(slices.Concat(late...), n, time.Since(begin), out)
	return nil
}

// readAll reads the whole frames of a file.
func readAll(path string) ([]float32, error) {
	w, done, err := openWAV(path)
	if err != nil {
		return nil, err
	}
	defer done()
	var all []float32
	buf := make([]float32, 64*frameLen)
	for {
		n, err := w.read(buf)
		all = append(all, buf[:n]...)
		switch {
		case errors.Is(err, io.EOF) && len(all) >= frameLen:
			return all[:len(all)/frameLen*frameLen], nil
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%s has %d samples, less than a frame of %d", path, len(all), frameLen)
		case err != nil:
			return nil, fmt.Errorf("%s: %w", path, err)
		case len(all) > maxMemory:
			return nil, fmt.Errorf("%s has more than %d samples: measure with a shorter one", path, maxMemory)
		}
	}
}

// one sends a stream from sample at of a sound on, which begins anew where it ends. A frame is
// due when a microphone has heard all of it; late is how long after that its answer came, so
// that a frame which waits for the answer to the one before is late by that too.
func one(ctx context.Context, server string, connected func(), start <-chan time.Time, phase time.Duration, sound []float32, at int, long time.Duration, late *[]time.Duration) error {
	c, err := dial(ctx, server)
	if err != nil {
		connected()
		return err
	}
	defer c.Close()
	s, err := newStream(ctx, c)
	connected()
	if err != nil {
		return err
	}
	defer s.Close()
	var begin time.Time
	select {
	case begin = <-start:
	case <-ctx.Done():
		return ctx.Err()
	}
	frames := int(long / frameTime)
	*late = make([]time.Duration, 0, frames)
	for k := range frames {
		due := begin.Add(phase + time.Duration(k)*frameTime)
		if err := sleep(ctx, time.Until(due)); err != nil {
			return err
		}
		if _, err := s.send(ctx, sound[at:at+frameLen], k == frames-1); err != nil {
			return err
		}
		*late = append(*late, time.Since(due))
		at = (at + frameLen) % len(sound)
	}
	return nil
}

// summarize prints the times of all frames.
func summarize(late []time.Duration, n int, took time.Duration, out io.Writer) {
	slices.Sort(late)
	at := func(q float64) time.Duration { return late[int(q*float64(len(late)-1))].Round(10 * time.Microsecond) }
	missed, _ := slices.BinarySearch(late, frameTime+1)
	missed = len(late) - missed
	fmt.Fprintf(out, "%d streams, %d frames in %.1f s: p50 %v, p99 %v, max %v; %d after %v (%.3f %%)\n",
		n, len(late), took.Seconds(), at(0.5), at(0.99), at(1), missed, frameTime, 100*float64(missed)/float64(len(late)))
}
