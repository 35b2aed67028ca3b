package accuracy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/recur-go/recur/internal/par"
	"github.com/recur-go/recur/internal/setting"
)

// A Runner runs cases unattended. What a run came to is in the file before the next
// begins, so that a runner that was stopped goes on with what is missing.
type Runner struct {
	Data    string   // folder of the data sets
	File    string   // file of the results; folders are made
	Tier    string   // A, B or all
	Names   []string // names of cases; if any, Tier does not count
	Seeds   int      // 0 for 5 of tier A and 3 of tier B
	Again   bool     // run what there is already too
	Workers int      // runs side by side, default GOMAXPROCS; what they come to does not depend on it
	Machine Machine
	Note    func(string) // called with lines about the progress, one call at a time; may be nil

	mu sync.Mutex // guards Note and the file
}

// Names lists the cases.
func Names() (names []string) {
	for _, c := range cases {
		names = append(names, c.Name)
	}
	return names
}

// Selected are the cases that the runner is for.
func (r *Runner) Selected() (some []Case, err error) {
	for _, name := range r.Names {
		at := place(name)
		if at < 0 {
			return nil, setting.Unknown("case", name, Names())
		}
		some = append(some, cases[at])
	}
	if len(r.Names) > 0 {
		return some, nil
	}
	for _, c := range cases {
		if r.Tier == "all" || c.Tier == r.Tier {
			some = append(some, c)
		}
	}
	return some, nil
}

// Lacks lists the files that a case needs and that are not there.
func (c Case) Lacks(dir string) (files []string) {
	for _, f := range c.Needs {
		if _, err := os.Stat(filepath.Join(dir, f)); err != nil {
			files = append(files, f)
		}
	}
	return files
}

// A job is a case with a seed.
type job struct {
	Case
	seed uint64
}

func (j job) String() string { return fmt.Sprintf("%s, seed %d", j.Name, j.seed) }

// Run runs what is missing: all cases with seed 1, then all with seed 2, and so on. A
// case that lacks its data is passed over. A case that fails does not stop the others;
// its errors are those of Run.
func (r *Runner) Run(ctx context.Context) error {
	selected, err := r.Selected()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(r.File), 0o777); err != nil {
		return err
	}
	have, err := Read(r.File)
	if err != nil {
		return err
	}
	var jobs []job
	for _, c := range selected {
		if lacks := c.Lacks(r.Data); len(lacks) > 0 {
			r.note(fmt.Sprintf("%s is passed over: %s lacks %s", c.Name, r.Data, strings.Join(lacks, ", ")))
			continue
		}
		for seed := range uint64(r.seeds(c)) {
			if r.Again || have.find(c.Name, seed+1) == nil {
				jobs = append(jobs, job{c, seed + 1})
			}
		}
	}
	slices.SortStableFunc(jobs, func(a, b job) int { return cmp.Compare(a.seed, b.seed) })
	return r.all(ctx, jobs)
}

// all runs jobs in their order, some side by side, until ctx ends.
func (r *Runner) all(ctx context.Context, jobs []job) error {
	var failed []error // under r.mu
	stopped := par.Each(ctx, len(jobs), r.Workers, func(ctx context.Context, i int) error {
		err := r.one(ctx, jobs[i])
		if err == nil || ctx.Err() != nil {
			return nil
		}
		err = fmt.Errorf("%v: %w", jobs[i], err)
		r.note(err.Error())
		r.mu.Lock()
		defer r.mu.Unlock()
		failed = append(failed, err)
		return nil
	})
	return errors.Join(append(failed, stopped)...)
}

func (r *Runner) note(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Note != nil {
		r.Note(s)
	}
}

func (r *Runner) seeds(c Case) int {
	switch {
	case r.Seeds > 0:
		return r.Seeds
	case c.Tier == "A":
		return 5
	}
	return 3
}

// one runs a job and keeps what it came to.
func (r *Runner) one(ctx context.Context, j job) error {
	r.note(fmt.Sprintf("%v: %s", j, j.Protocol))
	half := halfway{path: fmt.Sprintf("%s-%s-%d.checkpoint", strings.TrimSuffix(r.File, ".json"), j.Name, j.seed), began: time.Now()}
	if err := half.load(); err != nil {
		return err
	}
	var lost error
	scores, err := j.Case.Run(context.WithValue(ctx, halfwayKey{}, half.path), r.Data, j.seed, func(s string) {
		r.note(fmt.Sprintf("  %v: %s", j, s))
		if err := half.keep(); err != nil {
			lost = err
		}
	})
	if err = cmp.Or(err, lost); err != nil {
		return err
	}
	for _, f := range j.Figures {
		v, ok := scores[f.Metric]
		if !ok {
			return fmt.Errorf("the run gave no %s", f.Metric)
		}
		r.note(fmt.Sprintf("  %v: %s %.5g; aimed at %.5g (%s)", j, f.Metric, v, f.Aim(), f.Source))
	}
	if err := r.keep(Run{j.Name, j.seed, scores, half.seconds()}); err != nil {
		return err
	}
	return half.done()
}

// keep adds a run to the file, to which another runner may have added meanwhile.
func (r *Runner) keep(run Run) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	have, err := Read(r.File)
	if err != nil {
		return err
	}
	have.Machine = r.Machine
	have.Add(run)
	return have.Write(r.File)
}
