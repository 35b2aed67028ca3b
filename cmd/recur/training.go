package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/recipe"
)

// Names of what a run leaves in its folder.
const (
	modelFile      = "model.safetensors"
	checkpointFile = "checkpoint.safetensors"
	recipeFile     = "recipe.json"
	historyFile    = "history.json"
	reportFile     = "report.html"
)

// A training is a run of a task by a command.
type training struct {
	cmd   *cobra.Command
	task  task.Task
	cfg   any
	data  task.Data
	flags *trainFlags
	dir   string
	began time.Time

	notes   []string
	history history
	result  *task.Result
	files   []string
}

// trainCommand trains a model and leaves it in a folder with its report.
func trainCommand(cmd *cobra.Command, t task.Task, cfg any, d task.Data, f *trainFlags) error {
	r := &training{cmd: cmd, task: t, cfg: cfg, data: d, flags: f, dir: f.out, began: time.Now()}
	if r.dir == "" {
		base := filepath.Base(d.Train[0])
		name, _, _ := strings.Cut(base, ".")
		r.dir = filepath.Join("recur-out", t.Name()+"-"+name)
	}
	if err := r.prepare(); err != nil {
		return err
	}
	m, err := r.fit()
	if err != nil {
		return err
	}
	if err := r.evaluate(m); err != nil {
		return err
	}
	if err := r.write(m); err != nil {
		return err
	}
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(r.json())
	}
	return r.print(cmd.OutOrStdout())
}

func (r *training) path(name string) string { return filepath.Join(r.dir, name) }

// prepare makes the folder, and sees that no run is lost that was stopped there.
func (r *training) prepare() error {
	if err := os.MkdirAll(r.dir, 0o777); err != nil {
		return err
	}
	if err := r.history.resume(r.dir, r.flags.resume); err != nil {
		return err
	}
	made, err := recipe.New(r.task, r.cfg, r.data)
	if err != nil {
		return err
	}
	return made.Write(r.path(recipeFile))
}

// fit trains.
func (r *training) fit() (m task.Model, err error) {
	stderr := r.cmd.ErrOrStderr()
	err = r.history.record(stderr, r.dir, r.flags.resume, r.task.Metric(r.cfg), func(o task.Options) (err error) {
		o.OnNote = func(s string) {
			r.notes = append(r.notes, s)
			fmt.Fprintln(stderr, " ", s)
		}
		m, err = r.task.Fit(r.cmd.Context(), r.cfg, r.data, o)
		return err
	})
	return m, err
}

// evaluate scores the model on the files to test on, else on those to validate on.
func (r *training) evaluate(m task.Model) (err error) {
	files := r.data.Test
	if len(files) == 0 {
		files = r.data.Valid
	}
	reporter, ok := m.(task.Reporter)
	switch {
	case len(files) > 0:
		r.result, err = m.Evaluate(r.cmd.Context(), files...)
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

// write leaves model and report. Only then goes the checkpoint.
func (r *training) write(m task.Model) error {
	best := r.history.best()
	about := model.Training{
		Data: strings.Join(r.data.Train, ", "), Epochs: len(r.history), Steps: best.Steps,
		Seconds: time.Since(r.began).Seconds(), Scores: r.result.Scores,
	}
	if last := len(r.history); last > 0 {
		about.Steps = r.history[last-1].Steps
	}
	if err := m.Save(r.path(modelFile), about); err != nil {
		return err
	}
	r.files = append(r.files, r.path(modelFile))
	if err := r.report(); err != nil {
		return err
	}
	return removeCheckpoints(r.dir)
}

// checkpoints lists the checkpoints of a run in dir, one or one for each of several nets.
func checkpoints(dir string) (paths []string, err error) {
	files, err := os.ReadDir(dir)
	for _, f := range files {
		if strings.HasPrefix(f.Name(), checkpointFile) {
			paths = append(paths, filepath.Join(dir, f.Name()))
		}
	}
	return paths, err
}

// removeCheckpoints removes those of a run that has ended.
func removeCheckpoints(dir string) error {
	left, err := checkpoints(dir)
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
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
	fmt.Fprintf(&b, "\nScores, %s\n\n", r.split())
	printScores(&b, "  ", r.result.Scores)
	if r.result.Text != "" {
		b.WriteString("\n" + r.result.Text)
	}
	fmt.Fprintf(&b, "\nWritten in %.1f s: %s\n", time.Since(r.began).Seconds(), strings.Join(r.files, ", "))
	printNext(&b, [][2]string{
		{"open " + r.path(reportFile), "the report"},
		{"recur " + r.task.Name() + " --model " + r.path(modelFile), "use the model"},
		{"recur eval " + r.path(modelFile) + " FILE", "score it on other data"},
		{"recur train " + r.path(recipeFile), "the same run again"},
	})
	_, err := io.WriteString(w, b.String())
	return err
}

// printScores prints scores by name.
func printScores(w io.Writer, indent string, scores task.Scores) {
	for _, n := range slices.Sorted(maps.Keys(scores)) {
		fmt.Fprintf(w, "%s%-16s %.4f\n", indent, n, scores[n])
	}
}

// printNext prints commands to go on with, each with what it does.
func printNext(w io.Writer, commands [][2]string) {
	io.WriteString(w, "\nNext:\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-62s %s\n", c[0], c[1])
	}
}
