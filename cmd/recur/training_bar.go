package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/recur-go/recur/task"
)

// A trainingBar is a bar with epoch, loss, score and speed, and a line above it for each
// epoch. Where there is no terminal the lines remain, and long epochs have more of them.
type trainingBar struct {
	bar
	w     io.Writer
	text  atomic.Pointer[[]string]
	name  string // name of the score
	score string // score of the last epoch
	last  int    // epoch of the last step
	many  bool   // nets side by side are trained: an epoch is that of one of them
	lined time.Time
	now   func() time.Time
}

// quiet is how long a training reports nothing where there is no terminal.
const quiet = 30 * time.Second

func newTrainingBar(w io.Writer, score string) *trainingBar {
	b := &trainingBar{w: w, name: score, now: time.Now}
	b.bar = *newBar(w, "training")
	b.pieces = func() []string {
		if t := b.text.Load(); t != nil {
			return *t
		}
		return nil
	}
	return b
}

// train shows a step.
func (b *trainingBar) train(s task.Step) {
	if s.Phase == "" {
		b.many = b.many || s.Epoch < b.last
		b.last = s.Epoch
	}
	if b.terminal == nil {
		b.report(s)
		return
	}
	place, loss := "  "+b.where(s), fmt.Sprintf("loss %.4f", s.Loss)
	if b.where(s) != "" {
		loss = ", " + loss
	}
	text := []string{place, loss, b.score, fmt.Sprintf(", %.1f steps/s", s.StepsPerSecond)}
	b.text.Store(&text)
	b.step(s.Progress.Step, s.Of)
}

// report prints where a training is if nothing has been printed for long.
func (b *trainingBar) report(s task.Step) {
	now := b.now()
	if b.lined.IsZero() {
		b.lined = now
	}
	if now.Sub(b.lined) < quiet {
		return
	}
	b.lined = now
	of := ""
	if s.Of > 0 {
		of = fmt.Sprintf(" of %d", s.Of)
	}
	place := b.where(s)
	if place != "" {
		place = ", " + place
	}
	fmt.Fprintf(b.w, "  step %d%s%s: loss %.4f (%.1f steps/s)\n", s.Progress.Step, of, place, s.Loss, s.StepsPerSecond)
}

// where is the phase or the epoch of a step. Once epochs have gone back they are those of nets
// side by side, and tell nothing of the whole.
func (b *trainingBar) where(s task.Step) string {
	switch {
	case s.Phase != "":
		return s.Phase
	case b.many:
		return ""
	}
	return fmt.Sprintf("epoch %d", s.Epoch)
}

// epoch shows an epoch, with its score if there was something to validate on.
func (b *trainingBar) epoch(e task.Epoch, m task.Metric) {
	if _, ok := e.Scores[m.Name]; !ok { // it is found at the end
		m.Name, b.name = "loss", "loss"
	}
	valid := ""
	if v, ok := e.Scores[m.Name]; ok {
		b.score = fmt.Sprintf(", %s %.4f", b.name, v)
		valid = fmt.Sprintf("%s %.4f", m.Name, v)
	}
	cost := fmt.Sprintf(" (%.0f s, %d MB)", e.Elapsed.Seconds(), e.PeakBytes>>20)
	b.lined = b.now()
	if b.terminal == nil {
		fmt.Fprintln(b.w, epochLine(e, valid, cost))
		return
	}
	cols, _, ok := size(b.terminal)
	if !ok {
		cols = 80
	}
	b.line(narrowEpochLine(cols, e, valid, cost))
}

// epochLine is an epoch in full.
func epochLine(e task.Epoch, valid, cost string) string {
	s := fmt.Sprintf("  epoch %d of %d: loss %.4f", e.N, e.Of, e.Loss)
	if valid != "" {
		s += ", validation " + valid
	}
	if e.Improved {
		s += ", the best so far"
	}
	return s + cost
}

// narrowEpochLine is what of an epoch has room in cols columns.
func narrowEpochLine(cols int, e task.Epoch, valid, cost string) string {
	if s := epochLine(e, valid, cost); len(s) < cols {
		return s
	}
	best := ""
	if valid != "" {
		valid = ", valid " + valid
	}
	if e.Improved {
		best = ", best"
	}
	return fit(cols-1, fmt.Sprintf("  epoch %d", e.N), fmt.Sprintf(": loss %.4f", e.Loss), valid, best, cost)
}
