package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/recur-go/recur/cmd/recur/internal/tfevents"
	"github.com/recur-go/recur/task"
)

// epochScores are what an epoch came to.
type epochScores struct {
	Epoch  int         `json:"epoch"`
	Steps  int         `json:"steps"`
	Loss   float64     `json:"loss"` // loss in training
	Scores task.Scores `json:"scores"`
	Best   bool        `json:"best,omitempty"` // the best so far
}

// A history is what the epochs of a run came to. A run that goes on has those of before from
// its checkpoint.
type history []epochScores

// add puts an epoch after those before it, and writes all to a folder.
func (h *history) add(f *folder, e task.Epoch) error {
	*h = append(*h, epochScores{e.N, e.Steps, e.Loss, maps.Clone(e.Scores), e.Improved})
	return f.write(historyFile, func(w io.Writer) error { return newEncoder(w).Encode(*h) })
}

// record trains by fit, with a checkpoint in a folder to go on from, progress on the terminal,
// and the events for TensorBoard. The history grows by the epochs. begin is called, once, before
// anything is written.
func (h *history) record(stderr io.Writer, f *folder, m task.Metric, begin func() error, fit func(o task.Options) error) error {
	resume := f.state == stopped
	open := tfevents.Create
	if resume {
		open = tfevents.Resume
	}
	var events *tfevents.Writer
	start := sync.OnceValue(func() (err error) {
		if err := begin(); err != nil {
			return err
		}
		events, err = open(f.path(eventsFolder))
		return err
	})
	var lost error // of the events or the history
	keep := func(step int, scores task.Scores) {
		names := slices.Sorted(maps.Keys(scores))
		values := make([]float64, len(names))
		for i, n := range names {
			values[i] = scores[n]
		}
		if err := events.Scalars(step, names, values); err != nil && lost == nil {
			lost = err
		}
	}
	before := 0 // steps of a run that goes on
	bar := newTrainingBar(stderr, m.Name)
	o := task.Options{
		Checkpoint: f.path(checkpointFile), Resume: resume, Begin: start,
		OnResume: func(steps int) {
			before = max(before, steps)
			events.From(steps)
		},
		OnStep: func(s task.Step) {
			bar.train(s)
			if s.Phase == "" && s.Progress.Step%20 == 0 {
				keep(s.Progress.Step, task.Scores{"train/loss": s.Loss, "train/rate": s.Rate, "train/gradient": s.GradNorm})
			}
		},
		OnEpoch: func(e task.Epoch) bool {
			if err := h.add(f, e); err != nil && lost == nil {
				lost = err
			}
			scores := task.Scores{"epoch/train_loss": e.Loss}
			for n, v := range e.Scores {
				scores["epoch/"+n] = v
			}
			keep(e.Steps, scores)
			if e.Steps > before {
				bar.epoch(e, m)
			}
			return true
		},
	}
	err := fit(o)
	if events != nil {
		if e := events.Close(); lost == nil {
			lost = e
		}
	}
	bar.end(err == nil)
	if errors.Is(err, context.Canceled) {
		f.noteStopped(stderr)
	}
	if err == nil {
		err = lost
	}
	return err
}

// curves are the epochs, their losses in training and their scores of a name, nil unless all
// have one.
func (h history) curves(name string) (epochs, losses, scores []float64) {
	for _, e := range h {
		epochs, losses = append(epochs, float64(e.Epoch)), append(losses, e.Loss)
		if v, ok := e.Scores[name]; ok {
			scores = append(scores, v)
		}
	}
	if len(scores) < len(h) {
		scores = nil
	}
	return epochs, losses, scores
}

// best is the best epoch, whose parameters the model has.
func (h history) best() (b epochScores) {
	for _, e := range h {
		if e.Best || b.Epoch == 0 {
			b = e
		}
	}
	return b
}
