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
	"time"
)

// A Runner runs cases unattended. What a run came to is in the file before the next
// begins, so that a runner that was stopped goes on with what is missing.
type Runner struct {
	Data    string   // folder of the data sets
	File    string   // of the results; folders are made
	Tier    string   // A, B or all
	Names   []string // of cases; if any, Tier does not count
	Seeds   int      // 0 for 5 of tier A and 3 of tier B
	Again   bool     // run what there is already too
	Machine Machine
	Note    func(string) // how it goes on; may be nil
}

// Selected are the cases that the runner is for.
func (r *Runner) Selected() (cases []Case, err error) {
	for _, name := range r.Names {
		at := place(name)
		if at < 0 {
			var names []string
			for _, c := range Cases() {
				names = append(names, c.Name)
			}
			return nil, fmt.Errorf("there is no case %q; there are %s", name, strings.Join(names, ", "))
		}
		cases = append(cases, Cases()[at])
	}
	if len(r.Names) > 0 {
		return cases, nil
	}
	for _, c := range Cases() {
		if r.Tier == "all" || c.Tier == r.Tier {
			cases = append(cases, c)
		}
	}
	return cases, nil
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

// Run runs what is missing: all cases with seed 1, then all with seed 2, and so on. A
// case that lacks its data is passed over. A case that fails does not stop the others;
// its errors are those of Run.
func (r *Runner) Run(ctx context.Context) error {
	cases, err := r.Selected()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(r.File), 0o777); err != nil {
		return err
	}
	note := r.Note
	if note == nil {
		note = func(string) {}
	}
	cases = slices.DeleteFunc(cases, func(c Case) bool {
		lacks := c.Lacks(r.Data)
		if len(lacks) > 0 {
			note(fmt.Sprintf("%s is passed over: %s lacks %s", c.Name, r.Data, strings.Join(lacks, ", ")))
		}
		return len(lacks) > 0
	})
	most := 0
	for _, c := range cases {
		most = max(most, r.seeds(c))
	}
	var failed []error
	for seed := uint64(1); seed <= uint64(most); seed++ {
		for _, c := range cases {
			if seed > uint64(r.seeds(c)) {
				continue
			}
			err := r.one(ctx, c, seed, note)
			if ctx.Err() != nil {
				return errors.Join(append(failed, ctx.Err())...)
			}
			if err != nil {
				err = fmt.Errorf("%s with seed %d: %w", c.Name, seed, err)
				note(err.Error())
				failed = append(failed, err)
			}
		}
	}
	return errors.Join(failed...)
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

// one runs a case with a seed, unless the file has it, and keeps what it came to.
func (r *Runner) one(ctx context.Context, c Case, seed uint64, note func(string)) error {
	have, err := Read(r.File)
	if err != nil {
		return err
	}
	if !r.Again && have.find(c.Name, seed) != nil {
		return nil
	}
	note(fmt.Sprintf("%s, seed %d: %s", c.Name, seed, c.Protocol))
	half := halfway{path: fmt.Sprintf("%s-%s-%d.checkpoint", strings.TrimSuffix(r.File, ".json"), c.Name, seed), began: time.Now()}
	if err := half.load(); err != nil {
		return err
	}
	var lost error
	scores, err := c.Run(context.WithValue(ctx, halfwayKey{}, half.path), r.Data, seed, func(s string) {
		note("  " + s)
		if err := half.keep(); err != nil {
			lost = err
		}
	})
	if err = cmp.Or(err, lost); err != nil {
		return err
	}
	run := Run{c.Name, seed, scores, half.seconds()}
	for _, f := range c.Figures {
		v, ok := scores[f.Metric]
		if !ok {
			return fmt.Errorf("the run gave no %s", f.Metric)
		}
		note(fmt.Sprintf("  %s %.5g; published %.5g (%s)", f.Metric, v, f.Target, f.Source))
	}
	// Another runner may have added to the file meanwhile.
	if have, err = Read(r.File); err != nil {
		return err
	}
	have.Machine = r.Machine
	have.Add(run)
	if err := have.Write(r.File); err != nil {
		return err
	}
	return half.done()
}
