package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

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

// best is the best epoch, whose parameters the model has.
func (h history) best() (b epochScores) {
	for _, e := range h {
		if e.Best || b.Epoch == 0 {
			b = e
		}
	}
	return b
}
