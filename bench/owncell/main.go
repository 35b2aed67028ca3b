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
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/recur-go/recur/bench/speed"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
)

type job struct {
	Cell                        string
	Batch, Steps, Input, Hidden int
	Seconds                     float64
}

type answer struct {
	speed.Times
	Loss float64 `json:"loss"`
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
	stop, err := speed.Profile(profile)
	if err != nil {
		return err
	}
	defer stop()
	return speed.Serve(in, out, job.answer)
}

func (j job) answer() (any, error) {
	step, err := j.trainer()
	if err != nil {
		return nil, err
	}
	a := answer{}
	a.Times, err = speed.Clock(context.Background(), func() { a.Loss = step() }, time.Duration(j.Seconds*1e9), 5)
	return a, err
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
