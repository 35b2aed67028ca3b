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
	"os"
	"path/filepath"
	"reflect"
	"runtime"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/recipe"
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
