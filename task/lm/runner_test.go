package lm

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/race"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/tensor"
)

// drawn is a model that has learnt nothing.
func drawn(t testing.TB, tied bool, kind text.Kind) *Model {
	t.Helper()
	cfg, err := Preset("char-small")
	if err != nil {
		t.Fatal(err)
	}
	codec, err := text.Learn(slices.Values([]string{"to be, or not to be", "that is the question"}), text.Options{Kind: kind})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Tokens, cfg.Hidden, cfg.Embed, cfg.Tied, cfg.Size = kind, 12, 12, tied, codec.Size()
	n, err := cfg.New(rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	return &Model{Config: *cfg, Codec: codec, net: n.(*net)}
}

// The text that sessions write, by a runner, is the one that Generate writes.
func TestRunnerGoesOnAsGenerate(t *testing.T) {
	for _, tied := range []bool{false, true} {
		m := drawn(t, tied, text.Chars)
		run, err := m.Runner(rnn.Single)
		if err != nil {
			t.Fatal(err)
		}
		sm := session.New(run, session.Options{})
		s := sm.New()
		step := func(id int) ([]tensor.Float, error) {
			return sm.Step(t.Context(), s, nil, []tensor.Float{tensor.Float(id)})
		}
		how := Sampling{Sampling: seq2seq.Sampling{Temperature: -1, Limit: 20}}
		var want, got strings.Builder
		if err := m.Generate(t.Context(), "to be", how, func(p string) bool { want.WriteString(p); return true }); err != nil {
			t.Fatal(err)
		}
		var last []tensor.Float
		noted := func(id int) ([]tensor.Float, error) {
			y, err := step(id)
			last = slices.Clone(y)
			return y, err
		}
		add := func(p string) bool { got.WriteString(p); return true }
		how.Limit = 8
		if err := m.Continue(t.Context(), "to be", nil, how, noted, add); err != nil {
			t.Fatal(err)
		}
		how.Limit = 12
		if err := m.Continue(t.Context(), "", last, how, noted, add); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Errorf("tied %v: two parts of a session write %q, want %q", tied, got.String(), want.String())
		}
		if s.Steps() != 5+20 {
			t.Errorf("the session has done %d steps, want 25", s.Steps())
		}
	}
}

// A token that there is not is an error of its row alone.
func TestRunnerWithBadToken(t *testing.T) {
	m := drawn(t, false, text.Chars)
	run, err := m.Runner(rnn.Int8)
	if err != nil {
		t.Fatal(err)
	}
	sm := session.New(run, session.Options{})
	steps := make([]session.Step, 5)
	bad := []tensor.Float{tensor.Float(m.Size), -1, 0.5}
	for i := range steps {
		steps[i] = session.Step{Session: sm.New(), X: []tensor.Float{3}}
	}
	copy(steps[1].X, bad)
	steps[2].X, steps[3].X = bad[1:2], bad[2:3]
	if err := sm.StepAll(t.Context(), steps); !errors.Is(err, fault.Data) {
		t.Errorf("the error is %v", err)
	}
	for i, s := range steps {
		if want := i == 0 || i == 4; (s.Err == nil) != want {
			t.Errorf("session %d: the error is %v", i, s.Err)
		}
	}
	if !slices.Equal(steps[0].Y, steps[4].Y) || len(steps[0].Y) != m.Size {
		t.Error("the rows beside bad ones differ")
	}
}

// An error of a step ends the text, and a text of words that goes on has its blank.
func TestContinue(t *testing.T) {
	m := drawn(t, false, text.Words)
	failed := errors.New("gone")
	if err := m.Continue(t.Context(), "to be", nil, Sampling{}, func(int) ([]tensor.Float, error) { return nil, failed }, func(string) bool { return true }); err != failed {
		t.Errorf("the error is %v", err)
	}
	scores := make([]tensor.Float, m.Size)
	scores[m.Codec.Encode("question")[0]] = 9
	var got strings.Builder
	how := Sampling{Sampling: seq2seq.Sampling{Temperature: -1, Limit: 2}}
	if err := m.Continue(t.Context(), "", scores, how, func(int) ([]tensor.Float, error) { return scores, nil }, func(p string) bool {
		got.WriteString(p)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	if got.String() != " question question" {
		t.Errorf("it goes on with %q", got.String())
	}
}

func TestRunnerAllocates(t *testing.T) {
	if race.Enabled {
		t.Skip("a sync.Pool forgets at random under the race detector")
	}
	m := drawn(t, true, text.Chars)
	run, err := m.Runner(rnn.Single)
	if err != nil {
		t.Fatal(err)
	}
	states := make([][]tensor.Float, len(run.StateSizes()))
	for i, n := range run.StateSizes() {
		states[i] = make([]tensor.Float, 4*n)
	}
	x, y := []tensor.Float{1, 2, 3, 4}, make([]tensor.Float, 4*run.Out())
	ctx := t.Context()
	if n := testing.AllocsPerRun(50, func() {
		if err := run.Step(ctx, 4, x, y, states); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("a step allocates %v times", n)
	}
}
