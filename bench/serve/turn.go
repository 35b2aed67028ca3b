//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"
	"syscall"
	"time"
)

// measured is a turn of what run does: for a tenth of the time it does not count.
func measured(s server, length time.Duration, run func(length time.Duration, keep bool) error, took func() []time.Duration) (t turn, err error) {
	if err := run(length/10, false); err != nil {
		return t, err
	}
	server, err := processors(s.pid)
	if err != nil {
		return t, err
	}
	client := own()
	began := time.Now()
	if err := run(length, true); err != nil {
		return t, err
	}
	seconds := time.Since(began).Seconds()
	after, err := processors(s.pid)
	if err != nil {
		return t, err
	}
	all := took()
	if len(all) == 0 {
		return t, fmt.Errorf("no answer within %v", length)
	}
	slices.Sort(all)
	n := float64(len(all))
	at := func(share float64) float64 { return float64(all[int(share*(n-1))]) / 1e3 }
	return turn{
		Steps: n / seconds, P50: at(0.5), P99: at(0.99),
		ServerCPU: 1e6 * (after - server) / n,
		ClientCPU: 1e6 * (own() - client) / n,
	}, nil
}

// own is the seconds that this process has had of processors.
func own() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
