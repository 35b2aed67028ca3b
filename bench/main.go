// Command bench times recur on the shapes that it is given, one after another, as
// a peer of the programs in peers.py does. It reads lines of JSON from standard
// input,
//
//	{"cell": "lstm", "mode": "train", "batch": 32, "steps": 64, "input": 64, "hidden": 128, "seconds": 0.3}
//
// and answers each with the milliseconds of its fastest and its median run. See
// README.md for the command that runs it beside its peers.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

type job struct {
	Cell, Mode                  string
	Batch, Steps, Input, Hidden int
	Ragged                      bool
	Seconds                     float64
}

type answer struct {
	Best   float64 `json:"best"` // ms
	Median float64 `json:"median"`
	Runs   int     `json:"runs"`
}

func main() {
	lines, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var j job
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(2)
		}
		run, err := j.runner()
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(2)
		}
		out.Encode(clock(run, j.Seconds))
	}
}

// clock runs f for about the given time, after a run to warm up.
func clock(f func(), seconds float64) answer {
	f()
	var ms []float64
	for begin := time.Now(); len(ms) < 5 || time.Since(begin).Seconds() < seconds; {
		t := time.Now()
		f()
		ms = append(ms, float64(time.Since(t).Nanoseconds())/1e6)
	}
	slices.Sort(ms)
	return answer{ms[0], ms[len(ms)/2], len(ms)}
}

// runner is a forward pass, or a training step: forward and the gradients of all
// weights and of the input, as the peers compute them.
func (j job) runner() (func(), error) {
	r := rand.New(rand.NewPCG(1, 2))
	var c rnn.Cell
	switch j.Cell {
	case "rnn":
		c = rnn.NewBasic(r, j.Input, j.Hidden)
	case "gru":
		c = rnn.NewGRU(r, j.Input, j.Hidden)
	case "lstm":
		c = rnn.NewLSTM(r, j.Input, j.Hidden)
	default:
		return nil, fmt.Errorf("there is no cell %q", j.Cell)
	}
	x := nn.Normal(r, 1, j.Steps, j.Batch, j.Input)
	var lengths []int
	if j.Ragged { // 1 to steps, evenly
		for b := range j.Batch {
			lengths = append(lengths, 1+b*j.Steps/j.Batch)
		}
	}
	if j.Mode == "forward" { // as serving does: with the weights laid out before
		c = rnn.Freeze(c)
		if j.Batch == 1 && j.Steps == 1 {
			st := rnn.NewStream(c)
			return func() { st.Push(x.Value.Data) }, nil
		}
		g := grad.Eval()
		return func() {
			g.Reset()
			rnn.Dynamic(g, c, rnn.Seq{X: x, Len: lengths}, nil)
		}, nil
	}
	g := grad.New()
	return func() {
		g.Reset()
		y, _ := rnn.Dynamic(g, c, rnn.Seq{X: x, Len: lengths}, nil)
		g.Backward(y.X) // from a gradient of ones
	}, nil
}
