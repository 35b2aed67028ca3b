package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

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

// A history is what the epochs of a run came to. It is kept in the run's folder, so that a
// run that goes on has the epochs from before too.
type history []epochScores

// resume reads the history of a run that was stopped in dir, if there is one. If the run
// is not to go on, it is an error that the new one would overwrite it.
func (h *history) resume(dir string, goOn bool) error {
	left, err := checkpoints(dir)
	switch {
	case err != nil || len(left) == 0:
		return err
	case !goOn:
		return usage("%s is of a run that was stopped: give --resume to go on with it, another --out, or remove it", left[0])
	}
	path := filepath.Join(dir, historyFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, h); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// add puts an epoch after those before it, and writes all to dir. Epochs that the
// checkpoint did not have any more are run again, and take the place of the old ones.
func (h *history) add(dir string, e task.Epoch) error {
	n := 0
	for n < len(*h) && (*h)[n].Epoch < e.N {
		n++
	}
	*h = append((*h)[:n], epochScores{e.N, e.Steps, e.Loss, maps.Clone(e.Scores), e.Improved})
	return replace(filepath.Join(dir, historyFile), func(w io.Writer) error { return json.NewEncoder(w).Encode(*h) })
}

// record trains by fit, with a checkpoint in dir to go on from, progress on the terminal, and
// the events for TensorBoard. The history grows by the epochs.
func (h *history) record(stderr io.Writer, dir string, resume bool, m task.Metric, fit func(o task.Options) error) error {
	events, err := tfevents.Create(filepath.Join(dir, "events"))
	if err != nil {
		return err
	}
	defer events.Close()
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
	bar := newTrainingBar(stderr, m.Name)
	o := task.Options{
		Checkpoint: filepath.Join(dir, checkpointFile), Resume: resume,
		OnStep: func(s task.Step) {
			bar.train(s)
			if s.Progress.Step%20 == 0 {
				keep(s.Progress.Step, task.Scores{"train/loss": s.Loss, "train/rate": s.Rate, "train/gradient": s.GradNorm})
			}
		},
		OnEpoch: func(e task.Epoch) bool {
			if err := h.add(dir, e); err != nil && lost == nil {
				lost = err
			}
			scores := task.Scores{"epoch/train_loss": e.Loss}
			for n, v := range e.Scores {
				scores["epoch/"+n] = v
			}
			keep(e.Steps, scores)
			bar.epoch(e, m)
			return true
		},
	}
	err = fit(o)
	bar.end(err == nil)
	if errors.Is(err, context.Canceled) {
		fmt.Fprintf(stderr, "  stopped; the same command with --resume goes on from %s\n", o.Checkpoint)
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
