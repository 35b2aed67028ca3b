package accuracy

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/recipe"
)

// byRecipe completes a case that trains a preset of a task and scores it on files to
// test on, or if there are none on what it was validated on. Its files are what it
// needs. Metrics are scores of the task.
func byRecipe(c Case, name, preset string, d task.Data) Case {
	for _, files := range [][]string{d.Train, d.Valid, d.Test} {
		c.Needs = append(c.Needs, files...)
	}
	c.recipe = &recipe.Recipe{Version: recipe.Version, Task: name, Preset: preset, Data: d}
	c.Run = func(ctx context.Context, dir string, seed uint64, note func(string)) (map[string]float64, error) {
		r := c.with(dir, seed)
		t, cfg, err := r.Settings()
		if err != nil {
			return nil, err
		}
		o := noting(note, "")
		o.Checkpoint, o.Resume, o.OnNote = checkpoint(ctx), true, note
		m, err := t.Fit(ctx, cfg, r.Data, o)
		if err != nil {
			return nil, err
		}
		var result *task.Result
		if len(r.Data.Test) > 0 {
			result, err = m.Evaluate(ctx, r.Data.Test...)
		} else if reporter, ok := m.(task.Reporter); ok {
			result, err = reporter.Report(ctx)
		} else {
			err = fmt.Errorf("a %T has no scores of its own", m)
		}
		if err != nil {
			return nil, err
		}
		return result.Scores, nil
	}
	return c
}

// noting notes every new epoch, after the given words.
func noting(note func(string), of string) task.Options {
	before := 0 // steps of a run that goes on
	return task.Options{
		OnResume: func(steps int) { before = steps },
		OnEpoch: func(e task.Epoch) bool {
			if e.Steps > before {
				note(fmt.Sprintf("%s%v, %.0f s", of, e, e.Elapsed.Seconds()))
			}
			return true
		},
	}
}

// with is the recipe of a case for a seed, with its files in dir.
func (c Case) with(dir string, seed uint64) *recipe.Recipe {
	in := func(files []string) (all []string) {
		for _, f := range files {
			all = append(all, filepath.Join(dir, f))
		}
		return all
	}
	r := *c.recipe
	r.Config = maps.Clone(r.Config)
	if r.Config == nil {
		r.Config = map[string]any{}
	}
	r.Config["seed"] = seed
	r.Data = task.Data{Train: in(r.Data.Train), Valid: in(r.Data.Valid), Test: in(r.Data.Test)}
	return &r
}

// Take reads a run that recur train has left in a folder, if it is of one of the cases:
// its recipe must be that of the case but for the seed and the folder of the data. How long
// the run took is not known.
func Take(folder string) (Run, error) {
	made, err := recipe.Read(filepath.Join(folder, recipe.File))
	if err != nil {
		return Run{}, err
	}
	_, cfg, err := made.Settings()
	if err != nil {
		return Run{}, err
	}
	for _, c := range cases {
		if c.recipe == nil || c.recipe.Task != made.Task || !sameFiles(c.recipe.Data, made.Data) {
			continue
		}
		seed := seedOf(made)
		_, want, err := c.with("", seed).Settings()
		if err != nil {
			return Run{}, err
		}
		if !reflect.DeepEqual(cfg, want) {
			continue
		}
		about, err := model.Describe(filepath.Join(folder, "model.safetensors"))
		if err != nil {
			return Run{}, err
		}
		return Run{c.Name, seed, about.Training.Scores, 0}, nil
	}
	return Run{}, fmt.Errorf("%s: its recipe is that of no case", folder)
}

// seedOf is the seed in a recipe with all its settings.
func seedOf(r *recipe.Recipe) uint64 {
	n, _ := r.Config["seed"].(uint64)
	return n
}

// sameFiles reports whether files differ in their folder only.
func sameFiles(ours, theirs task.Data) bool {
	same := func(a, b []string) bool {
		return slices.EqualFunc(a, b, func(a, b string) bool { return strings.HasSuffix(filepath.ToSlash(b), "/"+a) })
	}
	return same(ours.Train, theirs.Train) && same(ours.Valid, theirs.Valid) && same(ours.Test, theirs.Test)
}
