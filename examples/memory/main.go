// Command memory compares how long recurrent cells remember, on two problems: adding (the
// sum of two marked numbers among many) and copying (ten symbols, after a wait).
//
//	go run ./examples/memory
//	go run ./examples/memory -problem copying -cells lstm -length 100
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/memory"
)

func main() {
	problem := flag.String("problem", memory.Adding, "adding or copying")
	length := flag.Int("length", 100, "steps of adding's sequence, or of copying's wait")
	cells := flag.String("cells", "basic,lstm,gru", "cells to compare")
	steps := flag.Int("steps", 3000, "training steps, at most")
	seed := flag.Uint64("seed", 1, "seed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := compare(ctx, os.Stdout, *problem, strings.Split(*cells, ","), *length, *steps, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "memory:", err)
		os.Exit(1)
	}
}

// compare trains a net with each cell and prints its progress.
func compare(ctx context.Context, w io.Writer, problem string, cells []string, length, steps int, seed uint64) error {
	for _, cell := range cells {
		c, err := memory.Preset(problem, length)
		if err != nil {
			return err
		}
		c.Cell, c.Steps, c.Seed = rnn.Kind(cell), steps, seed
		c.Chrono = c.Chrono && (c.Cell == rnn.KindLSTM || c.Cell == rnn.KindGRU)
		fmt.Fprintf(w, "%s over %d steps by %s; without memory the loss is %.4f\n", problem, length, cell, c.Baseline())
		began := time.Now()
		_, res, err := memory.Train(ctx, c, task.Options{OnEpoch: func(e task.Epoch) bool {
			if e.Steps%500 == 0 {
				fmt.Fprintf(w, "  %5d steps: loss %.5f, right %5.1f %%\n", e.Steps, e.Scores["loss"], 100*e.Scores["accuracy"])
			}
			return true
		}})
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "  %5d steps: loss %.5f, right %5.1f %% of new sequences, in %.0f s\n\n", res.Steps, res.Loss, 100*res.Accuracy, time.Since(began).Seconds())
	}
	return nil
}
