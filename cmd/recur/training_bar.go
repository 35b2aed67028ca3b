package main

import (
	"fmt"
	"io"
	"sync/atomic"

	"github.com/vbauerster/mpb/v8/decor"

	"github.com/recur-go/recur/task"
)

// A trainingBar is a bar with loss, score and speed. Where there is no terminal it is a
// line for each epoch.
type trainingBar struct {
	bar
	w     io.Writer
	text  atomic.Pointer[string]
	name  string // name of the score
	score string // score of the last epoch
}

func newTrainingBar(w io.Writer, score string) *trainingBar {
	b := &trainingBar{w: w, name: score}
	b.bar = *newBar(w, "training", decor.Any(func(decor.Statistics) string {
		if t := b.text.Load(); t != nil {
			return *t
		}
		return ""
	}))
	return b
}

// train shows a step.
func (b *trainingBar) train(s task.Step) {
	text := fmt.Sprintf("  epoch %d, loss %.4f%s, %.1f steps/s", s.Epoch, s.Loss, b.score, s.StepsPerSecond)
	b.text.Store(&text)
	b.step(s.Progress.Step, s.Of)
}

// epoch shows an epoch, with its score if there was something to validate on.
func (b *trainingBar) epoch(e task.Epoch, m task.Metric) {
	if _, ok := e.Scores[m.Name]; !ok { // it is found at the end
		m.Name, b.name = "loss", "loss"
	}
	valid := ""
	if v, ok := e.Scores[m.Name]; ok {
		b.score = fmt.Sprintf(", %s %.4f", b.name, v)
		valid = fmt.Sprintf(", validation %s %.4f", m.Name, v)
	}
	if b.one != nil {
		return
	}
	if e.Improved {
		valid += ", the best so far"
	}
	fmt.Fprintf(b.w, "  epoch %d of %d: loss %.4f%s (%.0f s, %d MB)\n", e.N, e.Of, e.Loss, valid, e.Elapsed.Seconds(), e.PeakBytes>>20)
}
