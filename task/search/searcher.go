package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/recur-go/recur/internal/atomicfile"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/par"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/recipe"
	"github.com/recur-go/recur/train"
)

// A searcher is a search that goes on.
type searcher struct {
	Options
	plan    []rung
	journal *journal
	metric  task.Metric
}

func (s *searcher) search(ctx context.Context) (*Outcome, error) {
	out := &Outcome{Metric: s.metric}
	trials := make([]int, s.Trials)
	for i := range trials {
		trials[i] = i
	}
	board := map[int]Run{}
	for k, rung := range s.plan {
		runs, err := s.rung(ctx, trials[:rung.trials], k, rung.epochs, k == len(s.plan)-1)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(runs, s.compare)
		trials = trials[:0]
		for _, r := range runs {
			trials = append(trials, r.Trial)
			board[r.Trial] = r
			out.Epochs += r.Epochs
		}
		if runs[0].Error != "" {
			return nil, fmt.Errorf("search: every run of %d epochs failed; the first: %s", rung.epochs, runs[0].Error)
		}
		out.Best = runs[0]
	}
	for _, r := range board {
		out.Board = append(out.Board, r)
	}
	slices.SortFunc(out.Board, func(a, b Run) int { return cmp.Or(b.Rung-a.Rung, s.compare(a, b)) })
	return out, s.crown(out)
}

// compare puts the better run first, and the earlier trial of two that are equal.
func (s *searcher) compare(a, b Run) int {
	failed := func(r Run) int { return min(1, len(r.Error)) }
	if c := failed(a) - failed(b); c != 0 {
		return c
	}
	switch {
	case s.metric.Better(a.Score, b.Score):
		return -1
	case s.metric.Better(b.Score, a.Score):
		return 1
	}
	return a.Trial - b.Trial
}

// rung runs trials for some epochs, side by side.
func (s *searcher) rung(ctx context.Context, trials []int, k, epochs int, last bool) ([]Run, error) {
	runs := make([]Run, len(trials))
	var mu sync.Mutex // of the journal and OnRun
	err := par.Each(ctx, len(trials), s.Workers, func(ctx context.Context, i int) (err error) {
		trial := trials[i]
		if have, ok := s.journal.run(&mu, place{trial, k}); ok && (!last || have.Error != "" || exists(s.model(trial))) {
			runs[i] = have
			return nil
		}
		if runs[i], err = s.run(ctx, trial, k, epochs, last); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if err := s.journal.add(runs[i]); err != nil {
			return err
		}
		if s.OnRun != nil {
			s.OnRun(runs[i])
		}
		return nil
	})
	return runs, err
}

// run trains a trial. It goes on from the checkpoint of a search that was stopped.
func (s *searcher) run(ctx context.Context, trial, k, epochs int, last bool) (Run, error) {
	if err := ctx.Err(); err != nil {
		return Run{}, err
	}
	began := time.Now()
	run := Run{Trial: trial, Rung: k, Epochs: epochs, Settings: s.settings(trial)}
	cfg, err := s.config(run)
	if err != nil {
		return run, err
	}
	checkpoint := filepath.Join(s.Dir, fmt.Sprintf("trial-%d-%d.checkpoint", trial, k))
	m, about, err := s.fit(ctx, cfg, checkpoint)
	if errors.Is(err, train.ErrCheckpoint) { // of another version of recur, or damaged
		if err := s.remove(filepath.Base(checkpoint)); err != nil {
			return run, err
		}
		m, about, err = s.fit(ctx, cfg, checkpoint)
	}
	if ctx.Err() != nil {
		return run, ctx.Err()
	}
	run.Seconds = time.Since(began).Seconds()
	if fault.Of(err) == fault.IO { // a full disk says nothing of the settings
		return run, err
	}
	if err != nil {
		run.Error = err.Error()
	} else if run.Score = about.Scores[s.metric.Name]; last {
		if err := m.Save(s.model(trial), about); err != nil {
			return run, err
		}
	}
	return run, s.remove(filepath.Base(checkpoint))
}

// remove takes away a checkpoint, and those of the parts of its run.
func (s *searcher) remove(checkpoint string) error {
	files, err := os.ReadDir(s.Dir)
	for _, f := range files {
		if name := f.Name(); name == checkpoint || strings.HasPrefix(name, checkpoint+".") {
			err = errors.Join(err, os.Remove(filepath.Join(s.Dir, name)))
		}
	}
	return err
}

// fit trains a model and sums up its training, with the score of its best epoch.
func (s *searcher) fit(ctx context.Context, cfg any, checkpoint string) (m task.Model, about model.Training, err error) {
	about.Data = strings.Join(s.Data.Train, ", ")
	about.Seed, _ = s.journal.header.Base["seed"].(uint64) // which no search varies
	m, err = s.Task.Fit(ctx, cfg, s.Data, task.Options{Checkpoint: checkpoint, Resume: true, Draft: true, OnEpoch: func(e task.Epoch) bool {
		about.Epochs, about.Steps = e.N, e.Steps
		return true
	}})
	if err != nil {
		return nil, about, err
	}
	var r *task.Result
	if reporter, ok := m.(task.Reporter); ok {
		r, err = reporter.Report(ctx)
	} else {
		r, err = m.Evaluate(ctx, s.Data.Valid...)
	}
	if err != nil {
		return nil, about, err
	}
	score, ok := r.Scores[s.metric.Name]
	if !ok || math.IsNaN(score) || math.IsInf(score, 0) {
		return nil, about, noScore(s.metric.Name, r.Scores)
	}
	about.Scores = task.Scores{s.metric.Name: score}
	return m, about, nil
}

// noScore is the error of a model whose scores lack a number for the one of a name.
func noScore(name string, all task.Scores) error {
	var numbers []string
	for _, n := range slices.Sorted(maps.Keys(all)) {
		if v := all[n]; !math.IsNaN(v) && !math.IsInf(v, 0) {
			numbers = append(numbers, n)
		}
	}
	if numbers == nil {
		return fmt.Errorf("search: no score is a number, nor is %s: training went astray, or there is too little to validate on", name)
	}
	return fmt.Errorf("search: the score %s is no number, but those are: %s; the data to validate on does not allow for it", name, strings.Join(numbers, ", "))
}

// settings are those of a trial: of the first the base's, of the others drawn.
func (s *searcher) settings(trial int) map[string]any {
	if trial == 0 {
		return map[string]any{}
	}
	r := rand.New(rand.NewPCG(s.Seed, uint64(trial)))
	drawn := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Space)) {
		drawn[name] = draw(r, s.Space[name])
	}
	return drawn
}

func (s *searcher) config(r Run) (any, error) {
	cfg, err := clone(s.Task, s.Base)
	if err != nil {
		return nil, err
	}
	if err := recipe.Override(cfg, r.Settings); err != nil {
		return nil, err
	}
	return cfg, recipe.Override(cfg, map[string]any{"epochs": r.Epochs})
}

func (s *searcher) model(trial int) string {
	return filepath.Join(s.Dir, fmt.Sprintf("trial-%d.safetensors", trial))
}

// crown leaves the recipe and the model of the best in the folder.
func (s *searcher) crown(out *Outcome) error {
	cfg, err := s.config(out.Best)
	if err != nil {
		return err
	}
	if out.Recipe, err = recipe.New(s.Task, cfg, s.Data); err != nil {
		return err
	}
	out.Recipe.SHA256 = s.journal.header.SHA256
	if err := out.Recipe.Write(filepath.Join(s.Dir, recipe.File)); err != nil {
		return err
	}
	b, err := os.ReadFile(s.model(out.Best.Trial))
	if err != nil {
		return err
	}
	out.Model = filepath.Join(s.Dir, "model.safetensors")
	return atomicfile.WriteFile(out.Model, func(w io.Writer) error { _, err := w.Write(b); return err })
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
