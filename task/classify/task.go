package classify

import (
	"context"
	"fmt"

	"github.com/recur-go/recur/task"
)

func init() { task.Register(classifier{}) }

// classifier is the package as a task.
type classifier struct{}

func (classifier) Name() string { return Name }

func (classifier) Presets() []string { return Presets() }

func (classifier) Config(preset string) (any, error) {
	if preset == "" {
		preset = Presets()[0]
	}
	return Preset(preset)
}

func (classifier) Metric(cfg any) task.Metric {
	name := "accuracy"
	if c, ok := cfg.(*Config); ok {
		name = c.metric()
	}
	return task.Metric{Name: name, Maximise: true}
}

func (classifier) Space(cfg any) map[string]task.Range {
	space := map[string]task.Range{
		"rate":    {Min: 5e-4, Max: 8e-3, Log: true},
		"dropout": {Min: 0, Max: 0.6},
		"hidden":  {Values: []any{64, 128, 192}},
		"layers":  {Min: 1, Max: 2, Whole: true},
	}
	if c, ok := cfg.(*Config); ok && c.Input == Text {
		space["drop_input"] = task.Range{Min: 0, Max: 0.6}
		space["drop_word"] = task.Range{Min: 0, Max: 0.2}
	} else {
		space["noise"] = task.Range{Min: 0, Max: 0.3}
	}
	return space
}

func (classifier) Fit(ctx context.Context, cfg any, d task.Data, o task.Options) (task.Model, error) {
	c, ok := cfg.(*Config)
	if !ok {
		return nil, fmt.Errorf("classify: a config is a *classify.Config, not a %T", cfg)
	}
	return Fit(ctx, *c, d, o)
}

func (classifier) Load(path string) (task.Model, error) { return Load(path) }
