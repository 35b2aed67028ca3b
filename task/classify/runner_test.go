package classify

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/race"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/tensor"
)

// forwards is a model of drawn weights that reads texts or series forwards.
func forwards(t testing.TB, set func(c *Config)) *Model {
	t.Helper()
	c := small("text")
	c.Bidirectional, c.Classes, c.Temperature = false, []string{"a", "b", "c"}, 1.5
	set(&c)
	m := &Model{}
	if c.Input == Text {
		var err error
		if m.codec, err = text.Learn(slices.Values([]string{"It is Good", "it IS not good so far"}), text.Options{Kind: c.Tokens, Lower: c.Lower}); err != nil {
			t.Fatal(err)
		}
		c.Size = m.codec.Size()
		var its []item
		m.Config = c
		for range 3 {
			its = append(its, item{ids: m.encode("it is not good so far", nil)})
		}
		if c.NGrams > 1 {
			m.ngrams = learnNGrams(its, c.NGrams, 1, 100)
			c.NGramCount = len(m.ngrams.keys)
		}
	} else {
		m.scale = &scale{Mean: []float64{1, 2}, Std: []float64{2, 3}}
		c.Width = 2
	}
	m.Config = c
	n, err := m.Config.New(rand.New(rand.NewPCG(3, 4)))
	if err != nil {
		t.Fatal(err)
	}
	m.net = n.(*net)
	if m.net.NGrams != nil { // it starts from zeros
		for i := range m.net.NGrams.W.Value.Data {
			m.net.NGrams.W.Value.Data[i] = tensor.Float(i%7) / 5
		}
	}
	m.index()
	return m
}

// The running answer of a session after each step is that of the model for what it has read.
func TestRunnerIsPredict(t *testing.T) {
	for name, set := range map[string]func(c *Config){
		"last":      func(c *Config) { c.Pool = "last" },
		"all pools": func(c *Config) { c.Pool = "last+mean+max+attention+bag" },
		"many":      func(c *Config) { c.Pool, c.Target = "mean", Many },
		"ngrams":    func(c *Config) { c.Pool, c.NGrams, c.Layers = "max+attention", 3, 2 },
		"no ngrams": func(c *Config) { c.Pool, c.NGrams = "mean", 0 },
		"tags":      func(c *Config) { c.Target, c.Pool, c.Tokens, c.Case, c.NGrams = Steps, "", text.Space, true, 2 },
		"series": func(c *Config) {
			c.Input, c.Pool, c.Embed, c.Tokens, c.NGrams, c.NGramMax, c.Case, c.Gaps = Series, "mean+max", 0, "", 0, 0, false, true
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := forwards(t, set)
			run, err := m.Runner(rnn.Single)
			if err != nil {
				t.Fatal(err)
			}
			sm := session.New(run, session.Options{})
			words := strings.Fields("It is not GOOD so far it is what is not so good")
			nan := float32(math.NaN())
			series := [][]float32{{1, 2}, {-3, 4}, {nan, 7}, {0, 0}, {5, -6}}
			records := run.Records(strings.Join(words, " "))
			if m.Input == Series {
				records = nil
				for _, x := range series {
					records = append(records, []tensor.Float{tensor.Float(x[0]), tensor.Float(x[1])})
				}
			}
			s := sm.New()
			for i, x := range records {
				y, err := sm.Step(t.Context(), s, nil, x)
				if err != nil {
					t.Fatal(err)
				}
				var all []Answer
				if m.Input == Series {
					all, err = m.PredictSeries(t.Context(), series[:i+1])
				} else {
					all, err = m.Predict(t.Context(), strings.Join(words[:i+1], " "))
				}
				if err != nil {
					t.Fatal(err)
				}
				want := all[0].Probabilities
				if m.Target == Steps {
					best := slices.Max(y)
					if got := m.Classes[slices.Index(y, best)]; got != all[0].Labels[i] || math.Abs(float64(best)-want[i]) > 1e-5 {
						t.Fatalf("step %d: %s by %v, want %s by %v", i, got, best, all[0].Labels[i], want[i])
					}
					continue
				}
				for k := range want {
					if math.Abs(float64(y[k])-want[k]) > 1e-5 {
						t.Fatalf("step %d: the probabilities are %v, want %v", i, y, want)
					}
				}
			}
		})
	}
}

// Rows that step together get the bits that they get alone.
func TestRunnerRows(t *testing.T) {
	m := forwards(t, func(c *Config) { c.Pool, c.NGrams = "mean+attention", 3 })
	run, err := m.Runner(rnn.Int8)
	if err != nil {
		t.Fatal(err)
	}
	together, alone := session.New(run, session.Options{}), session.New(run, session.Options{MaxBatch: 1})
	var all []session.Step
	var one []*session.Session
	for range 9 {
		all = append(all, session.Step{Session: together.New()})
		one = append(one, alone.New())
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 6 {
		for i := range all {
			all[i].X = []tensor.Float{tensor.Float(r.IntN(m.Size))}
		}
		if err := together.StepAll(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		for i := range all {
			y, err := alone.Step(t.Context(), one[i], nil, all[i].X)
			if err != nil || !slices.Equal(y, all[i].Y) {
				t.Fatalf("row %d: %v %v, want %v", i, err, all[i].Y, y)
			}
		}
	}
}

func TestRunnerRefuses(t *testing.T) {
	m := forwards(t, func(c *Config) { c.Bidirectional = true })
	if _, err := m.Runner(rnn.Single); !errors.Is(err, fault.Model) || !strings.Contains(err.Error(), "bidirectional=false") {
		t.Errorf("the error is %v", err)
	}
	texts := forwards(t, func(c *Config) { c.Tokens, c.Case = text.Words, true })
	series := forwards(t, func(c *Config) {
		c.Input, c.Pool, c.Embed, c.Tokens, c.NGrams, c.NGramMax, c.Case = Series, "mean", 0, "", 0, 0, false
	})
	for _, test := range []struct {
		m    *Model
		x    []tensor.Float
		want string
	}{
		{texts, []tensor.Float{tensor.Float(texts.Size), 0}, "is no token"},
		{texts, []tensor.Float{1, 4}, "is no case of a word"},
		{texts, []tensor.Float{tensor.Float(math.NaN()), 0}, "is no token"},
		{series, []tensor.Float{1, tensor.Float(math.NaN())}, "value 2 is missing"},
	} {
		run, err := test.m.Runner(rnn.Single)
		if err != nil {
			t.Fatal(err)
		}
		sm := session.New(run, session.Options{})
		s := sm.New()
		if _, err := sm.Step(t.Context(), s, nil, test.x); !errors.Is(err, fault.Data) || !strings.Contains(fmt.Sprint(err), test.want) {
			t.Errorf("%v: the error is %v, want %q", test.x, err, test.want)
		}
		if s.Steps() != 0 {
			t.Error("a step that failed counts")
		}
	}
}

// What pools are is part of what a state means.
func TestRunnerID(t *testing.T) {
	ids := map[[32]byte]string{}
	for _, pool := range []string{"mean", "max", "last"} {
		run, err := forwards(t, func(c *Config) { c.Pool = pool }).Runner(rnn.Single)
		if err != nil {
			t.Fatal(err)
		}
		if was, ok := ids[run.ID()]; ok {
			t.Errorf("pools %s and %s have one ID", was, pool)
		}
		ids[run.ID()] = pool
	}
}

func TestRunnerAllocates(t *testing.T) {
	if race.Enabled {
		t.Skip("a sync.Pool forgets at random under the race detector")
	}
	m := forwards(t, func(c *Config) { c.Pool, c.NGrams = "last+mean+max+attention+bag", 3 })
	run, err := m.Runner(rnn.Single)
	if err != nil {
		t.Fatal(err)
	}
	states := make([][]tensor.Float, len(run.StateSizes()))
	for i, n := range run.StateSizes() {
		states[i] = make([]tensor.Float, 2*n)
	}
	run.First(states)
	ctx, x, y := t.Context(), []tensor.Float{1, 2}, make([]tensor.Float, 2*run.Out())
	if n := testing.AllocsPerRun(50, func() {
		if err := run.Step(ctx, 2, x, y, states); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("a step allocates %v times", n)
	}
}
