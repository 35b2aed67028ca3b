package tasks_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/tasks"
	"github.com/recur-go/recur/session"
)

// Files of all kinds become models with sessions, or without if they need the whole sequence,
// and then they tell why.
func TestOpen(t *testing.T) {
	for _, test := range []struct {
		file      string
		sessions  bool
		in, out   string
		stateless string
	}{
		{writerFile(), true, "ids", "scores", ""},
		{readerFile(), true, "ids", "probabilities", ""},
		{tagsFile(), true, "ids cases", "probabilities", ""},
		{seriesFile(), true, "x", "probabilities", ""},
		{salesFile(), true, "value", "forecast", ""},
		{netFile(), true, "x", "out", ""},
		{bothFile(), false, "text", "label probabilities", "bidirectional=false"},
		{mirrorFile(), false, "x", "", "whole sequence"},
		{spellerFile(), false, "text", "translation", "whole sentence"},
		{guideFile(), false, "text", "caption", "at once"},
		{playerFile(), false, "keys", "next", "key by key"},
	} {
		m := open(t, test.file, tasks.Options{Window: 24})
		if err := serve.New(serve.Options{}).Add(m); err != nil {
			t.Error(err)
		}
		var in, out []string
		for _, v := range m.Inputs {
			in = append(in, v.Name)
		}
		for _, v := range m.Outputs {
			out = append(out, v.Name)
		}
		if (m.Sessions != nil) != test.sessions || strings.Join(in, " ") != test.in || !strings.HasPrefix(strings.Join(out, " "), test.out) {
			t.Errorf("%s: sessions %v, takes %v, gives %v", m.Name, m.Sessions != nil, in, out)
		}
		if !strings.Contains(m.Stateless, test.stateless) || (m.Stateless == "") != test.sessions {
			t.Errorf("%s has no sessions since %q, want %q", m.Name, m.Stateless, test.stateless)
		}
		if want := strings.TrimSuffix(filepath.Base(test.file), ".safetensors"); m.Name != want {
			t.Errorf("the name is %q, want %q", m.Name, want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "model.txt")
	if err := os.WriteFile(bad, []byte("no model"), 0o666); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		bad:                                   "not a model file",
		filepath.Join(t.TempDir(), "nothing"): "no such file",
	} {
		if _, err := tasks.Open(path, tasks.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}

// A file that has no name of its own has that of its folder.
func TestOpenNames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "films")
	b, err := os.ReadFile(netFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "model.safetensors")
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	if m := open(t, path, tasks.Options{}); m.Name != "films" {
		t.Errorf("the name is %q, want films", m.Name)
	}
	if m := open(t, path, tasks.Options{Name: "a", Version: "3"}); m.Name != "a" || m.Version != "3" {
		t.Errorf("it is version %s of %q", m.Version, m.Name)
	}
}

// The options reach the sessions and their steps, and both are told of batches.
func TestOpenOptions(t *testing.T) {
	told := 0
	m := open(t, netFile(), tasks.Options{
		Table: session.TableOptions{Max: 1},
		Batch: session.Options{OnBatch: func(session.Batch) { told++ }},
	})
	ctx := t.Context()
	if _, err := m.Sessions.Step(ctx, "a", 0, nil, make([]serve.Float, 3)); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Sessions.Step(ctx, "b", 0, nil, make([]serve.Float, 3)); err == nil {
		t.Error("there are two sessions, but the maximum is 1")
	}
	if told != 1 || m.Stats().ExecutionCount != 1 {
		t.Errorf("%d batches were told of, %d counted", told, m.Stats().ExecutionCount)
	}
}

// Models without sessions answer requests of the protocol with whole sequences.
func TestInfer(t *testing.T) {
	ctx := context.Background()
	texts := serve.Value{Name: "text", Datatype: serve.BYTES, Shape: []int64{2}}
	for _, s := range []string{"the film is good", "the film is bad"} {
		texts.Data = serve.AppendString(texts.Data, s)
	}
	m := open(t, bothFile(), tasks.Options{})
	out, err := m.Infer(ctx, []serve.Value{texts})
	if err != nil {
		t.Fatal(err)
	}
	labels, _ := out[0].Strings()
	if string(labels[0]) != "good" || string(labels[1]) != "bad" || !slices.Equal(out[1].Shape, []int64{2, 2}) {
		t.Errorf("the labels are %q, the probabilities of shape %v", labels, out[1].Shape)
	}
	x := serve.FloatValue("x", []int64{1, 5, 3}, make([]serve.Float, 15))
	m = open(t, mirrorFile(), tasks.Options{})
	if out, err = m.Infer(ctx, []serve.Value{x}); err != nil || !slices.Equal(out[0].Shape, []int64{1, 5, 8}) {
		t.Errorf("%v, %v", out, err)
	}
	numbers := serve.Value{Name: "text", Datatype: serve.BYTES, Shape: []int64{1}, Data: serve.AppendString(nil, "12")}
	m = open(t, spellerFile(), tasks.Options{})
	if out, err = m.Infer(ctx, []serve.Value{numbers}); err != nil || out[0].Shape[0] != 1 {
		t.Errorf("%v, %v", out, err)
	}
	m = open(t, guideFile(), tasks.Options{})
	if _, err = m.Infer(ctx, []serve.Value{numbers}); serve.AsError(err).Class != serve.Invalid {
		t.Errorf("12 is no meaning, but the error is %v", err)
	}
	m = open(t, playerFile(), tasks.Options{})
	keys := serve.FloatValue("keys", []int64{1, 88}, make([]serve.Float, 88))
	if out, err = m.Infer(ctx, []serve.Value{keys}); err != nil || !slices.Equal(out[0].Shape, []int64{64, 88}) {
		t.Errorf("%v", err)
	}
}

// A session of each value of a series gives forecasts.
func TestForecastBySession(t *testing.T) {
	m := open(t, salesFile(), tasks.Options{Window: 24})
	var y []serve.Float
	var err error
	for i := range 30 {
		if y, err = m.Sessions.Step(t.Context(), "shop", 0, nil, []serve.Float{serve.Float(100 + i)}); err != nil {
			t.Fatal(err)
		}
	}
	if len(y) != 6*7 || math.Abs(float64(y[0])-130) > 20 {
		t.Errorf("the forecast is %v", y)
	}
}

// What a model refuses of a step is the client's to know, and does not change the session.
func TestRefusedSteps(t *testing.T) {
	s := newSite(t, serve.Options{}, salesFile(), writerFile())
	for _, test := range []struct{ model, good, bad, text string }{
		{"sales", "112", "1e38", "larger than 1e30"},
		{"writer", "1", "1e6", "is no token"},
		{"writer", "1", "0.5", "is no token"},
	} {
		path := "/v2/models/" + test.model + "/sessions/" + test.bad + "/steps"
		if code, b := s.ask("POST", path, `{"x": [`+test.good+`]}`); code != 200 {
			t.Fatalf("%s: %d %s", path, code, b)
		}
		if code, b := s.ask("POST", path, `{"x": [`+test.bad+`]}`); code != 400 || !strings.Contains(b, test.text) {
			t.Errorf("%s: %d %s, want 400 and %q", path, code, b, test.text)
		}
		if code, b := s.ask("POST", path, `{"x": [`+test.good+`]}`); code != 200 || !strings.Contains(b, `"steps":2`) {
			t.Errorf("%s: %d %s after what was refused", path, code, b)
		}
	}
}
