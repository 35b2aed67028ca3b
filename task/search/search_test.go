package search

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/train"
)

// bowl is a task whose score is known: the distance of rate and width from what is best,
// and the less, the more epochs.
type bowl struct {
	mu    sync.Mutex
	ran   []config // that began
	after int      // runs after which stop is called
	stop  func()
}

type config struct {
	Rate   float64 `json:"rate"`
	Width  int     `json:"width"`
	Kind   string  `json:"kind"`
	Epochs int     `json:"epochs"`
	Seed   uint64  `json:"seed"`
}

func (b *bowl) Name() string      { return "bowl" }
func (b *bowl) Kinds() []string   { return []string{"bowl"} }
func (b *bowl) Presets() []string { return []string{"one"} }
func (b *bowl) Config(string) (any, error) {
	return &config{Rate: 1, Width: 9, Kind: "a", Epochs: 9}, nil
}
func (b *bowl) Metric(any) task.Metric { return task.Metric{Name: "loss"} }
func (b *bowl) Load(string) (task.Model, error) {
	return nil, os.ErrNotExist
}
func (b *bowl) Space(any) map[string]task.Range {
	return map[string]task.Range{"rate": {Min: 1e-4, Max: 1, Log: true}, "width": {Min: 1, Max: 40}, "kind": {Values: []any{"a", "b", "broken"}}}
}

func (b *bowl) Fit(ctx context.Context, cfg any, _ task.Data, o task.Options) (task.Model, error) {
	if _, err := os.Stat(o.Checkpoint); err == nil && o.Resume {
		return nil, train.ErrCheckpoint
	}
	if o.Begin != nil {
		if err := o.Begin(); err != nil {
			return nil, err
		}
	}
	c := *cfg.(*config)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ran = append(b.ran, c)
	if b.stop != nil && len(b.ran) == b.after {
		b.stop()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.Kind == "full" {
		return nil, &fs.PathError{Op: "write", Path: "checkpoint", Err: errors.New("no space left on device")}
	}
	if c.Kind == "broken" {
		return nil, &train.NumericError{Epoch: 1, Step: 1, What: "loss", Value: math.NaN()}
	}
	return c, nil
}

func (c config) Save(path string, about model.Training) error {
	return os.WriteFile(path, []byte("a model"), 0o666)
}
func (c config) Evaluate(context.Context, ...string) (*task.Result, error) {
	return c.Report(context.TODO())
}
func (c config) Report(context.Context) (*task.Result, error) {
	d := math.Log10(c.Rate) + 2
	return &task.Result{Scores: task.Scores{"loss": d*d + float64((c.Width-20)*(c.Width-20))/100 + 1/float64(c.Epochs)}}, nil
}

func init() { task.Register(&bowl{}) }

func TestPlan(t *testing.T) {
	for _, c := range []struct {
		trials, epochs, eta int
		want                []rung
	}{
		{27, 20, 3, []rung{{27, 2}, {9, 7}, {3, 20}}},
		{27, 27, 3, []rung{{27, 1}, {9, 3}, {3, 9}, {1, 27}}},
		{1, 100, 3, []rung{{1, 100}}},
		{8, 1, 2, []rung{{8, 1}}},
		{5, 4, 2, []rung{{5, 1}, {2, 2}, {1, 4}}},
	} {
		if got := rungs(c.trials, c.epochs, c.eta); !slices.Equal(got, c.want) {
			t.Errorf("%d trials, %d epochs, eta %d: %v, want %v", c.trials, c.epochs, c.eta, got, c.want)
		}
	}
}

func TestSearch(t *testing.T) {
	b := &bowl{}
	told := 0
	o := Options{Task: b, Dir: t.TempDir(), Seed: 4, Workers: 3, OnRun: func(Run) { told++ }}
	out, err := Search(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if want := 27*1 + 9*3 + 3*9; len(b.ran) != 39 || told != 39 || out.Epochs != want {
		t.Errorf("%d runs, %d told, %d epochs, want 39 and %d", len(b.ran), told, out.Epochs, want)
	}
	if len(out.Board) != 27 || !reflect.DeepEqual(out.Board[0], out.Best) || out.Best.Epochs != 9 || out.Best.Score > 0.6 {
		t.Errorf("%+v", out.Board)
	}
	// The first trial is the base; those that fail are recorded, the last of their rung.
	last := out.Board[26]
	if last.Error == "" || !strings.Contains(last.Error, "loss is NaN") || last.Settings["kind"] != "broken" || last.Rung != 0 {
		t.Errorf("the last is %+v", last)
	}
	for _, r := range out.Board {
		if r.Trial == 0 && len(r.Settings) != 0 {
			t.Errorf("the first trial is %+v", r)
		}
	}
	if _, cfg, err := out.Recipe.Settings(); err != nil || cfg.(*config).Epochs != 9 || cfg.(*config).Width != int(out.Best.Settings["width"].(float64)) {
		t.Errorf("%+v, %v", cfg, err)
	}
	if _, err := os.Stat(filepath.Join(o.Dir, "model.safetensors")); err != nil {
		t.Error(err)
	}
	// Again nothing is run.
	b.ran = nil
	again, err := Search(context.Background(), o)
	if err != nil || len(b.ran) != 0 || again.Best.Trial != out.Best.Trial || again.Epochs != out.Epochs {
		t.Errorf("%d runs, %+v, %v", len(b.ran), again, err)
	}
	o.Seed++
	if _, err := Search(context.Background(), o); err == nil || !strings.Contains(err.Error(), "another search") {
		t.Errorf("%v", err)
	}
}

// Wherever a search is stopped, even while it writes, it goes on to the same winner and
// runs nothing twice that it has written down.
func TestResume(t *testing.T) {
	whole, err := Search(context.Background(), Options{Task: &bowl{}, Dir: t.TempDir(), Seed: 4, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	for after := 1; after < 39; after += 6 {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		b := &bowl{after: after, stop: cancel}
		if _, err := Search(ctx, Options{Task: b, Dir: dir, Seed: 4, Workers: 2}); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		f, err := os.OpenFile(filepath.Join(dir, "journal.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(`{"trial":3,"ru`)
		f.Close()
		more := &bowl{}
		out, err := Search(context.Background(), Options{Task: more, Dir: dir, Seed: 4, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if out.Best.Trial != whole.Best.Trial || out.Best.Score != whole.Best.Score || out.Epochs != whole.Epochs {
			t.Errorf("stopped after %d: %+v, want %+v", after, out.Best, whole.Best)
		}
		if n := len(more.ran); n > 39-after+2 {
			t.Errorf("stopped after %d: %d runs were left", after, n)
		}
	}
}

func TestAllFail(t *testing.T) {
	_, err := Search(context.Background(), Options{Task: &bowl{}, Dir: t.TempDir(), Base: &config{Rate: 1, Width: 1, Kind: "broken", Epochs: 3},
		Space: map[string]task.Range{"width": {Min: 1, Max: 5}}, Trials: 3})
	if err == nil || !strings.Contains(err.Error(), "every run") {
		t.Errorf("%v", err)
	}
}

// A disk that is full ends the search, and is no score of a trial.
func TestFullDisk(t *testing.T) {
	o, _ := brief(t.TempDir())
	o.Space = map[string]task.Range{"kind": {Values: []any{"a", "full"}}}
	o.Trials, o.Epochs = 9, 9
	if _, err := Search(context.Background(), o); fault.Of(err) != fault.IO {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(o.Dir, JournalFile))
	if err != nil || strings.Contains(string(b), "no space") {
		t.Errorf("%s, %v", b, err)
	}
}

func TestSpace(t *testing.T) {
	for s, want := range map[string]task.Range{
		"1e-4..1e-2:log": {Min: 1e-4, Max: 1e-2, Log: true}, "-1..3": {Min: -1, Max: 3},
		"64,128": {Values: []any{64., 128.}}, "lstm,gru": {Values: []any{"lstm", "gru"}}, "true,false": {Values: []any{true, false}},
	} {
		if got, err := ParseRange(s); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", s, got, err)
		}
	}
	for _, s := range []string{"1..", "3..1", "0..1:log", "1..2:lag", "NaN..1"} {
		if got, err := ParseRange(s); err == nil {
			t.Errorf("%s: %+v", s, got)
		}
	}
	for want, space := range map[string]map[string]task.Range{
		"did you mean":             {"witdh": {Min: 1, Max: 5}},
		"rate takes":               {"rate": {Values: []any{"fast"}}},
		"set by the search itself": {"epochs": {Min: 1, Max: 5}},
		"no setting":               {},
	} {
		_, err := Search(context.Background(), Options{Task: &bowl{}, Dir: t.TempDir(), Space: space})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", space, err, want)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	f.Add("1e-4..1e-2:log")
	f.Add("64,128")
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := ParseRange(s); err == nil && len(r.Values) == 0 {
			if v := draw(rand.New(fixed(0.5)), r).(float64); v < r.Min || v > r.Max {
				t.Errorf("%s: %v", s, v)
			}
		}
	})
}

// A model whose score is no number is told of in words.
func TestNoScore(t *testing.T) {
	for want, all := range map[string]task.Scores{
		"the score mase is no number, but those are: crps, wape; the data": {"wape": 1, "mase": math.NaN(), "crps": 2},
		"no score is a number, nor is mase":                                {"wape": math.NaN(), "bias": math.Inf(1)},
	} {
		if err := noScore("mase", all); !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "map[") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
