//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"syscall"
	"time"
)

// A client is one session.
type client interface {
	run(end time.Time, keep bool) error // steps until then, and keeps what each step took if keep
	times() []time.Duration             // what was kept
	close()
}

// measured is a turn of so many sessions, which open opens. Before it, a tenth of the time goes
// by that does not count.
func measured(s server, sessions int, length time.Duration, open func() (client, error)) (t turn, err error) {
	var all []client
	defer func() {
		for _, c := range all {
			c.close()
		}
	}()
	for range sessions {
		c, err := open()
		if c != nil {
			all = append(all, c)
		}
		if err != nil {
			return t, err
		}
	}
	if err := together(all, length/10, false); err != nil {
		return t, err
	}
	server, err := processors(s.pid)
	if err != nil {
		return t, err
	}
	spent := own()
	began := time.Now()
	if err := together(all, length, true); err != nil {
		return t, err
	}
	seconds := time.Since(began).Seconds()
	after, err := processors(s.pid)
	if err != nil {
		return t, err
	}
	var took []time.Duration
	for _, c := range all {
		took = append(took, c.times()...)
	}
	if len(took) == 0 {
		return t, fmt.Errorf("no answer within %v", length)
	}
	slices.Sort(took)
	n := float64(len(took))
	at := func(share float64) float64 { return float64(took[int(share*(n-1))]) / 1e3 }
	return turn{
		Steps: n / seconds, P50: at(0.5), P99: at(0.99),
		ServerCPU: 1e6 * (after - server) / n,
		ClientCPU: 1e6 * (own() - spent) / n,
	}, nil
}

// together runs all clients for some time, and returns an error of one of them.
func together(all []client, length time.Duration, keep bool) error {
	var wg sync.WaitGroup
	errs := make(chan error, len(all))
	end := time.Now().Add(length)
	for _, c := range all {
		wg.Go(func() {
			if err := c.run(end, keep); err != nil {
				errs <- err
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// own is the seconds that this process has had of processors.
func own() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
