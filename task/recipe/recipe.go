// Package recipe writes down a training run, so that it can be repeated to the bit: the
// task, its config and its files, in TOML or JSON.
//
//	version = 2
//	task = "generate"
//	preset = "char-small"
//
//	[data]
//	train = ["shakespeare.txt"]
//
//	[config]
//	epochs = 5
//	seed = 2
//
//	[space] # of recur search
//	rate = {min = 1e-4, max = 1e-2, log = true}
//	hidden = {values = [128, 256]}
package recipe

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/atomicfile"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/task"
)

// Version is that of recipes: what their settings are called and mean.
const Version = 2

// File is the name of the recipe that a run leaves beside its model.
const File = "recipe.json"

// A Recipe is a run. Config overrides the settings of the preset.
type Recipe struct {
	Version int `json:"version" toml:"version"`

	Task   string         `json:"task" toml:"task"`
	Preset string         `json:"preset,omitempty" toml:"preset,omitempty"`
	Data   task.Data      `json:"data" toml:"data"`
	Config map[string]any `json:"config,omitempty" toml:"config,omitempty"`

	SHA256 []string `json:"sha256,omitempty" toml:"sha256,omitempty"` // checksums of Data.Files, by Sum

	Space map[string]task.Range `json:"space,omitempty" toml:"space,omitempty"` // space of recur search; a run does not look at it
}

// Read reads a recipe from a file, TOML if its name ends so and else JSON. Files of its
// data that are not absolute are beside it.
func Read(path string) (*Recipe, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(Recipe)
	if strings.EqualFold(filepath.Ext(path), ".toml") {
		err = decodeTOML(b, r)
	} else {
		err = decodeJSON(b, r)
	}
	if err != nil {
		return nil, fault.Errorf(fault.Usage, "%s: %w", path, err)
	}
	if r.Version != Version {
		return nil, fault.Errorf(fault.Usage, "%s: %s", path, wrongVersion(r.Version))
	}
	if r.Task == "" {
		return nil, fault.Errorf(fault.Usage, "%s: it names no task; tasks are %s", path, strings.Join(task.Names(), ", "))
	}
	r.Data, err = moved(r.Data, func(file string) (string, error) { return filepath.Join(filepath.Dir(path), file), nil })
	return r, err
}

func wrongVersion(v int) string {
	if v > Version {
		return fmt.Sprintf("it is a recipe of version %d, written by a newer recur; this one reads version %d", v, Version)
	}
	is := "it is a recipe of version 1"
	if v == 0 {
		is = "it names no version, like a recipe of version 1"
	}
	return fmt.Sprintf("%s, but this recur reads version %d, whose settings have other names and meanings: update them, and set version = %d", is, Version, Version)
}

// moved is d with another path for each of its files that is not absolute.
func moved(d task.Data, to func(file string) (string, error)) (m task.Data, err error) {
	for _, s := range []struct {
		from []string
		to   *[]string
	}{{d.Train, &m.Train}, {d.Valid, &m.Valid}, {d.Test, &m.Test}} {
		for _, f := range s.from {
			if !filepath.IsAbs(f) && f != data.Stdin {
				if f, err = to(f); err != nil {
					return d, err
				}
			}
			*s.to = append(*s.to, f)
		}
	}
	return m, nil
}

// Settings returns the task and the config that the recipe is for, whole.
func (r *Recipe) Settings() (task.Task, any, error) {
	t, err := task.Find(r.Task)
	if err != nil {
		return nil, nil, err
	}
	cfg, err := t.Config(r.Preset)
	if err != nil {
		return nil, nil, err
	}
	return t, cfg, Override(cfg, r.Config)
}

// New is the recipe of a run with all its settings, so that it does not change when a
// preset does. Where presets have settings of their own, a config has a method
// PresetName() string.
func New(t task.Task, cfg any, d task.Data) (*Recipe, error) {
	_, settings, err := settings(cfg)
	r := &Recipe{Version: Version, Task: t.Name(), Data: d, Config: settings}
	if of, ok := cfg.(interface{ PresetName() string }); ok {
		r.Preset = of.PresetName()
	}
	return r, err
}

// Write replaces the file at path by the recipe as JSON, with the files of its data as
// seen from there.
func (r *Recipe) Write(path string) error {
	from, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return err
	}
	there := *r
	there.Data, err = moved(r.Data, func(file string) (string, error) {
		abs, err := filepath.Abs(file)
		if err != nil {
			return "", err
		}
		if rel, err := filepath.Rel(from, abs); err == nil {
			return filepath.ToSlash(rel), nil
		}
		return abs, nil // on another drive
	})
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(there)
	})
}

// Override changes settings of cfg, a pointer to a struct, by their JSON names. What cfg
// does not have is an error that names what is near.
func Override(cfg any, by map[string]any) error {
	has, _, err := settings(cfg)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		if !slices.Contains(has, name) {
			return setting.Unknown("setting", name, has)
		}
	}
	b, err := json.Marshal(by)
	if err != nil {
		return fault.As(fault.Usage, setting.JSONError(nil, err)) // a NaN, which TOML has
	}
	if err := json.Unmarshal(b, cfg); err != nil {
		if name, problem, ok := setting.Takes(err); ok {
			return fault.Errorf(fault.Usage, "setting %s %s", name, problem)
		}
		return fault.As(fault.Usage, err)
	}
	return nil
}

// Set is Override of one setting, whose value is text: JSON, or a string as it stands.
func Set(cfg any, name, value string) error {
	v, err := exactly([]byte(value))
	if err != nil {
		v = value
	}
	if err = Override(cfg, map[string]any{name: v}); err == nil {
		return nil
	}
	if _, isText := v.(string); !isText { // it may be a text that reads like a number
		if Override(cfg, map[string]any{name: value}) == nil {
			return nil
		}
	}
	return err
}
