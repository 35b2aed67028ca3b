package caption

import (
	"context"
	"fmt"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
)

func init() { task.Register(caption{}) }

// caption is the package as a task.
type caption struct{}

func (caption) Name() string { return Name }

func (caption) Presets() []string { return Presets() }

func (caption) Config(preset string) (any, error) {
	if preset == "" {
		preset = Presets()[0]
	}
	return Preset(preset)
}

func (caption) Metric(cfg any) task.Metric {
	if c, ok := cfg.(*Config); ok {
		return c.metric()
	}
	return task.Metric{Name: "loss"}
}

func (caption) Space(cfg any) map[string]task.Range {
	space := map[string]task.Range{
		"rate":    {Min: 5e-4, Max: 1e-2, Log: true},
		"dropout": {Min: 0, Max: 0.6},
		"hidden":  {Values: []any{64, 96, 128, 192}},
	}
	if c, ok := cfg.(*Config); ok && c.Attention != "" {
		space["attention"] = task.Range{Values: []any{seq2seq.General, seq2seq.Additive, seq2seq.Dot}}
	}
	return space
}

func (caption) Fit(ctx context.Context, cfg any, d task.Data, o task.Options) (task.Model, error) {
	c, ok := cfg.(*Config)
	if !ok {
		return nil, fmt.Errorf("caption: a config is a *caption.Config, not a %T", cfg)
	}
	return Fit(ctx, *c, d, o)
}

func (caption) Load(path string) (task.Model, error) { return Load(path) }

// Evaluate scores the model on files, read as Fit does.
func (m *Model) Evaluate(ctx context.Context, files ...string) (*task.Result, error) {
	if isDigits(files) {
		p, err := readPool(files)
		if err != nil {
			return nil, err
		}
		if !m.ofStrips() || p.height*m.Window != m.Width || len(p.images) < m.StripMin {
			return nil, &data.Error{File: files[0], Reason: fmt.Sprintf("holds %d digits %d pixels high, and the model has not learnt from such", len(p.images), p.height), Hint: "evaluate it on data of the kind that it was trained on"}
		}
		return m.result(ctx, m.fixedStrips(p))
	}
	all, err := readWhole(files, m.Columns)
	if err != nil {
		return nil, err
	}
	return m.result(ctx, all)
}

// Report implements task.Reporter.
func (m *Model) Report(ctx context.Context) (*task.Result, error) { return m.result(ctx, m.valid) }
