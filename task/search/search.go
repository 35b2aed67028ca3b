// Package search looks for good settings of a task by successive halving (Jamieson &
// Talwalkar 2016): many settings are tried for a few epochs, the best part of them for
// more, and so on until a few have been trained in full.
//
//	n settings are drawn from the space, the first being those given
//	for each rung k = 0, 1, …, K-1, the best ⌊n/ηᵏ⌋ are trained for R/η^(K-1-k) epochs
//
// A run of a rung begins anew, for how the learning rate falls depends on the number of
// epochs. The runs of a rung go side by side on all cores. A seed gives the same winner,
// whatever their order, and a search that was stopped goes on to it from its journal.
package search

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
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

// Options are what to search and how.
type Options struct {
	Task  task.Task
	Base  any                   // config of the task, with the settings that are not searched
	Data  task.Data             // its Test is only read, so that what is wrong with it is known before the search
	Space map[string]task.Range // default the task's
	Seed  uint64                // seed of what is drawn; models are trained with the seed of Base

	Trials int // number of settings to try; default 27
	Epochs int // epochs of the longest runs; default those of Base, or 9 if it leaves them to the data
	Eta    int // the best 1/Eta of a rung go on to the next; default 3

	Dir     string // folder for the journal, checkpoints and the models of the last rung
	Workers int    // number of runs side by side; default GOMAXPROCS

	Begin func() error // called when data and settings are known to be good, before anything is written to Dir
	OnRun func(Run)    // called with each run that has ended, one at a time
}

// A Run is a trial of settings for some epochs.
type Run struct {
	Trial    int            `json:"trial"` // number of the trial, from 0, which is Base
	Rung     int            `json:"rung"`
	Epochs   int            `json:"epochs"`
	Settings map[string]any `json:"settings"` // those that are searched
	Score    float64        `json:"score"`    // score of the best epoch, by the task's metric
	Seconds  float64        `json:"seconds"`
	Error    string         `json:"error,omitempty"` // why there is no score
}

// An Outcome is what a search has found.
type Outcome struct {
	Best   Run
	Recipe *recipe.Recipe // recipe of the best run
	Model  string         // file of its model
	Board  []Run          // the longest run of each trial, the best first
	Epochs int            // number trained in all
	Metric task.Metric
}

// A rung is so many trials for so many epochs.
type rung struct{ trials, epochs int }

// rungs lists the rungs of a search. Runs of the first last at least an epoch.
func rungs(trials, epochs, eta int) []rung {
	k := 1
	for n, r := trials/eta, epochs/eta; n >= 1 && r >= 1; n, r = n/eta, r/eta {
		k++
	}
	all := make([]rung, k)
	part := 1
	for i := range all {
		all[i].trials = trials / part
		all[k-1-i].epochs = max(1, (epochs+part/2)/part)
		part *= eta
	}
	return all
}

// defaults are o with its defaults, checked.
func (o Options) defaults() (Options, error) {
	var err error
	if o.Task == nil || o.Dir == "" {
		return o, errors.New("search: a search needs a task and a folder")
	}
	if o.Base == nil {
		if o.Base, err = o.Task.Config(""); err != nil {
			return o, err
		}
	}
	o.Trials, o.Eta = cmp.Or(o.Trials, 27), cmp.Or(o.Eta, 3)
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	if o.Space == nil {
		o.Space = o.Task.Space(o.Base)
	}
	if o.Space, err = checkSpace(o.Space, o.Task, o.Base); err != nil {
		return o, err
	}
	if o.Epochs == 0 {
		made, err := recipe.New(o.Task, o.Base, task.Data{})
		if err != nil {
			return o, err
		}
		o.Epochs, _ = made.Config["epochs"].(int)
		o.Epochs = cmp.Or(o.Epochs, 9)
	}
	if o.Trials < 1 || o.Trials > 1e5 || o.Epochs < 1 || o.Eta < 2 || o.Workers < 1 {
		return o, fault.Errorf(fault.Usage, "search: %d trials, %d epochs, eta %d and %d workers; want 1 to 100,000 trials, at least 1 epoch and worker, and eta of at least 2", o.Trials, o.Epochs, o.Eta, o.Workers)
	}
	return o, nil
}

// Search searches. A run that fails is last in its rung; only if all of one fail does the
// search.
func Search(ctx context.Context, o Options) (*Outcome, error) {
	o, err := o.defaults()
	if err != nil {
		return nil, err
	}
	all := o
	o.Data.Test = nil
	made, err := recipe.New(o.Task, o.Base, o.Data)
	if err != nil {
		return nil, err
	}
	if err := made.Sum(); err != nil {
		return nil, err
	}
	s := &searcher{Options: o, plan: rungs(o.Trials, o.Epochs, o.Eta), metric: o.Task.Metric(o.Base)}
	h := &header{o.Task.Name(), o.Data, made.SHA256, made.Config, o.Space, o.Trials, o.Epochs, o.Eta, o.Seed}
	if s.journal, err = readJournal(filepath.Join(o.Dir, JournalFile), h, s.check); err != nil {
		return nil, err
	}
	if err := all.ready(ctx); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o777); err != nil {
		return nil, err
	}
	if err := s.journal.open(); err != nil {
		return nil, err
	}
	defer s.journal.f.Close()
	return s.search(ctx)
}

// check is an error if a run of a journal is none that the search makes.
func (s *searcher) check(r Run) error {
	switch {
	case r.Trial < 0 || r.Trial >= s.Trials:
		return fmt.Errorf("trial %d of %d", r.Trial, s.Trials)
	case r.Rung < 0 || r.Rung >= len(s.plan):
		return fmt.Errorf("rung %d of %d", r.Rung, len(s.plan))
	case r.Epochs != s.plan[r.Rung].epochs:
		return fmt.Errorf("%d epochs in rung %d, which has %d", r.Epochs, r.Rung, s.plan[r.Rung].epochs)
	}
	// JSON makes all numbers alike.
	text, err := json.Marshal(s.settings(r.Trial))
	if err != nil {
		return err
	}
	var drawn map[string]any
	if err := json.Unmarshal(text, &drawn); err != nil {
		return err
	}
	if !reflect.DeepEqual(r.Settings, drawn) {
		return fmt.Errorf("trial %d has other settings", r.Trial)
	}
	return nil
}

// ready reads the data and checks the settings of the first trial, up to its first step, and
// calls Begin. Files to test the winner on are read too.
func (o Options) ready(ctx context.Context) error {
	ready := errors.New("ready")
	fit := func(d task.Data) error {
		cfg, err := clone(o.Task, o.Base)
		if err != nil {
			return err
		}
		_, err = o.Task.Fit(ctx, cfg, d, task.Options{Draft: true, Begin: func() error { return ready }})
		if errors.Is(err, ready) {
			return nil
		}
		return err
	}
	alone := o.Data
	alone.Test = nil
	if err := fit(alone); err != nil {
		return err
	}
	if len(o.Data.Test) > 0 {
		if err := fit(o.Data); err != nil {
			return err
		}
	}
	if o.Begin == nil {
		return nil
	}
	return o.Begin()
}

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
