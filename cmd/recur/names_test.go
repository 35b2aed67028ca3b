package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/caption"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/esrnn"
	"github.com/recur-go/recur/task/forecast/probabilistic"
	"github.com/recur-go/recur/task/forecast/segrnn"
	"github.com/recur-go/recur/task/recipe"
)

// The names of tensors are the format of model files: another name needs another version of
// the format. testdata/tensors.golden has those of every preset of every task; UPDATE_NAMES=1
// writes it anew.
func TestNamesOfTensors(t *testing.T) {
	// What reading the data finds out.
	found := map[string]map[string]any{
		"classify":  {"size": 9, "classes": []string{"a", "b"}, "width": 3, "ngram_count": 5},
		"generate":  {"size": 9},
		"translate": {"source_size": 9, "target_size": 9},
		"caption":   {"size": 9, "acts": 2, "slots": 4},
		"music":     {},
	}
	configs := map[string]model.Config{
		"forecast small":  &forecast.Config{Nets: 1},
		"forecast esrnn":  &esrnn.Config{Nets: 1, Series: 1},
		"forecast qrnn":   &probabilistic.Config{Nets: 1, Output: probabilistic.Quantile},
		"forecast deepar": &probabilistic.Config{Nets: 1, Output: probabilistic.Student, Autoregressive: true},
		"forecast segmix": &segrnn.Config{Mix: true, Channels: 1},
		"forecast segrnn": &segrnn.Config{Channels: 1},
	}
	for name, settings := range found {
		tk, err := task.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, preset := range tk.Presets() {
			cfg, err := tk.Config(preset)
			if err == nil {
				err = recipe.Override(cfg, settings)
			}
			if c, ok := cfg.(*caption.Config); ok && strings.HasPrefix(preset, "strips") {
				c.Width = 28 * c.Columns
			}
			if err != nil {
				t.Fatal(err)
			}
			configs[name+" "+preset] = cfg.(model.Config)
		}
	}
	var got bytes.Buffer
	seen := []string{"graph"} // whose names are those of the imported model
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		m, err := model.New(configs[name], nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		seen = append(seen, m.Kind())
		fmt.Fprintln(&got, name)
		for _, p := range nn.Params(m.Net) {
			fmt.Fprintln(&got, "\t"+p.Name)
		}
	}
	for _, kind := range model.Kinds() {
		if !slices.Contains(seen, kind) {
			t.Errorf("there is no model of kind %s in the test", kind)
		}
	}
	const golden = "testdata/tensors.golden"
	if os.Getenv("UPDATE_NAMES") != "" {
		if err := os.WriteFile(golden, got.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("names of tensors are not those of %s: raise the version of the format, or give them back their names\n%s", golden, got.Bytes())
	}
}
