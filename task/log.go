package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/recur-go/recur/train"
)

// An epochLog is the epochs of a run so far. A checkpoint carries it, so that a run that goes
// on has the same epochs as one that was never stopped.
type epochLog struct {
	epochs []Epoch
}

// A logLine is an epoch without what depends on the machine: time and memory.
type logLine struct {
	Steps    int     `json:"steps"`
	Loss     float64 `json:"loss"`
	Score    float64 `json:"score,omitempty"`
	Best     float64 `json:"best,omitempty"`
	Improved bool    `json:"improved,omitempty"`
	Scores   Scores  `json:"scores,omitempty"`
}

// add puts e, which it returns, after those before it.
func (l *epochLog) add(e Epoch) Epoch {
	e.Scores = maps.Clone(e.Scores)
	l.epochs = append(l.epochs, e)
	return e
}

// MarshalBinary implements train.Carried: the epochs are lines of JSON.
func (l *epochLog) MarshalBinary() ([]byte, error) {
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	for _, e := range l.epochs {
		if err := lines.Encode(logLine{e.Steps, e.Loss, e.Score, e.Best, e.Improved, e.Scores}); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// UnmarshalBinary implements train.Carried.
func (l *epochLog) UnmarshalBinary(b []byte) error {
	var all []Epoch
	for line := range bytes.Lines(b) {
		var e logLine
		n := len(all) + 1
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("epoch %d of its log cannot be read: %w", n, err)
		}
		if e.Steps <= 0 || n > 1 && e.Steps <= all[n-2].Steps {
			return errors.New("the steps of the epochs in its log do not increase")
		}
		all = append(all, Epoch{Scores: e.Scores, Epoch: train.Epoch{
			N: n, Steps: e.Steps, Loss: e.Loss, Score: e.Score, Best: e.Best, Improved: e.Improved}})
	}
	l.epochs = all
	return nil
}

// fits is an error if the epochs are not those of a run after so many epochs and steps.
func (l *epochLog) fits(epochs, steps int) error {
	n := len(l.epochs)
	if n == epochs && (n == 0 || l.epochs[n-1].Steps <= steps) {
		return nil
	}
	return fmt.Errorf("%w: its log of %d epochs is not that of this run; start again without it", train.ErrCheckpoint, n)
}
