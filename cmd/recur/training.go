package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/text/unicode/norm"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/internal/lang"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/recipe"
	"github.com/recur-go/recur/train"
)

// A training is a run of a task by a command.
type training struct {
	cmd    *cobra.Command
	task   task.Task
	cfg    any
	data   task.Data
	recipe *recipe.Recipe
	flags  *trainFlags
	lang   lang.Lang // of the report
	folder *folder
	began  time.Time

	notes   []string
	history history
	model   task.Model
	result  *task.Result
	files   []string // paths of what was written
}

// A printer shows what a run came to.
type printer interface {
	outputs() []output          // files beside model, report and curves
	page() (*chart.Page, error) // report
	print(w io.Writer) error    // text for a terminal
	json() any                  // value of --json
}

// An output is a file of a run.
type output struct {
	name  string
	write func(w io.Writer) error
}

// pictures are a drawing as files of a name.
func pictures(name string, draw func(w io.Writer, format string) error) (all []output) {
	for _, format := range []string{"svg", "png"} {
		all = append(all, output{name + "." + format, func(w io.Writer) error { return draw(w, format) }})
	}
	return all
}

// trainCommand trains a model, leaves it in a folder with its report, and prints what it came to; show
// is nil for what all tasks print.
func trainCommand(cmd *cobra.Command, t task.Task, cfg any, d task.Data, f *trainFlags, show func(r *training) (printer, error)) (err error) {
	r := &training{cmd: cmd, task: t, cfg: cfg, data: d, flags: f, began: time.Now()}
	if r.lang, err = language(cmd); err != nil {
		return err
	}
	if r.recipe, err = recipe.New(t, cfg, d); err != nil {
		return err
	}
	if err := r.recipe.Sum(); err != nil {
		return err
	}
	if f.repeats != nil {
		for _, file := range r.recipe.Changed(f.repeats) {
			noteTo(cmd.ErrOrStderr())(file + " has changed since the recipe was written")
		}
	}
	r.folder, err = openFolder(ask{
		out: f.out, base: filepath.Join("recur-out", cmp.Or(f.base, baseName(t.Name(), d.Train[0]))), resume: f.resume, force: f.force, data: d.Files(), same: r.same,
		note: noteTo(cmd.ErrOrStderr()),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.folder.close()) }()
	if r.folder.state == finished {
		return r.printFinished()
	}
	noteEncodings(t.Name(), d.Files(), r.note)
	if r.model, err = r.fit(); err != nil {
		return err
	}
	if err := r.evaluate(); err != nil {
		return err
	}
	if err := r.save(); err != nil {
		return err
	}
	var p printer = r
	if show != nil {
		if p, err = show(r); err != nil {
			return err
		}
	}
	if err := r.write(p); err != nil {
		return err
	}
	if f.json {
		return newEncoder(cmd.OutOrStdout()).Encode(p.json())
	}
	return p.print(cmd.OutOrStdout())
}

// baseName is the name of the folder of a run on a file.
func baseName(task, file string) string {
	if task == forecast.Name {
		return stem(file)
	}
	return task + "-" + stem(file)
}

func (r *training) path(name string) string { return r.folder.path(name) }

// note takes what the user should know.
func (r *training) note(text string) {
	r.notes = append(r.notes, text)
	noteTo(r.cmd.ErrOrStderr())(r.lang.Text(text))
}

// noteTo prints what the user should know.
func noteTo(w io.Writer) func(text string) {
	return func(text string) { fmt.Fprintln(w, " ", text) }
}

// noteEncodings notes which files of a task are not in UTF-8. Of tables of series their reader
// tells.
func noteEncodings(task string, files []string, note func(text string)) {
	if task == forecast.Name {
		return
	}
	for _, file := range files {
		if e, err := data.EncodingOf(file); err == nil && e != "" {
			note(fmt.Sprintf("%s is read as %s (Korean)", file, e))
		}
	}
}

// same reports how the run that was begun in a folder differs from r.
func (r *training) same(dir string) error {
	old, err := recipe.Read(filepath.Join(dir, recipeFile))
	if err != nil {
		return usage("--resume: %s holds a run whose recipe cannot be read: give --force to begin anew, or another --out (%v)", dir, err)
	}
	if d := r.recipe.Differences(old); d != nil {
		return usage("--resume: %s is of another run: %s; use those, or another --out", dir, strings.Join(d, "; "))
	}
	return nil
}

// fit trains. The folder is the run's from when data and settings are known to be good.
func (r *training) fit() (m task.Model, err error) {
	stderr := r.cmd.ErrOrStderr()
	begin := sync.OnceValue(func() error {
		if err := r.folder.begin(); err != nil {
			return err
		}
		if seed, ok := r.recipe.Config["seed"]; ok {
			fmt.Fprintf(stderr, "  seed %v\n", seed)
		}
		return r.recipe.Write(r.path(recipeFile))
	})
	err = r.history.record(stderr, r.folder, r.task.Metric(r.cfg), begin, func(o task.Options) (err error) {
		o.OnNote = r.note
		m, err = r.task.Fit(r.cmd.Context(), r.cfg, r.data, o)
		if errors.Is(err, train.ErrCheckpoint) {
			err = fmt.Errorf("%w; --force begins the run anew", err)
		}
		return err
	})
	return m, err
}

// evaluate scores the model on the files to test on, else on those to validate on.
func (r *training) evaluate() (err error) {
	files := r.data.Test
	if len(files) == 0 {
		files = r.data.Valid
	}
	reporter, ok := r.model.(task.Reporter)
	switch {
	case len(files) > 0:
		r.result, err = r.model.Evaluate(r.cmd.Context(), files...)
	case ok:
		r.result, err = reporter.Report(r.cmd.Context())
	default:
		r.result = &task.Result{Scores: r.history.best().Scores}
	}
	return err
}

// split names the data that the scores are of.
func (r *training) split() string {
	switch {
	case len(r.data.Test) > 0:
		return "test"
	case len(r.data.Valid) > 0:
		return "validation"
	}
	return "held-out part"
}

// scoresTitle stands above the scores.
func (r *training) scoresTitle() string { return r.lang.Text("Scores, " + r.split()) }

// save leaves the model.
func (r *training) save() error {
	about := model.Training{Data: strings.Join(r.data.Train, ", "), Epochs: len(r.history), Scores: r.result.Scores}
	if seed, ok := r.recipe.Config["seed"].(uint64); ok {
		about.Seed = seed
	}
	if last := len(r.history); last > 0 {
		about.Steps = r.history[last-1].Steps
	}
	if err := r.model.Save(r.path(modelFile), about); err != nil {
		return err
	}
	r.files = append(r.files, r.path(modelFile))
	return nil
}

// write leaves the report and what is beside it. Only then go the checkpoints.
func (r *training) write(p printer) error {
	page, err := p.page()
	if err != nil {
		return err
	}
	outputs := []output{{reportFile, inLanguage(page, r.lang).Write}}
	if curves := r.curves(); len(r.history) > 0 {
		outputs = append(outputs, pictures("curves", drawing(curves, r.lang))...)
	}
	for _, o := range append(outputs, p.outputs()...) {
		if err := r.folder.write(o.name, o.write); err != nil {
			return err
		}
		r.files = append(r.files, r.path(o.name))
	}
	r.files = append(r.files, r.path(recipeFile))
	return r.folder.removeCheckpoints()
}

// printFinished prints the scores of a run that --resume found finished.
func (r *training) printFinished() error {
	info, err := model.Describe(r.path(modelFile))
	if err != nil {
		return err
	}
	if r.flags.json {
		return newEncoder(r.cmd.OutOrStdout()).Encode(struct {
			Task   string      `json:"task"`
			Split  string      `json:"split"`
			Scores task.Scores `json:"scores"`
			Files  []string    `json:"files"`
		}{r.task.Name(), r.split(), info.Training.Scores, []string{r.path(modelFile), r.path(reportFile)}})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n\n", r.lang.Sprintf("The run in %s is finished.", r.folder.dir), r.scoresTitle())
	printScores(&b, "  ", info.Training.Scores)
	_, err = io.WriteString(r.cmd.OutOrStdout(), b.String())
	return err
}

func (r *training) json() any {
	return struct {
		Task    string      `json:"task"`
		Split   string      `json:"split"`
		Scores  task.Scores `json:"scores"`
		Seconds float64     `json:"seconds"`
		History history     `json:"history"`
		Notes   []string    `json:"notes"`
		Files   []string    `json:"files"`
	}{r.task.Name(), r.split(), r.result.Scores, time.Since(r.began).Seconds(), r.history, r.notes, r.files}
}

func (r *training) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n\n", r.scoresTitle())
	printScores(&b, "  ", r.result.Scores)
	if r.result.Text != "" {
		b.WriteString("\n" + r.lang.Text(r.result.Text))
	}
	fmt.Fprintf(&b, "\n%s\n", r.lang.Sprintf("Written in %.1f s: %s", time.Since(r.began).Seconds(), strings.Join(r.files, ", ")))
	next := [][2]string{
		{shell(opener(), r.path(reportFile)), "the report"},
		{shell("recur", r.task.Name(), "--model", r.path(modelFile)), "use the model"},
		{shell("recur", "eval", r.path(modelFile)) + " FILE", "score it on other data"},
	}
	if !slices.Contains(r.data.Train, data.Stdin) {
		next = append(next, [2]string{shell("recur", "train", r.path(recipeFile)), "the same run again"})
	}
	printNext(&b, r.lang, next)
	_, err := io.WriteString(w, norm.NFC.String(b.String()))
	return err
}

// printScores prints scores by name.
func printScores(w io.Writer, indent string, scores task.Scores) {
	for _, n := range slices.Sorted(maps.Keys(scores)) {
		fmt.Fprintf(w, "%s%-16s %.4f\n", indent, n, scores[n])
	}
}
