// Command bench is recur's part of the comparison with its peers: it answers as
// peer.py describes. See README.md for the command that runs it beside them.
package main

import (
	"bufio"
	"context"
	"encoding/json"
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
	lines, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var j job
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			fail(err)
		}
		if j.Peak {
			out.Encode(map[string]float64{"gflops": speed.Peak()})
			continue
		}
		run, _, err := j.Runner()
		if err != nil {
			fail(err)
		}
		times, err := speed.Clock(context.Background(), run, time.Duration(j.Seconds*1e9), 3)
		if err != nil {
			fail(err)
		}
		out.Encode(struct {
			speed.Times
			Form string `json:"form"`
		}{times, kernel.Tier()})
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(2)
}
