package classify

import (
	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/task"
)

func init() {
	task.Register(task.Of[Config, *Model]{
		Name: Name, Presets: Presets, About: about, Preset: Preset, Read: (*Config).tryFiles, Fit: Fit, Load: Load,
		Metric: (*Config).metric, Space: (*Config).space,
	}.Task())
}

// tryFiles reads files as Evaluate does.
func (c *Config) tryFiles(files []string) error {
	for _, err := range labelled.Read(files, c.Reading()) {
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) space() map[string]task.Range {
	space := map[string]task.Range{
		"rate":    {Min: 5e-4, Max: 8e-3, Log: true},
		"dropout": {Min: 0, Max: 0.6},
		"hidden":  {Values: []any{64, 128, 192}},
		"layers":  {Min: 1, Max: 2, Whole: true},
	}
	if c.Input == Text {
		space["dropout_input"] = task.Range{Min: 0, Max: 0.6}
		space["dropout_word"] = task.Range{Min: 0, Max: 0.2}
	} else {
		space["noise"] = task.Range{Min: 0, Max: 0.3}
	}
	return space
}
