// Command bench is recur's part of the comparison with its peers: it answers as
// peer.py describes. See README.md for the command that runs it beside them.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/recur-go/recur/bench/speed"
	"github.com/recur-go/recur/internal/kernel"
)

type job struct {
	speed.Point
	Seconds float64
	Peak    bool // measure the machine instead
}

func main() {
	if err := speed.Serve(os.Stdin, os.Stdout, job.answer); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

func (j job) answer() (any, error) {
	if j.Peak {
		return map[string]float64{"gflops": speed.Peak()}, nil
	}
	run, _, err := j.Runner()
	if err != nil {
		return nil, err
	}
	times, err := speed.Clock(context.Background(), run, time.Duration(j.Seconds*1e9), 3)
	return struct {
		speed.Times
		Form string `json:"form"`
	}{times, kernel.Tier()}, err
}
