// Package memory holds two problems that need nothing but a long memory, by which
// recurrent cells have been compared since Hochreiter & Schmidhuber 1997:
//
//   - adding: two of many numbers are marked; give their sum at the end.
//   - copying: read ten symbols, wait, and give them back in order.
//
// A net that remembers nothing has the loss that Config.Baseline gives.
package memory

import (
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// The problems.
const (
	Adding  = "adding"
	Copying = "copying"
)

// Config is all that determines a run. Preset gives one that solves its problem.
type Config struct {
	Problem string   `json:"problem"`          // adding or copying
	Length  int      `json:"length"`           // steps of the sequence of adding; of the wait of copying
	Cell    rnn.Kind `json:"cell"`             // kind of the cell
	Hidden  int      `json:"hidden"`           // width of the cell
	Chrono  bool     `json:"chrono,omitempty"` // initial gates that remember up to Length steps; for lstm and gru

	Batch         int     `json:"batch"`                    // sequences of a training step
	Steps         int     `json:"steps"`                    // training steps, at most
	Rate          float64 `json:"rate"`                     // learning rate of Adam
	WeightAverage float64 `json:"weight_average,omitempty"` // decay of the moving average of the weights, which are the net's; 0 for none
	Enough        float64 `json:"enough"`                   // loss on new sequences at which training ends; 0 for never
	Seed          uint64  `json:"seed"`                     // seed of all that is drawn
}

// Preset returns a config for a problem over sequences of the given length.
func Preset(problem string, length int) (Config, error) {
	c := Config{Problem: problem, Length: length, Cell: rnn.KindGRU, Hidden: 64, Batch: 50, Steps: 10000, Rate: 2e-3, Enough: 2e-4, Seed: 1}
	if problem == Copying {
		c.Cell, c.Hidden, c.Chrono, c.Batch, c.Rate, c.Steps, c.WeightAverage = rnn.KindLSTM, 192, true, 16, 8e-3, 30000, 0.999
	}
	return c, c.check()
}

func (c Config) check() error {
	e := setting.Errors{System: "memory"}
	setting.OneOf(&e, "problem", c.Problem, Adding, Copying)
	e.Add(c.Cell.Check())
	e.If(c.Chrono && c.Cell != rnn.KindLSTM && c.Cell != rnn.KindGRU, "chrono is for the gates of lstm and gru, which %s has not", c.Cell)
	e.Between("length", c.Length, 2, 1e5)
	e.Between("hidden", c.Hidden, 1, 1e5)
	e.Between("batch", c.Batch, 1, 1e5)
	e.Count("steps", c.Steps)
	e.Rate("rate", c.Rate)
	e.Share("weight_average", c.WeightAverage)
	return e.Err()
}

// Baseline is the loss without memory. For adding it is the variance of the sum of two
// uniform numbers, 1/6, for copying that of guessing the symbols, 10·ln 8 over all steps.
func (c Config) Baseline() float64 {
	if c.Problem == Adding {
		return 1. / 6
	}
	return recall * math.Log(symbols) / float64(c.Length+2*recall)
}

// Copying has 8 symbols, a blank, and a sign to begin.
const (
	recall  = 10 // symbols to copy
	symbols = 8
	blank   = symbols
	begin   = symbols + 1
	letters = symbols + 2
)

// A batch is sequences of a problem, time-major.
type batch struct {
	x    *tensor.Tensor // [steps, batch, width]
	sums *tensor.Tensor // sums of adding [batch, 1]
	ids  []int          // symbols of copying [steps*batch]
}

// width is that of the input at each step.
func (c Config) width() int {
	if c.Problem == Adding {
		return 2
	}
	return letters
}

// outputs is the width of what is given back.
func (c Config) outputs() int {
	if c.Problem == Adding {
		return 1
	}
	return letters
}

// draw draws n sequences.
func (c Config) draw(r *rand.Rand, n int) batch {
	if c.Problem == Adding {
		return adding(r, c.Length, n)
	}
	return copying(r, c.Length, n)
}

// adding draws numbers from 0 to 1, one of each half marked, and the sums of the marked.
func adding(r *rand.Rand, steps, n int) batch {
	b := batch{x: tensor.New(steps, n, 2), sums: tensor.New(n, 1)}
	for i := range n {
		first, second := r.IntN(steps/2), steps/2+r.IntN(steps-steps/2)
		for t := range steps {
			at := (t*n + i) * 2
			b.x.Data[at] = tensor.Float(r.Float64())
			if t == first || t == second {
				b.x.Data[at+1] = 1
				b.sums.Data[i] += b.x.Data[at]
			}
		}
	}
	return b
}

// copying draws ten symbols, wait-1 blanks, the sign to begin, and ten blanks, in which
// the symbols are wanted; before, blanks are.
func copying(r *rand.Rand, wait, n int) batch {
	steps := wait + 2*recall
	b := batch{x: tensor.New(steps, n, letters), ids: make([]int, steps*n)}
	for i := range n {
		for t := range steps {
			in := blank
			switch {
			case t < recall:
				in = r.IntN(symbols)
				b.ids[(t+wait+recall)*n+i] = in
			case t == wait+recall-1:
				in = begin
			}
			b.x.Data[(t*n+i)*letters+in] = 1
			if t < wait+recall {
				b.ids[t*n+i] = blank
			}
		}
	}
	return b
}
