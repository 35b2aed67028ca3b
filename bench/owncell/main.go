// Command owncell times a training step of cells that no library has fused: an LSTM
// with layer normalisation, and an LSTM and a minimal gated unit that are written by
// hand in operations of the tape. It answers lines of JSON, such as
//
//	{"cell": "lstm", "batch": 32, "steps": 64, "input": 64, "hidden": 128, "seconds": 0.3}
//
// with the milliseconds of its median run and the loss, as owncell.py does with
// PyTorch. run.py asks both in turn. See README.md.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
)

type job struct {
	Cell                        string
	Batch, Steps, Input, Hidden int
	Seconds                     float64
}

type answer struct {
	Median float64 `json:"median"` // ms
	Runs   int     `json:"runs"`
	Loss   float64 `json:"loss"`
}

func main() {
	profile := flag.String("cpuprofile", "", "file for a profile")
	flag.Parse()
	if err := serve(os.Stdin, os.Stdout, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "owncell:", err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer, profile string) error {
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var j job
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			return err
		}
		step, err := j.trainer()
		if err != nil {
			return err
		}
		if err := json.NewEncoder(out).Encode(clock(step, j.Seconds)); err != nil {
			return err
		}
	}
	return nil
}

// clock repeats step for about the given time, after once to warm up.
func clock(step func() float64, seconds float64) answer {
	a := answer{Loss: step()}
	var ms []float64
	for begin := time.Now(); len(ms) < 5 || time.Since(begin).Seconds() < seconds; {
		t := time.Now()
		step()
		ms = append(ms, float64(time.Since(t).Nanoseconds())/1e6)
	}
	slices.Sort(ms)
	a.Median, a.Runs = ms[len(ms)/2], len(ms)
	return a
}

// trainer gives a training step: forward, and the gradients of all weights and of
// the input from the mean square of all outputs.
func (j job) trainer() (func() float64, error) {
	c, err := newCell(j.Cell, j.Input, j.Hidden)
	if err != nil {
		return nil, err
	}
	var w waves
	x := w.next(j.Steps, j.Batch, j.Input)
	for i := range x.Value.Data {
		x.Value.Data[i] *= 8
	}
	g := grad.New()
	return func() float64 {
		g.Reset()
		y, _ := rnn.Dynamic(g, c, rnn.Seq{X: x}, nil)
		loss := g.Mean(g.Square(y.X))
		g.Backward(loss)
		return float64(loss.Value.Data[0])
	}, nil
}
