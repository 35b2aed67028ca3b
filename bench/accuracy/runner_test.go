package accuracy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/lm"
	"github.com/recur-go/recur/task/recipe"
)

// fakes puts other cases in place of the real ones. They log what is run.
func fakes(t *testing.T, fail map[string]error) (log *[]string) {
	old := cases
	t.Cleanup(func() { cases = old })
	cases, log = nil, new([]string)
	for _, name := range []string{"one", "two"} {
		register(Case{
			Name: name, Tier: "A", Needs: []string{name + ".txt"}, Figures: []Figure{{Metric: "error", Target: 3}, {Metric: "hits", Target: 0.5, Maximise: true}},
			Run: func(ctx context.Context, dir string, seed uint64, note func(string)) (map[string]float64, error) {
				run := fmt.Sprintf("%s%d", name, seed)
				*log = append(*log, run)
				if err := fail[run]; err != nil {
					return nil, err
				}
				return map[string]float64{"error": float64(seed * seed), "hits": 0.4}, ctx.Err()
			},
		})
	}
	return log
}

func runner(t *testing.T) *Runner {
	dir := t.TempDir()
	for _, name := range []string{"one.txt", "two.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return &Runner{Data: dir, File: filepath.Join(dir, "results", "accuracy.json"), Tier: "A", Seeds: 3, Workers: 1}
}

func TestRunnerGoesOn(t *testing.T) {
	broken := errors.New("broken")
	fail := map[string]error{"two1": broken, "one2": context.Canceled}
	log := fakes(t, fail)
	r := runner(t)
	if err := r.Run(context.Background()); !errors.Is(err, broken) {
		t.Errorf("%v, want the error of the run that failed", err)
	}
	if want := []string{"one1", "two1", "one2", "two2", "one3", "two3"}; !slices.Equal(*log, want) {
		t.Errorf("runs %v, want %v", *log, want)
	}
	// Only what failed is run again.
	clear(fail)
	*log = nil
	if err := r.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"two1", "one2"}; !slices.Equal(*log, want) {
		t.Errorf("then runs %v, want %v", *log, want)
	}
	got, err := Read(r.File)
	if err != nil {
		t.Fatal(err)
	}
	want := Row{Name: "one", Metric: "error", Target: 3, Ours: 4, Seeds: 3, Mean: 14. / 3, SD: 4.04145}
	row := got.Rows[0]
	if len(got.Rows) != 4 || row.Name != want.Name || row.Ours != want.Ours || row.Seeds != 3 || row.Met || !slices.Equal(row.Values, []float64{1, 4, 9}) ||
		max(row.Mean-want.Mean, want.Mean-row.Mean, row.SD-want.SD, want.SD-row.SD) > 1e-4 {
		t.Errorf("%+v, want %+v", got.Rows, want)
	}
	if table := got.Table(); !strings.Contains(table, "4.6667 ± 4") || !strings.Contains(table, "hits") {
		t.Error(table)
	}
	if table := got.Markdown(); !strings.Contains(table, "| one | error | (3) | 4 ± 4 | 3 |") {
		t.Error(table)
	}
}

func TestRunnerStops(t *testing.T) {
	log := fakes(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	r := runner(t)
	r.Note = func(s string) {
		if strings.Contains(s, "two, seed 1") {
			cancel()
		}
	}
	if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	got, err := Read(r.File)
	if err != nil || len(got.Runs) != 1 || len(*log) != 2 {
		t.Errorf("%+v of %v, %v", got, *log, err)
	}
}

// Two workers run two cases at a time: each of these waits for the other.
func TestRunnerSideBySide(t *testing.T) {
	fakes(t, nil)
	var met [2]chan struct{}
	for i := range met {
		met[i] = make(chan struct{}, 1)
		cases[i].Run = func(ctx context.Context, _ string, seed uint64, _ func(string)) (map[string]float64, error) {
			met[i] <- struct{}{}
			select {
			case <-met[1-i]:
				return map[string]float64{"error": 1, "hits": 1}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r := runner(t)
	r.Workers = 2
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(r.File); err != nil || len(got.Runs) != 6 {
		t.Errorf("%+v, %v", got, err)
	}
}

// A case by a recipe that is stopped goes on from its checkpoint, and counts the time before.
func TestRunnerGoesOnHalfway(t *testing.T) {
	fakes(t, nil)
	register(byRecipe(Case{Name: "rhyme", Tier: "A", Figures: []Figure{{Metric: "loss", Target: 9}}}, lm.Name, "char-small", task.Data{Train: []string{"rhyme.txt"}}))
	cases[2].recipe.Config = map[string]any{"hidden": 8, "batch": 4, "window": 8, "epochs": 3}
	r := runner(t)
	r.Names, r.Seeds = []string{"rhyme"}, 1
	if err := os.WriteFile(filepath.Join(r.Data, "rhyme.txt"), []byte(strings.Repeat("one two three\n", 100)), 0o666); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var epochs []string
	r.Note = func(s string) {
		if strings.Contains(s, "epoch ") {
			epochs = append(epochs, strings.Fields(s)[4])
			cancel()
		}
	}
	if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	clock := filepath.Join(filepath.Dir(r.File), "accuracy-rhyme-1.checkpoint.seconds")
	if err := os.WriteFile(clock, []byte("1000\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := r.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	got, err := Read(r.File)
	if err != nil || got.find("rhyme", 1) == nil || got.find("rhyme", 1).Seconds < 1000 || !slices.Equal(epochs, []string{"1", "2", "3"}) {
		t.Errorf("%+v, epochs %v, %v", got, epochs, err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(r.File), "*checkpoint*")); len(left) > 0 || err != nil {
		t.Errorf("%v is left, %v", left, err)
	}
}

func TestRunnerPassesOver(t *testing.T) {
	log := fakes(t, nil)
	r := runner(t)
	os.Remove(filepath.Join(r.Data, "one.txt"))
	var notes []string
	r.Note = func(s string) { notes = append(notes, s) }
	if err := r.Run(context.Background()); err != nil || slices.Contains(*log, "one1") || !strings.Contains(notes[0], "lacks one.txt") {
		t.Errorf("%v, %v, %v", *log, notes, err)
	}
	r.Names = []string{"three"}
	if err := r.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "choose from one, two") {
		t.Errorf("%v", err)
	}
}

func TestMerge(t *testing.T) {
	fakes(t, nil)
	a, b := new(Results), new(Results)
	a.Add(Run{"two", 1, map[string]float64{"error": 1}, 1})
	b.Add(Run{"two", 1, map[string]float64{"error": 2}, 1})
	b.Add(Run{"one", 2, map[string]float64{"error": 5}, 1})
	a.Merge(b)
	if len(a.Runs) != 2 || a.Runs[0].Case != "one" || a.find("two", 1).Scores["error"] != 2 || len(a.Rows) != 2 {
		t.Errorf("%+v", a)
	}
}

// A run of recur train is taken if its recipe is a case's, and not else.
func TestTake(t *testing.T) {
	fakes(t, nil)
	register(byRecipe(Case{Name: "rhyme", Figures: []Figure{{Metric: "loss"}}}, lm.Name, "char-small", task.Data{Train: []string{"text/rhyme.txt"}}))
	dir := t.TempDir()
	text := filepath.Join(dir, "text", "rhyme.txt")
	if err := os.MkdirAll(filepath.Dir(text), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(text, []byte(strings.Repeat("one two three\n", 300)), 0o666); err != nil {
		t.Fatal(err)
	}
	cfg, err := lm.Preset("char-small")
	if err != nil {
		t.Fatal(err)
	}
	leave := func() {
		find, err := task.Find(lm.Name)
		if err != nil {
			t.Fatal(err)
		}
		made, err := recipe.New(find, cfg, task.Data{Train: []string{text}})
		if err != nil {
			t.Fatal(err)
		}
		if err := made.Write(filepath.Join(dir, "recipe.json")); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Seed = 7
	leave()
	brief := *cfg // the model need not be a good one
	brief.Hidden, brief.Epochs = 8, 1
	m, err := lm.Fit(context.Background(), brief, task.Data{Train: []string{text}}, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save(filepath.Join(dir, "model.safetensors"), model.Training{Scores: task.Scores{"loss": 2}}); err != nil {
		t.Fatal(err)
	}
	if run, err := Take(dir); err != nil || run.Case != "rhyme" || run.Seed != 7 || run.Scores["loss"] != 2 {
		t.Errorf("%+v, %v", run, err)
	}
	cfg.Hidden++
	leave()
	if run, err := Take(dir); err == nil {
		t.Errorf("%+v was taken", run)
	}
}

// The cases are whole: each has what a table needs.
func TestCases(t *testing.T) {
	for _, c := range cases {
		if c.Name == "" || c.Task == "" || c.Protocol == "" || c.Run == nil || len(c.Figures) == 0 || c.Tier != "A" && c.Tier != "B" {
			t.Errorf("%+v", c)
		}
		for _, f := range c.Figures {
			if f.Metric == "" || f.Source == "" || f.Aim() == 0 {
				t.Errorf("%s: %+v", c.Name, f)
			}
		}
		if c.recipe != nil {
			if _, _, err := c.with("data", 3).Settings(); err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
		}
	}
}
