package lm

import (
	"context"
	"fmt"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
)

func init() {
	task.Register(task.Of[Config, *Model]{
		Name: Name, Presets: Presets, About: about, Preset: Preset, Read: (*Config).tryFiles, Fit: Fit, Load: Load,
		Metric: func(*Config) task.Metric { return task.Metric{Name: "loss"} }, Space: func(*Config) map[string]task.Range {
			return map[string]task.Range{
				"rate":    {Min: 5e-4, Max: 8e-3, Log: true},
				"dropout": {Min: 0, Max: 0.6},
				"hidden":  {Values: []any{128, 256, 512}},
				"layers":  {Min: 1, Max: 3, Whole: true},
			}
		},
	}.Task())
}

// tryFiles reads files as Evaluate does.
func (*Config) tryFiles(files []string) (err error) {
	chars := 0
	for line := range fromFiles(files)(&err) {
		chars += len(line)
	}
	if err == nil && chars == 0 {
		err = &data.Error{File: strings.Join(files, ", "), Reason: "has no text to test on", Hint: "give more text"}
	}
	return err
}

// Evaluate scores the model on text files.
func (m *Model) Evaluate(ctx context.Context, files ...string) (*task.Result, error) {
	c, err := read(fromFiles(files), m.Codec, m.Lines)
	if err != nil {
		return nil, err
	}
	if len(c.ids) < 2 {
		return nil, &data.Error{File: strings.Join(files, ", "), Reason: fmt.Sprintf("has %d tokens, too few to predict one from another", len(c.ids)), Hint: "give more text"}
	}
	return m.result(ctx, c)
}

// Report implements task.Reporter.
func (m *Model) Report(ctx context.Context) (*task.Result, error) { return m.result(ctx, m.valid) }

func (m *Model) result(ctx context.Context, c corpus) (*task.Result, error) {
	scores, err := m.score(ctx, c)
	if err != nil {
		return nil, err
	}
	r := &task.Result{Scores: scores}
	r.Text = fmt.Sprintf("%d tokens: perplexity %.2f, %.3f nats and %.3f bits for each character\n", len(c.ids), scores["perplexity"], scores["nats_per_char"], scores["bits_per_char"])
	part := task.Part{Title: "What it writes", Head: []string{"temperature", "text"}}
	limit := 300
	if m.Codec.Kind != text.Chars && m.Codec.Kind != text.Jamo {
		limit = 80
	}
	for _, heat := range []float64{0.5, 0.8, 1} {
		var b strings.Builder
		err := m.Generate(ctx, "", Sampling{Sampling: seq2seq.Sampling{Temperature: heat, Limit: limit, Seed: m.Seed}}, func(piece string) bool {
			b.WriteString(piece)
			return true
		})
		if err != nil {
			return nil, err
		}
		part.Rows = append(part.Rows, []string{fmt.Sprint(heat), b.String()})
	}
	surprises, err := m.surprisals(ctx, c.ids)
	r.Parts = append(r.Parts, part, surprises)
	return r, err
}
