package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/train"
)

func TestFit(t *testing.T) {
	pieces := []string{"  epoch 3", ", loss 1.2345", ", perplexity 12.3456", ", 4.5 steps/s"}
	for width, want := range map[int]string{
		-5: "", 0: "", 8: "", 9: "  epoch 3", 30: "  epoch 3, loss 1.2345", 60: strings.Join(pieces, ""),
	} {
		if got := fit(width, pieces...); got != want {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
}

// Each epoch is a line that fits the terminal, however narrow.
func TestEpochLine(t *testing.T) {
	e := task.Epoch{Epoch: train.Epoch{N: 3, Loss: 1.23456, Elapsed: 12 * time.Second, PeakBytes: 34 << 20, Improved: true}, Of: 10}
	const valid, cost = "perplexity 12.3456", " (12 s, 34 MB)"
	for cols, want := range map[int]string{
		100: "  epoch 3 of 10: loss 1.2346, validation perplexity 12.3456, the best so far (12 s, 34 MB)",
		70:  "  epoch 3: loss 1.2346, valid perplexity 12.3456, best (12 s, 34 MB)",
		60:  "  epoch 3: loss 1.2346, valid perplexity 12.3456, best",
		30:  "  epoch 3: loss 1.2346",
		12:  "  epoch 3",
	} {
		if got := narrowEpochLine(cols, e, valid, cost); got != want || len(got) >= cols {
			t.Errorf("%d columns: %q, want %q", cols, got, want)
		}
	}
}

// Off a terminal there is a line for each epoch, and within long ones from time to time.
func TestTrainingOffATerminal(t *testing.T) {
	var out bytes.Buffer
	b := newTrainingBar(&out, "accuracy")
	now := time.Unix(0, 0)
	b.now = func() time.Time { return now }
	at := func(seconds, step, epoch int) {
		now = time.Unix(int64(seconds), 0)
		s := task.Step{Progress: train.Progress{Epoch: epoch, Step: step, Loss: 0.5, StepsPerSecond: 2}, Of: 300}
		b.train(s)
	}
	for s := 1; s <= 70; s++ {
		at(s, 2*s, 1)
	}
	e := task.Epoch{Epoch: train.Epoch{N: 1, Loss: 0.5, Elapsed: 75 * time.Second}, Of: 2, Scores: task.Scores{"accuracy": 0.75}}
	now = time.Unix(75, 0)
	b.epoch(e, task.Metric{Name: "accuracy"})
	for s := 76; s <= 106; s++ {
		at(s, 2*s, 2)
	}
	b.end(true)
	const want = `  step 62 of 300, epoch 1: loss 0.5000 (2.0 steps/s)
  step 122 of 300, epoch 1: loss 0.5000 (2.0 steps/s)
  epoch 1 of 2: loss 0.5000, validation accuracy 0.7500 (75 s, 0 MB)
  step 210 of 300, epoch 2: loss 0.5000 (2.0 steps/s)
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// Of nets side by side the epoch of one is not that of the run.
func TestTrainingOfNetsSideBySide(t *testing.T) {
	var out bytes.Buffer
	b := newTrainingBar(&out, "loss")
	now := time.Unix(0, 0)
	b.now = func() time.Time { return now }
	for i, s := range []task.Step{{Phase: "back-test"}, {Phase: "back-test"}, {Progress: train.Progress{Epoch: 2}}, {Progress: train.Progress{Epoch: 1}}, {Progress: train.Progress{Epoch: 3}}} {
		now = now.Add(quiet)
		s.Progress.Step = i
		b.train(s)
	}
	const want = `  step 1, back-test: loss 0.0000 (0.0 steps/s)
  step 2, epoch 2: loss 0.0000 (0.0 steps/s)
  step 3: loss 0.0000 (0.0 steps/s)
  step 4: loss 0.0000 (0.0 steps/s)
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
