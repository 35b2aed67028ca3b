package caption

import (
	"context"
	"fmt"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
)

func init() {
	task.Register(task.Of[Config, *Model]{
		Name: Name, Presets: Presets, About: about, Preset: Preset, Read: (*Config).tryFiles, Fit: Fit, Load: Load,
		Metric: (*Config).metric, Space: (*Config).space,
	}.Task())
}

func (c *Config) space() map[string]task.Range {
	space := map[string]task.Range{
		"rate":    {Min: 5e-4, Max: 1e-2, Log: true},
		"dropout": {Min: 0, Max: 0.6},
		"hidden":  {Values: []any{64, 96, 128, 192}},
	}
	if c.Attention != "" {
		space["attention"] = task.Range{Values: []any{seq2seq.General, seq2seq.Additive, seq2seq.Dot}}
	}
	return space
}

// tryFiles reads files as Evaluate does.
func (c *Config) tryFiles(files []string) error {
	if isDigits(files) {
		_, err := readPool(files)
		return err
	}
	_, err := readWhole(files, c.ColumnNames)
	return err
}

// Evaluate scores the model on files, read as Fit does.
func (m *Model) Evaluate(ctx context.Context, files ...string) (*task.Result, error) {
	if isDigits(files) {
		p, err := readPool(files)
		if err != nil {
			return nil, err
		}
		if !m.ofStrips() || p.height*m.Columns != m.Width || len(p.images) < m.StripMin {
			return nil, &data.Error{File: files[0], Reason: fmt.Sprintf("has %d digits %d pixels high, unlike the training data", len(p.images), p.height), Hint: "evaluate on data like the training data"}
		}
		return m.result(ctx, m.fixedStrips(p))
	}
	all, err := readWhole(files, m.ColumnNames)
	if err != nil {
		return nil, err
	}
	return m.result(ctx, all)
}

// Report implements task.Reporter.
func (m *Model) Report(ctx context.Context) (*task.Result, error) { return m.result(ctx, m.valid) }
