package translate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
)

// write makes a file of text.
func write(t testing.TB, name, s string) string {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(s), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// spelled is pairs of numbers, in digits and in words: 42 is four two.
func spelled(n int) (digits, words string) {
	names := strings.Fields("zero one two three four five six seven eight nine")
	r := rand.New(rand.NewPCG(7, 8))
	var a, b strings.Builder
	for range n {
		for i := range 1 + r.IntN(4) {
			d := r.IntN(10)
			if i > 0 {
				b.WriteByte(' ')
			}
			fmt.Fprint(&a, d)
			b.WriteString(names[d])
		}
		a.WriteByte('\n')
		b.WriteByte('\n')
	}
	return a.String(), b.String()
}

func small() Config {
	c, err := Preset("small")
	if err != nil {
		panic(err)
	}
	c.Tokens, c.TargetTokens, c.Shared, c.Vocab = text.Chars, text.Words, false, 0
	c.Cell, c.Embed, c.Encoder, c.Hidden, c.Batch, c.Epochs, c.Rate, c.Warmup = rnn.KindGRU, 24, 16, 24, 16, 12, 1e-2, 20
	c.Dropout, c.WeightAverage, c.HeldOut, c.Beam = 0.1, 1-1/13.8, 0.1, 3
	return *c
}

func fit(t testing.TB, c Config) *Model {
	t.Helper()
	a, b := spelled(400)
	m, err := Fit(context.Background(), c, task.Data{Train: []string{write(t, "digits.txt", a), write(t, "words.txt", b)}}, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLearns(t *testing.T) {
	m := fit(t, small())
	said, err := m.Translate(context.Background(), []string{"42", "7", "9031"}, seq2seq.Decoding{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"four two", "seven", "nine zero three one"} {
		if got := said[i][0]; got.Text != want || !got.Ended {
			t.Errorf("%+v, want %q", got, want)
		}
	}
}

// The same text comes from a saved model, from any batch, whatever the beam.
func TestSavedAndBatched(t *testing.T) {
	c := small()
	c.Attention, c.AttendFirst, c.Coverage, c.CoverageLoss, c.CoveragePenalty, c.Epochs = seq2seq.Additive, true, true, 0.1, 0.2, 5
	m := fit(t, c)
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path, model.Training{}); err != nil {
		t.Fatal(err)
	}
	back, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	var sources []string
	for i := range 150 {
		sources = append(sources, strings.Repeat(fmt.Sprint(i*i), 1+i%3))
	}
	sources = append(sources, "", "x")
	for name, how := range map[string]seq2seq.Decoding{
		"beam": {}, "greedy": {Beam: seq2seq.Beam{Width: 1}}, "n best": {Beam: seq2seq.Beam{Width: 4, N: 3, LengthPenalty: 0.5, CoveragePenalty: 0.1}}, "sample": {Sampling: &seq2seq.Sampling{Seed: 3}},
	} {
		all := translated(t, m, sources, how)
		if again := translated(t, back, sources, how); !reflect.DeepEqual(all, again) {
			t.Errorf("%s: the saved model says something else", name)
		}
		for i, best := range all {
			for k := range best[1:] {
				if best[k].Score < best[k+1].Score {
					t.Errorf("%s: %v before %v", name, best[k].Score, best[k+1].Score)
				}
			}
			if best[0].Ended && len(best[0].Weights) != len(best[0].Tokens) {
				t.Errorf("%s: %d tokens and the weights of %d", name, len(best[0].Tokens), len(best[0].Weights))
			}
			if i%50 == 0 {
				if alone := translated(t, m, sources[i:i+1], how)[0]; alone[0].Text != best[0].Text {
					t.Errorf("%s: %q alone, %q in a batch", name, alone[0].Text, best[0].Text)
				}
			}
		}
	}
	greedy, one := translated(t, m, sources, seq2seq.Decoding{Beam: seq2seq.Beam{Width: 1}}), translated(t, m, sources, seq2seq.Decoding{Beam: seq2seq.Beam{Width: 2, LengthPenalty: 1}})
	better := 0
	for i := range sources {
		if one[i][0].LogProb > greedy[i][0].LogProb {
			better++
		}
	}
	if better == 0 {
		t.Error("a beam never finds more than greedy choice")
	}
}

func translated(t testing.TB, m *Model, sources []string, how seq2seq.Decoding) [][]Translation {
	t.Helper()
	all, err := m.Translate(context.Background(), sources, how)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Every kind of net and of lesson trains, to the same bits for a seed whatever the cores,
// and has as many parameters as are counted.
func TestConfigs(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"bytes, shared":   func(c *Config) { c.Tokens, c.TargetTokens, c.Vocab, c.Shared = text.BPE, "", 300, true },
		"jamo":            func(c *Config) { c.Tokens, c.TargetTokens, c.Tied = text.Jamo, text.Chars, false },
		"two layers":      func(c *Config) { c.Layers, c.Cell, c.Variational, c.DropoutWord = 2, rnn.KindLSTM, true, 0.1 },
		"before":          func(c *Config) { c.Layers, c.AttendFirst, c.Attention = 2, true, seq2seq.Additive },
		"dot":             func(c *Config) { c.Attention, c.Encoder, c.NoInputFeeding = seq2seq.Dot, 12, true },
		"plain":           func(c *Config) { c.Attention, c.Embed, c.WeightAverage = None, 24, 0 },
		"plain, not tied": func(c *Config) { c.Attention, c.Tied = None, false },
		"coverage":        func(c *Config) { c.Coverage, c.CoverageLoss = true, 0.5 },
		"scheduled":       func(c *Config) { c.Scheduled, c.LabelSmoothing, c.Select = 0.5, 0, "loss" },
	} {
		c := small()
		c.Epochs = 2
		change(&c)
		m := fit(t, c)
		before := runtime.GOMAXPROCS(1)
		again := fit(t, c)
		runtime.GOMAXPROCS(before)
		a, b := nn.Params(m.net), nn.Params(again.net)
		for i := range a {
			if !slices.Equal(a[i].Value.Data, b[i].Value.Data) {
				t.Errorf("%s: %s differs from run to run", name, a[i].Name)
			}
		}
		if f := nn.Untagged(m.net); f != nil {
			t.Errorf("%s: fields without a tag: %v", name, f)
		}
		if got, n := m.Config.CountParams(), nn.Count(a); got != n {
			t.Errorf("%s: %d parameters are counted, there are %d", name, got, n)
		}
		translated(t, m, []string{"12"}, seq2seq.Decoding{})
	}
}

// A run that was stopped goes on to the same bits.
func TestResume(t *testing.T) {
	c := small()
	c.Epochs, c.Scheduled, c.DropoutWord = 3, 0.3, 0.1
	a, b := spelled(400)
	d := task.Data{Train: []string{write(t, "digits.txt", a), write(t, "words.txt", b)}}
	whole, err := Fit(context.Background(), c, d, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "checkpoint")
	ctx, cancel := context.WithCancel(context.Background())
	o := task.Options{Checkpoint: path, Resume: true, OnStep: func(s task.Step) {
		if s.Progress.Step == s.Of/2+1 {
			cancel()
		}
	}}
	if _, err := Fit(ctx, c, d, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	o.OnStep = nil
	resumed, err := Fit(context.Background(), c, d, o)
	if err != nil {
		t.Fatal(err)
	}
	same(t, whole.net, resumed.net)
	if _, err := Load(path); err != nil {
		t.Errorf("the checkpoint is not a model: %v", err)
	}
}

// same fails the test unless two nets have the same bits.
func same(t testing.TB, a, b *net) {
	t.Helper()
	for i, p := range nn.Params(a) {
		if !slices.Equal(p.Value.Data, nn.Params(b)[i].Value.Data) {
			t.Fatalf("%s differs", p.Name)
		}
	}
}

// The report has scores, examples, and maps of where the model looked.
func TestReport(t *testing.T) {
	m := fit(t, small())
	r, err := m.Report(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Scores; s["bleu"] < 80 || s["bleu_greedy"] < 80 || s["chrf"] < 80 || s["exact"] < 0.8 || s["loss"] > 0.5 || s["bleu_lower"] < 80 {
		t.Errorf("scores %v", s)
	}
	heats, files := 0, 0
	for _, p := range r.Parts {
		if p.Heat != nil {
			heats++
			if p.File != "" {
				files++
			}
			if len(p.Heat.Rows) != len(p.Heat.Values) || len(p.Heat.Cols) != len(p.Heat.Values[0]) {
				t.Errorf("%d rows, %d columns, values %v", len(p.Heat.Rows), len(p.Heat.Cols), p.Heat.Values)
			}
		}
	}
	if heats == 0 || files != 1 {
		t.Errorf("%d maps, %d for a file", heats, files)
	}
	tsv := write(t, "pairs.tsv", "1 2\tone two\n9\tnine\n")
	if r, err = m.Evaluate(context.Background(), tsv); err != nil || r.Scores["loss"] <= 0 {
		t.Errorf("%v, %v", r, err)
	}
}

func TestBadConfigs(t *testing.T) {
	for _, change := range []func(*Config){
		func(c *Config) { c.Cell = "lstn" }, func(c *Config) { c.Hidden = 0 }, func(c *Config) { c.Dropout = 1 },
		func(c *Config) { c.Rate = math.NaN() }, func(c *Config) { c.Attention = "magic" }, func(c *Config) { c.Tokens = "bits" },
		func(c *Config) { c.Attention = seq2seq.Dot }, func(c *Config) { c.Attention, c.Coverage = None, true },
		func(c *Config) { c.Attention, c.Embed = None, 5 }, func(c *Config) { c.CoverageLoss = 1 },
		func(c *Config) { c.Shared = true }, func(c *Config) { c.Select = "best" }, func(c *Config) { c.Scheduled = 2 },
		func(c *Config) { c.LengthPenalty = math.NaN() }, func(c *Config) { c.Beam = 0 }, func(c *Config) { c.HeldOut = 0 },
		func(c *Config) { c.MaxLength = 1 },
	} {
		c := small()
		change(&c)
		if _, err := Fit(context.Background(), c, task.Data{Train: []string{write(t, "a.tsv", "12\tone two\n34\tthree four\n")}}, task.Options{}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	m := fit(t, func() Config { c := small(); c.Epochs = 1; return c }())
	for _, how := range []seq2seq.Decoding{
		{Beam: seq2seq.Beam{Width: -1}}, {Beam: seq2seq.Beam{Width: 2, N: 3}}, {Beam: seq2seq.Beam{LengthPenalty: math.NaN(), Width: 2}}, {Beam: seq2seq.Beam{CoveragePenalty: -1, Width: 2}}, {Beam: seq2seq.Beam{N: 2}, Sampling: new(seq2seq.Sampling)},
		{Sampling: &seq2seq.Sampling{Temperature: math.NaN()}}, {Sampling: &seq2seq.Sampling{TopP: 2}}, {Sampling: &seq2seq.Sampling{TopK: -1}},
	} {
		if _, err := m.Translate(context.Background(), []string{"1"}, how); err == nil {
			t.Errorf("%+v was taken", how)
		}
	}
	if _, err := m.Translate(context.Background(), []string{"1", strings.Repeat("2", 5000)}, seq2seq.Decoding{}); err == nil || !strings.Contains(err.Error(), "source 2 has 5000 tokens") {
		t.Errorf("%v", err)
	}
	translated(t, m, []string{strings.Repeat("2", 2000), "1"}, seq2seq.Decoding{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Translate(ctx, []string{"1"}, seq2seq.Decoding{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// Pairs in memory give the bits of files of them.
func TestTrain(t *testing.T) {
	c := small()
	c.Epochs = 1
	digits, words := spelled(400)
	source, target := strings.Fields(digits), strings.Split(strings.TrimSpace(words), "\n")
	var pairs []Pair
	for i := range source {
		pairs = append(pairs, Pair{source[i], target[i]})
	}
	a := fit(t, c)
	b, err := Train(context.Background(), c, pairs, nil, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, a.net, b.net)
	valid := append(pairs[:50:50], Pair{"1", ""}, Pair{"", "one"})
	if m, err := Train(context.Background(), c, pairs[50:], valid, task.Options{}); err != nil || len(m.valid) != 50 {
		t.Errorf("%v", err)
	}
	if _, err := Train(context.Background(), c, nil, nil, task.Options{}); err == nil {
		t.Error("nothing was trained on")
	}
}
