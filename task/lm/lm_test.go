package lm

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
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

var rhyme = strings.Repeat("one two three four five, once I caught a fish alive.\nsix seven eight nine ten, then I let it go again.\n", 40)

func small() Config {
	c, err := Preset("char-small")
	if err != nil {
		panic(err)
	}
	c.Hidden, c.Embed, c.Layers, c.Batch, c.Window, c.Epochs, c.Rate = 48, 16, 1, 8, 32, 12, 1e-2
	return *c
}

func fit(t testing.TB, c Config) *Model {
	m, err := Fit(context.Background(), c, task.Data{Train: []string{write(t, "rhyme.txt", rhyme)}}, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func say(t testing.TB, m *Model, prompt string, s Sampling) string {
	var b strings.Builder
	if err := m.Generate(context.Background(), prompt, s, func(p string) bool { b.WriteString(p); return true }); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A rhyme said often enough is known by heart, and comes back from the file.
func TestLearnsByHeart(t *testing.T) {
	m := fit(t, small())
	if got := say(t, m, "once I ca", Sampling{Sampling: seq2seq.Sampling{Temperature: -1, Limit: 40}}); !strings.HasPrefix(got, "ught a fish alive.\nsix seven") {
		t.Errorf("it goes on with %q", got)
	}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path, model.Training{}); err != nil {
		t.Fatal(err)
	}
	back, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	s := Sampling{Sampling: seq2seq.Sampling{Seed: 3, TopK: 5, TopP: 0.9, Limit: 60}, Penalty: 1.1}
	if a, b := say(t, m, "six", s), say(t, back, "six", s); a != b {
		t.Errorf("%q before, %q after saving", a, b)
	}
	r, err := back.Evaluate(context.Background(), write(t, "rhyme.txt", rhyme))
	if err != nil || r.Scores["bits_per_char"] > 0.3 || math.Abs(r.Scores["loss"]-math.Log(r.Scores["perplexity"])) > 1e-9 {
		t.Errorf("%v, %v", r, err)
	}
	// The report shows what came otherwise than expected, and as expected.
	rows := r.Parts[1].Rows
	if len(rows) != 12 {
		t.Fatalf("%d rows: %v", len(rows), rows)
	}
	for i, row := range rows {
		if i >= 6 && row[1] != row[3] || !strings.Contains(strings.ReplaceAll(rhyme, "\n", "↵"), strings.TrimPrefix(row[0], "…")) {
			t.Errorf("row %d: %q", i, row)
		}
	}
}

func TestStops(t *testing.T) {
	m := fit(t, small())
	greedy := Sampling{Sampling: seq2seq.Sampling{Temperature: -1, Limit: 60}}
	whole := say(t, m, "one two", greedy)
	greedy.Stop = []string{"xyz", "five, once"}
	at := strings.Index(whole, "five, once")
	if at < 0 {
		t.Fatalf("it says %q", whole)
	}
	if got := say(t, m, "one two", greedy); got != whole[:at] {
		t.Errorf("it stops after %q, want %q", got, whole[:at])
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	err := m.Generate(ctx, "one", Sampling{Sampling: seq2seq.Sampling{Limit: 100}}, func(string) bool {
		if n++; n == 5 {
			cancel()
		}
		return true
	})
	if !errors.Is(err, context.Canceled) || n != 5 {
		t.Errorf("%d pieces, %v", n, err)
	}
	for _, bad := range []Sampling{
		{Sampling: seq2seq.Sampling{TopP: 2}}, {Sampling: seq2seq.Sampling{TopK: -1}}, {Penalty: -1}, {Stop: []string{""}},
		{Sampling: seq2seq.Sampling{Temperature: math.NaN()}},
	} {
		if err := m.Generate(context.Background(), "", bad, func(string) bool { return true }); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

// Every way to read text, every head and optimiser trains, to the same bits for a
// seed, and carries its vocabulary along.
func TestConfigs(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"words":       func(c *Config) { c.Tokens, c.Lines = text.Words, true },
		"bytes":       func(c *Config) { c.Tokens, c.Vocab, c.Tied = text.BPE, 300, true },
		"jamo":        func(c *Config) { c.Tokens, c.Cell = text.Jamo, rnn.KindGRU },
		"variational": func(c *Config) { c.Dropout, c.Variational, c.Layers = 0.2, true, 2 },
		"sgd": func(c *Config) {
			c.Optimizer, c.Rate, c.Hold, c.RateDecay, c.Init, c.Clip = "sgd", 5, 1, 0.5, 0.1, 0.25
		},
		"asgd": func(c *Config) {
			c.Optimizer, c.Rate, c.Clip, c.Epochs, c.NonMono = "asgd", 40, 0.25, 4, 1
		},
		"weight_average": func(c *Config) { c.WeightAverage, c.Dropout = 0.9, 0.1 },
	} {
		c := small()
		c.Epochs = 2
		change(&c)
		m, again := fit(t, c), fit(t, c)
		a, b := nn.Params(m.net), nn.Params(again.net)
		total := 0
		for i := range a {
			total += len(a[i].Value.Data)
			if !slices.Equal(a[i].Value.Data, b[i].Value.Data) {
				t.Errorf("%s: %s differs from run to run", name, a[i].Name)
			}
		}
		if f := nn.Untagged(m.net); f != nil {
			t.Errorf("%s: fields without a tag: %v", name, f)
		}
		if got := m.Config.CountParams(); got != total {
			t.Errorf("%s: %d parameters are counted, there are %d", name, got, total)
		}
		if said := say(t, m, "one", Sampling{Sampling: seq2seq.Sampling{Limit: 20}}); said == "" {
			t.Errorf("%s: it says nothing", name)
		}
	}
}

// The state goes on from window to window: a text in windows scores as one in a piece.
func TestStateIsCarried(t *testing.T) {
	c := small()
	c.Size = 20
	made, err := c.New(rngOf(1))
	if err != nil {
		t.Fatal(err)
	}
	var ids []int32
	for i := range 200 {
		ids = append(ids, int32(3+i*i%17))
	}
	loss := func(steps int) (mean float64) {
		var carry rnn.Carry
		g := grad.Eval()
		n := 0
		for w := range windows(ids, 4, steps) {
			g.Reset()
			mean += float64(made.(*net).loss(g, w, &carry).Value.Data[0]) * float64(len(w.want))
			n += len(w.want)
		}
		if n != 4*49 {
			t.Errorf("%d targets, want 196", n)
		}
		return mean / float64(n)
	}
	if whole, cut := loss(1000), loss(7); math.Abs(whole-cut) > 1e-5 {
		t.Errorf("%v in a piece, %v in windows of 7", whole, cut)
	}
}

// A run stopped in the midst of an epoch goes on with its carried state, and a mean that
// has begun with its beginning.
func TestResume(t *testing.T) {
	adam, asgd := small(), small()
	adam.Epochs, adam.Dropout = 3, 0.1
	asgd.Epochs, asgd.Optimizer, asgd.Rate, asgd.NonMono = 8, "asgd", 60, 0 // too fast to get better for long
	for _, c := range []Config{adam, asgd} {
		resume(t, c)
	}
}

func resume(t *testing.T, c Config) {
	d := task.Data{Train: []string{write(t, "rhyme.txt", rhyme)}}
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

func TestBadText(t *testing.T) {
	for name, s := range map[string]string{
		"empty": "", "short": "ab", "binary": "ab\xffcd\n", "utf16": "\xff\xfea\x00b\x00", "gzip": "\x1f\x8bnot gzip",
		"bom": "\ufeff", "zeros": rhyme + "one\x00two\n", "half": gzipped(t, rhyme)[:60], "endless": strings.Repeat("one line ", 2<<20),
	} {
		_, err := Fit(context.Background(), small(), task.Data{Train: []string{write(t, name, s)}}, task.Options{})
		var bad *data.Error
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, change := range []func(*Config){
		func(c *Config) { c.Cell = "lstn" }, func(c *Config) { c.Hidden = 0 }, func(c *Config) { c.Dropout = 1 },
		func(c *Config) { c.Rate = math.NaN() }, func(c *Config) { c.Optimizer = "magic" }, func(c *Config) { c.Tokens = "bits" },
	} {
		c := small()
		change(&c)
		if _, err := Fit(context.Background(), c, task.Data{Train: []string{write(t, "rhyme.txt", rhyme)}}, task.Options{}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	if _, err := Fit(context.Background(), small(), task.Data{Train: []string{"nowhere.txt"}}, task.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func gzipped(t testing.TB, s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What a text is wrapped in does not matter: gzip, a byte order mark, the line ends of
// Windows, or lines of any length.
func TestSameText(t *testing.T) {
	want, err := readAll(write(t, "plain", rhyme))
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{
		"gzip": gzipped(t, rhyme), "bom": "\ufeff" + rhyme, "crlf": strings.ReplaceAll(rhyme, "\n", "\r\n"),
	} {
		if got, err := readAll(write(t, name, s)); err != nil || got != want {
			t.Errorf("%s: %d bytes, want %d, %v", name, len(got), len(want), err)
		}
	}
	long := strings.Repeat("x", 10<<20)
	if got, err := readAll(write(t, "long", long)); err != nil || got != long {
		t.Errorf("a line of 10 MB: %d bytes, %v", len(got), err)
	}
	if _, err := readAll(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("%v", err)
	}
}

func readAll(path string) (string, error) {
	var b strings.Builder
	var err error
	for line := range lines([]string{path}, &err) {
		b.WriteString(line)
	}
	return b.String(), err
}

// In scoring each token but the first is wanted once, from the one before it.
func TestSide(t *testing.T) {
	for _, c := range []struct{ n, batch, steps int }{{100, 7, 5}, {100, 1, 1000}, {5, 64, 3}, {2, 3, 1}, {50, 49, 2}, {33, 4, 8}} {
		var ids []int32
		for i := range c.n {
			ids = append(ids, int32(i))
		}
		seen := make([]int, c.n)
		for w := range batchify(ids, c.batch, c.steps) {
			some := false
			for i, want := range w.want {
				if want >= 0 {
					seen[want]++
					some = true
					if w.in[i] != want-1 {
						t.Errorf("%+v: %d after %d", c, want, w.in[i])
					}
				}
			}
			if !some {
				t.Errorf("%+v: a window of nothing", c)
			}
		}
		if seen[0] != 0 || slices.Min(seen[1:]) != 1 || slices.Max(seen) != 1 {
			t.Errorf("%+v: wanted %v times", c, seen)
		}
	}
}

// The mean of averaged SGD begins where the paper says.
func TestTrigger(t *testing.T) {
	tr := &trigger{mean: &optim.Average{Start: math.MaxInt}, perEpoch: 10, nonMono: 2}
	for i, loss := range []float64{5, 4, 3, 3.5, 3.2, 3.1, 9} {
		tr.observe(loss)
		// 3.1 is not above the least of all but the last two, 3 is; 3.2 is above 4? no.
		if want := i >= 5; (tr.mean.Start < math.MaxInt) != want {
			t.Errorf("after epoch %d it begins at %d", i+1, tr.mean.Start)
		}
	}
	if tr.mean.Start != 60 {
		t.Errorf("it began after step %d, want 60", tr.mean.Start)
	}
	b, err := tr.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	again := &trigger{mean: &optim.Average{Start: math.MaxInt}}
	if err := again.UnmarshalBinary(b); err != nil || again.mean.Start != 60 || len(again.seen.Losses) != 7 {
		t.Errorf("%+v, %v", again, err)
	}
}

func FuzzLines(f *testing.F) {
	f.Add("one\ntwo\r\n\ufeffthree")
	f.Add(gzipped(f, "one\ntwo"))
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := readAll(write(t, "f", s)); err == nil && !utf8.ValidString(got) {
			t.Errorf("%q was read as %q", s, got)
		}
	})
}

func rngOf(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// A text in memory gives the bits of a file of it.
func TestTrain(t *testing.T) {
	c := small()
	c.Epochs = 1
	a := fit(t, c)
	b, err := Train(context.Background(), c, rhyme, "", task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, a.net, b.net)
	if m, err := Train(context.Background(), c, rhyme, rhyme, task.Options{}); err != nil || m.valid.chars != len(rhyme) {
		t.Errorf("%v", err)
	}
	if _, err := Train(context.Background(), c, "", "", task.Options{}); err == nil {
		t.Error("nothing was trained on")
	}
}
