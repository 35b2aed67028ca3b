package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/recur-go/recur/task/recipe"
)

// trainFlags are those that all commands that train share.
type trainFlags struct {
	preset              string
	set                 []string
	valid, test         []string
	epochs              int
	seed                uint64
	out                 string
	resume, force, json bool

	base    string         // name of the folder in recur-out; if empty, by task and file
	repeats *recipe.Recipe // of the run that is repeated; nil for none
}

// bind declares those of training in one set, and those that using a model has too in another.
func (f *trainFlags) bind(training, both *pflag.FlagSet, presets string) {
	training.StringVar(&f.preset, "preset", "", "`preset` to start from: "+presets)
	training.StringArrayVar(&f.set, "set", nil, "change a setting, `NAME=VALUE`, such as hidden=256; may be repeated; recipe.json beside a model lists all settings")
	training.StringSliceVar(&f.valid, "valid", nil, "`files` to validate on (default a part of the training data)")
	training.StringSliceVar(&f.test, "test", nil, "`files` to score the trained model on")
	training.IntVar(&f.epochs, "epochs", 0, "epochs to train (default by preset)")
	training.BoolVar(&f.resume, "resume", false, "continue a run that was stopped")
	both.Uint64Var(&f.seed, "seed", 1, "seed; the same seed gives the same results")
	both.BoolVar(&f.json, "json", false, "print JSON instead of text")
	f.bindOut(training)
}

// bindOut declares those of a folder of results.
func (f *trainFlags) bindOut(flags *pflag.FlagSet) {
	flags.StringVar(&f.out, "out", "", "`folder` for the results (default a new one in recur-out)")
	flags.BoolVar(&f.force, "force", false, "replace what an earlier run left in --out")
}

// A settingFlag is a flag that changes a setting of a task's config.
type settingFlag struct {
	flag    string
	setting string // name of the setting; that of the flag if empty
}

func (s settingFlag) name() string {
	if s.setting != "" {
		return s.setting
	}
	return strings.ReplaceAll(s.flag, "-", "_")
}

// commonSettings are the flags of all tasks that change a setting.
var commonSettings = []settingFlag{{flag: "epochs"}, {flag: "seed"}}

// A settingValue is a pflag.Value whose setting is not its text.
type settingValue interface {
	Setting() (any, error)
}

// override changes the settings of cfg that --set and other flags name.
func (f *trainFlags) override(cfg any, flags *pflag.FlagSet, settings ...settingFlag) error {
	for _, s := range f.set {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return usage("--set takes NAME=VALUE, not %q", s)
		}
		if err := recipe.Set(cfg, name, value); err != nil {
			return usage("--set %s: %v", s, err)
		}
		if err := noDefault(cfg, name, value); err != nil {
			return usage("--set %s: %v", s, err)
		}
	}
	if flags.Changed("epochs") && f.epochs < 0 {
		return usage("--epochs is %d, want at least 1", f.epochs)
	}
	return overrideByFlags(cfg, flags, slices.Concat(commonSettings, settings))
}

// noDefault is an error for a 0 that is given for a setting of which 0 stands for the default.
func noDefault(cfg any, name, value string) error {
	c, ok := cfg.(interface{ Zero(name string) bool })
	if v, err := strconv.ParseFloat(value, 64); !ok || err != nil || v != 0 || c.Zero(name) {
		return nil
	}
	return fmt.Errorf("%s is %s, want more than 0; leave it out for the default", name, value)
}

// overrideByFlags changes the settings of cfg whose flags were given.
func overrideByFlags(cfg any, flags *pflag.FlagSet, settings []settingFlag) error {
	for _, s := range settings {
		f := flags.Lookup(s.flag)
		if f == nil || !f.Changed {
			continue
		}
		name := s.name()
		var err error
		switch v := f.Value.(type) {
		case settingValue:
			var value any
			if value, err = v.Setting(); err == nil {
				err = recipe.Override(cfg, map[string]any{name: value})
			}
		case pflag.SliceValue:
			err = recipe.Override(cfg, map[string]any{name: v.GetSlice()})
		default:
			if err = recipe.Set(cfg, name, v.String()); err == nil {
				err = noDefault(cfg, name, v.String())
			}
		}
		if err != nil {
			return usage("--%s: %v", s.flag, err)
		}
	}
	return nil
}
