// Package task is what the tasks of recur have in common, so that one driver can
// train, resume, evaluate, search and report any of them: a task turns files and a
// config into a model, and a model and files into scores.
//
// A task registers itself, as image formats do:
//
//	func init() { task.Register(task.Of[Config, *Model]{Name: "classify", …}.Task()) }
package task

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/train"
)

// Data names the files of a run. How they are read (columns, separators) is part of
// a task's config.
type Data struct {
	Train []string `json:"train,omitempty" toml:"train,omitempty"`
	Valid []string `json:"valid,omitempty" toml:"valid,omitempty"` // files to validate on; if empty, a part of Train is held out, by the config
	Test  []string `json:"test,omitempty" toml:"test,omitempty"`   // files to test on; if empty, scores are those on what was held out
}

// Files are all files of d.
func (d Data) Files() []string { return slices.Concat(d.Train, d.Valid, d.Test) }

// Options are the checkpoint of a run and who follows it. They do not change its result.
type Options struct {
	Checkpoint string // file to write while training; none if empty
	Resume     bool   // whether to go on from Checkpoint if it is there
	Draft      bool   // whether a score is enough, of a model that has not seen all of the data, as in a search

	// Begin is called when the data have been read and the settings checked, before the first
	// step; its error ends the run. Where several nets are trained it is called for each, by
	// several goroutines.
	Begin func() error

	OnResume func(steps int)  // called when training goes on from a checkpoint, with the steps of before
	OnStep   func(Step)       // called after each step
	OnEpoch  func(Epoch) bool // called after each epoch, and with Resume first for those of before; false stops
	OnNote   func(string)     // called with what reading found, for people
}

// A Step is a step of training.
type Step struct {
	train.Progress
	Of    int    // steps in all, 0 if not known
	Phase string // what the steps are of, if not of the training of the model: back-test
}

// An Epoch is an epoch of training with its scores by name, such as loss and accuracy.
type Epoch struct {
	train.Epoch
	Of     int // epochs in all
	Scores Scores
}

// String is a line for people.
func (e Epoch) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "epoch %d of %d: training loss %.4g", e.N, e.Of, e.Loss)
	for _, name := range slices.Sorted(maps.Keys(e.Scores)) {
		fmt.Fprintf(&b, ", %s %.4g", name, e.Scores[name])
	}
	if e.Improved {
		b.WriteString(" (the best so far)")
	}
	return b.String()
}

// Scores are by name: loss, accuracy, macro_f1, bleu, perplexity, mase…
type Scores map[string]float64

// A Metric names the score that tells the better of two models.
type Metric struct {
	Name     string
	Maximise bool
}

// Better reports whether a is better than b. NaN is worse than anything.
func (m Metric) Better(a, b float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return !math.IsNaN(a) && math.IsNaN(b)
	}
	if m.Maximise {
		return a > b
	}
	return a < b
}

// A Model is a trained model of a task.
type Model interface {
	// Save replaces the file at path by the model.
	Save(path string, about model.Training) error
	// Evaluate scores the model on files, and reports what is worth a look.
	Evaluate(ctx context.Context, files ...string) (*Result, error)
}

// A Reporter is a Model that has just been trained and still has what was held out of its
// data to validate on. Report is Evaluate on that.
type Reporter interface {
	Model
	Report(ctx context.Context) (*Result, error)
}

// A Result is what an evaluation found.
type Result struct {
	Scores Scores
	Text   string  // tables for a terminal; may be empty
	Parts  []Part  // parts of the report
	Files  []Named // more files to keep, such as pictures
}

// A Part of a report is a table, a heat map, a picture, or several, under one title. It
// holds data: who writes the report draws them.
type Part struct {
	Title   string
	Note    string
	Head    []string   // head of the table
	Rows    [][]string // rows of the table; no table if empty
	Heat    *Heat      // no heat map if nil
	Chart   *Chart     // no chart if nil
	Picture []byte     // a PNG; no picture if nil

	// File is the name, without its ending, of files to draw the heat map or the chart to;
	// none if empty.
	File string
}

// A Chart is lines in a plane.
type Chart struct {
	Title, XLabel, YLabel string
	Lines                 []Line
}

// A Line is points, from left to right, that are joined.
type Line struct {
	Name   string
	X, Y   []float64
	Dashed bool
}

// A Heat is a matrix to show as colours, such as attention or confusion.
type Heat struct {
	Rows, Cols []string
	Values     [][]float64 // [row][col]
}

// A Named is a file by name.
type Named struct {
	Name string
	Data []byte
}

// A Task trains models. Config and what it returns are plain structs that go to JSON
// and back without loss; json names are the settings' names in recipes and on the
// command line of search.
type Task interface {
	Name() string
	Kinds() []string                   // kinds of the models' files
	Presets() []string                 // names for Config, the first being the default
	Config(preset string) (any, error) // a pointer to a config of the preset's values
	Metric(cfg any) Metric             // what to select models by
	Space(cfg any) map[string]Range    // default space of a search
	Fit(ctx context.Context, cfg any, d Data, o Options) (Model, error)
	Load(path string) (Model, error)
}

// ForKind returns the task of the models in files of a kind.
func ForKind(kind string) (Task, error) {
	mu.Lock()
	defer mu.Unlock()
	for _, t := range tasks {
		if slices.Contains(t.Kinds(), kind) {
			return t, nil
		}
	}
	return nil, fmt.Errorf("no task uses models of kind %q", kind)
}

// A Range is what a setting may be in a search: one of Values, or a number from Min to
// Max, whole if Whole, by its logarithm if Log.
type Range struct {
	Values []any   `json:"values,omitempty" toml:"values,omitempty"`
	Min    float64 `json:"min,omitempty" toml:"min,omitempty"`
	Max    float64 `json:"max,omitempty" toml:"max,omitempty"`
	Log    bool    `json:"log,omitempty" toml:"log,omitempty"`
	Whole  bool    `json:"whole,omitempty" toml:"whole,omitempty"`
}

var (
	mu    sync.Mutex
	tasks = map[string]Task{}
)

// Register makes a task known by its name. It panics if the name is taken.
func Register(t Task) {
	mu.Lock()
	defer mu.Unlock()
	if _, ok := tasks[t.Name()]; ok {
		panic(fmt.Sprintf("task: %q is registered twice", t.Name()))
	}
	tasks[t.Name()] = t
}

// Names lists the tasks in order.
func Names() []string {
	mu.Lock()
	defer mu.Unlock()
	return slices.Sorted(maps.Keys(tasks))
}

// Find returns the task of a name.
func Find(name string) (Task, error) {
	mu.Lock()
	t, ok := tasks[name]
	mu.Unlock()
	if !ok {
		return nil, setting.Unknown("task", name, Names())
	}
	return t, nil
}
